// Reads CISA's Known Exploited Vulnerabilities catalogue (known_exploited_vulnerabilities.json;
// schema: cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::advisories {

/// The catalogue of 2025 has 1 MB and 1,404 entries.
inline constexpr std::size_t kMaxKevBytes = 64u << 20;
inline constexpr std::size_t kMaxKevEntries = 200'000;

struct KevCatalogue {
  std::string released;                           // "" where it does not say
  std::map<std::string, std::string> date_added;  // by CVE id
};

/// Errors: InvalidArgument naming the field; a catalogue without entries, or with another number
/// than its `count` says, is one too.
Result<KevCatalogue> ReadKevCatalogue(std::string_view json);

}  // namespace landwaiter::advisories
