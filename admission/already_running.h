// What ran in a namespace before it turned bad is let in there again, for a time (alreadyRunning of
// a ScanPolicy; docs/adr/0017).
#pragma once

#include <string>

#include "admission/decide.h"

namespace landwaiter::admission {

/// Turns a denial for what is in the image into a warning that says why and until when, where the
/// policy allows it, `row` has a record of `ns`, and its time is not over. `row`: the policy's own,
/// under its uid; what it says of the image is in `judgement`. Nothing else is ever excused: not
/// the rules of names, not what could not be decided.
void LetInAsRunning(const policy::ScanPolicy& policy, const resources::PolicyStatus& row,
                    const std::string& ns, TimePoint now, Judgement& judgement);

}  // namespace landwaiter::admission
