#include "scanner/matching/distributions.h"

#include <algorithm>

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

std::optional<std::string> Prefixed(std::string_view prefix, std::optional<std::string> text) {
  if (!text) return {};
  return std::string(prefix) + *text;
}

std::optional<std::string> Major(const OperatingSystem& os) {
  return Prefixed(":", LeadingNumbers(os.version, 1));
}
std::optional<std::string> AlpineBranch(const OperatingSystem& os) {
  return Prefixed(":v", LeadingNumbers(os.version, 2));
}

constexpr Distribution kDistributions[] = {
    {"debian", "Debian", "deb", KeyBy::kSource, Major},
    {"alpine", "Alpine", "apk", KeyBy::kSource, AlpineBranch},
    {"almalinux", "AlmaLinux", "rpm", KeyBy::kBinary, Major},
};

constexpr Language kLanguages[] = {
    {"npm", "npm"},
    {"pypi", "PyPI"},
    {"golang", "Go"},
};

}  // namespace

std::span<const Distribution> Distributions() { return kDistributions; }

const Distribution* FindDistribution(std::string_view family) {
  for (const Distribution& row : kDistributions) {
    if (row.family == family) return &row;
  }
  return nullptr;
}

std::span<const Language> Languages() { return kLanguages; }

std::optional<std::string> EcosystemOf(const OperatingSystem& os) {
  const Distribution* const row = FindDistribution(os.family);
  return row == nullptr ? std::nullopt : Prefixed(row->ecosystem, row->suffix(os));
}

std::optional<std::string> LanguageEcosystem(std::string_view purl_type) {
  for (const Language& row : kLanguages) {
    if (row.purl_type == purl_type) return std::string(row.ecosystem);
  }
  return {};
}

}  // namespace landwaiter::matching
