// The policy language for people, from the same table that the reader checks against.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::policy {

/// All fields with type, default, values and help; or those below `path`, written as in a policy:
/// "match", "rules.vulnerabilities.packages". Errors: NotFound naming what stands there instead.
Result<std::string> ExplainPolicy(std::string_view path);

}  // namespace landwaiter::policy
