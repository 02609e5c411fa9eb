// Names and keys of the tables in the LMDB file. A change here is a change of kFormatVersion, but
// for a table more that readers do without: earlier programs do not look for it, and databases of
// theirs lack it.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::advisories {

inline constexpr const char* kAffectedTable = "affected";     // ecosystem NUL package NUL
inline constexpr const char* kAdvisoryTable = "advisories";   // advisory
inline constexpr const char* kNameTable = "names";            // id, alias or upstream NUL advisory
inline constexpr const char* kCveTable = "cves";              // CVE → CveFacts
inline constexpr const char* kLifecycleTable = "lifecycles";  // product NUL release
inline constexpr const char* kRepositoryTable = "repositories";  // repository → CPEs
/// ecosystem NUL binary package NUL → source packages; may be missing
inline constexpr const char* kBinaryTable = "binaries";

inline std::string KeyPrefix(std::string_view first) { return std::string(first) + '\0'; }
inline std::string KeyPrefix(std::string_view first, std::string_view second) {
  return KeyPrefix(first) + std::string(second) + '\0';
}

}  // namespace landwaiter::advisories
