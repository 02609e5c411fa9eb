// The order of Go's module versions. Inside this room only.
#pragma once

#include <string_view>

namespace landwaiter::packages {

/// True where `a` is older than `b`: Semantic Versioning 2.0.0, 11 "Precedence", behind a 'v'
/// (golang.org/x/mod/semver, Compare). Build metadata does not count; what is no version is older
/// than any.
bool IsOlderGoVersion(std::string_view a, std::string_view b);

}  // namespace landwaiter::packages
