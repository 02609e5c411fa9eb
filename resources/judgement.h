// Which of a policy's judgements of one content holds for one name of it.
#pragma once

#include <string_view>

#include "lib/base/clock.h"
#include "model/image_reference.h"
#include "policy/policy.h"
#include "resources/image_scan.h"

namespace landwaiter::resources {

/// The mildest of the row and its excused judgements whose exceptions all count for `reference` in
/// the namespace `ns` ("": none in particular) at `now`; `policy` is of the row's generation, with
/// the ScanExceptions that it takes now. Null where none does: an exception that the row
/// rests on has ended since, and the controller has to judge again.
const PolicyStatus* JudgementFor(const PolicyStatus& row, const policy::ScanPolicy& policy,
                                 const ImageReference& reference, std::string_view ns,
                                 TimePoint now);

}  // namespace landwaiter::resources
