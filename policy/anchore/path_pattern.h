// Python's regular expressions over paths, as far as a glob says the same.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::policy::anchore {

/// `regex` as re.match() takes it (anchored at the beginning alone) over absolute paths → a glob
/// over paths without a leading '/'. False where no glob says the same.
bool RegexAsGlob(std::string_view regex, std::string& glob);

}  // namespace landwaiter::policy::anchore
