// Package names as each ecosystem compares them.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::advisories {

/// PyPI: PEP 503 (lower case, runs of "-_." are one "-"). NuGet and Packagist: lower case. All
/// others compare names exactly.
std::string NormalizeName(std::string_view ecosystem, std::string_view name);

}  // namespace landwaiter::advisories
