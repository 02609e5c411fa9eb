// What the parts of the policy language's table share.
#pragma once

#include <cstddef>
#include <string_view>

#include "policy/schema.h"

namespace landwaiter::policy {

// Bounds: they keep the estimated cost of the CEL rules in crds/scanpolicies.yaml within the API
// server's budget, which counts every list at its longest. The object as a whole is bounded by what
// the API server takes (kMaxPolicyBytes).
inline constexpr std::size_t kMaxPattern = 512;  // as long as the longest reference
inline constexpr std::size_t kMaxPatterns = 64;
inline constexpr std::size_t kMaxId = 128;
inline constexpr std::size_t kMaxRuleName = 63;

/// Package types that policies may name: purl's, of all that the scanner knows.
inline constexpr std::string_view kTypes[] = {
    "deb",       "apk",      "rpm",   "npm",   "pypi", "golang", "alpm", "bitnami", "cargo",
    "cocoapods", "composer", "conan", "conda", "cran", "ebuild", "gem",  "generic", "hackage",
    "hex",       "luarocks", "maven", "nuget", "opkg", "otp",    "pub",  "swift"};

}  // namespace landwaiter::policy
