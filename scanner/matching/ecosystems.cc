#include <algorithm>
#include <array>
#include <string>

#include "lib/base/text.h"
#include "scanner/matching/match.h"

namespace landwaiter::matching {
namespace {

/// The first `parts` numbers of a dotted version: "12.4" → "12"; nullopt where it has fewer or
/// they are not numbers ("3.17_alpha20220715", "").
std::optional<std::string> LeadingNumbers(std::string_view version, std::size_t parts) {
  const auto split = text::Split(version, '.');
  if (split.size() < parts) return {};
  std::string out;
  for (std::size_t i = 0; i < parts; ++i) {
    const bool digits =
        !split[i].empty() &&
        std::all_of(split[i].begin(), split[i].end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return {};
    if (i > 0) out += '.';
    out.append(split[i]);
  }
  return out;
}

/// How a distribution's os-release becomes OSV's name of the release.
struct Distribution {
  std::string_view family;
  std::string_view prefix;
  std::size_t version_parts;
};
constexpr std::array<Distribution, 3> kDistributions{
    {{"debian", "Debian:", 1}, {"alpine", "Alpine:v", 2}, {"almalinux", "AlmaLinux:", 1}}};

}  // namespace

std::optional<std::string> EcosystemOf(const OperatingSystem& os) {
  for (const Distribution& row : kDistributions) {
    if (row.family != os.family) continue;
    const auto numbers = LeadingNumbers(os.version, row.version_parts);
    if (!numbers) return {};
    return std::string(row.prefix) + *numbers;
  }
  return {};
}

std::optional<std::string> LanguageEcosystem(std::string_view purl_type) {
  if (purl_type == "npm") return "npm";
  if (purl_type == "pypi") return "PyPI";
  if (purl_type == "golang") return "Go";
  return {};
}

}  // namespace landwaiter::matching
