// Bounds that all feeds share.
#pragma once

#include <cstddef>

namespace landwaiter::advisories {

/// LMDB's keys hold 511 bytes: ecosystem, package and id with a NUL between them.
inline constexpr std::size_t kMaxEcosystemBytes = 64;
inline constexpr std::size_t kMaxPackageBytes = 300;
inline constexpr std::size_t kMaxIdBytes = 128;
/// Events and exact versions of one package: the longest histories have some 10,000.
inline constexpr std::size_t kMaxVersions = 100'000;
/// Other names of one record: a kernel update covers some 500 CVEs.
inline constexpr std::size_t kMaxNames = 10'000;

}  // namespace landwaiter::advisories
