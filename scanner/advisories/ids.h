// Names of vulnerabilities and advisories.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::advisories {

/// Ids are printed to terminals and are parts of keys: 1 to kMaxIdBytes bytes, nothing invisible.
bool IsId(std::string_view text);
/// "CVE-2023-4911": year and a number of at least four digits.
bool IsCve(std::string_view text);
/// The first CVE in a text ("CVE-2017-17434-1 (+ regression fix)" → "CVE-2017-17434"), "" for none.
/// "CVE_" is read as "CVE-": feeds have such slips.
std::string CveIn(std::string_view text);

}  // namespace landwaiter::advisories
