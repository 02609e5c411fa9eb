// What an inventory's fields may hold, whichever form it comes in: whoever says it has read hostile
// bytes. Included by the two codecs only.
#pragma once

#include <cstddef>

namespace landwaiter::bounds {

inline constexpr std::size_t kPlatforms = 64;   // an index of an image with every architecture: ~20
inline constexpr std::size_t kLayers = 127;     // overlayfs' own limit, and Docker's
inline constexpr std::size_t kCoverage = 4096;  // one line a source and broken file
inline constexpr std::size_t kRepositories = 1024;  // Red Hat images name some 10
inline constexpr std::size_t kHistory = 4096;
inline constexpr std::size_t kLicenses = 64;
inline constexpr std::size_t kConfigItems = 65536;  // a configuration has 4 MiB at most

// Texts, in bytes.
inline constexpr std::size_t kWord = 64;        // types, architectures, names of sources
inline constexpr std::size_t kPlatform = 128;   // os/architecture/variant
inline constexpr std::size_t kSource = 128;     // of coverage: "advisories-TYPE"
inline constexpr std::size_t kDigest = 160;     // sha512 has 135
inline constexpr std::size_t kShort = 256;      // media types, fields of os-release
inline constexpr std::size_t kName = 1024;      // names and versions: versions::kMaxVersionBytes
inline constexpr std::size_t kText = 8192;      // paths (PATH_MAX 4096), purls, reasons
inline constexpr std::size_t kLong = 1u << 20;  // history lines and variables of a configuration

}  // namespace landwaiter::bounds
