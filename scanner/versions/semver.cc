// The order of Semantic Versioning 2.0.0, section 11.
//
// Read leniently, because versions come from files that no tool has checked: an optional "v", "V"
// or "=" before it, any number of dotted numbers (missing ones are 0), numbers of any length, and
// leading zeros. Build metadata does not count.
#include "scanner/versions/semver.h"

#include <algorithm>

#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

// Dot-separated identifiers of letters, digits and hyphens, none of them empty.
bool AreIdentifiers(std::string_view text) {
  bool empty = true;
  for (const char c : text) {
    if (c == '.') {
      if (empty) return false;
      empty = true;
    } else if (IsAlnum(c) || c == '-') {
      empty = false;
    } else {
      return false;
    }
  }
  return !empty;
}

int CompareIdentifier(std::string_view a, std::string_view b) {
  const bool left = AllDigits(a);
  const bool right = AllDigits(b);
  if (left != right) return left ? -1 : 1;
  return left ? CompareNumbers(a, b) : CompareText(a, b);
}

Result<int> CompareAs(Scheme scheme, std::string_view a, std::string_view b) {
  auto left = ReadSemver(scheme, a);
  if (!left) return std::move(left).error();
  auto right = ReadSemver(scheme, b);
  if (!right) return std::move(right).error();
  return CompareParts(*left, *right);
}

}  // namespace

std::string_view TakeDotted(std::string_view& dotted) {
  const auto dot = dotted.find('.');
  const std::string_view part = dotted.substr(0, dot);
  dotted = dot == std::string_view::npos ? std::string_view() : dotted.substr(dot + 1);
  return part;
}

bool SplitSemver(std::string_view text, bool loose_prerelease, SemverParts& parts) {
  std::size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) {
    while (n < text.size() && IsDigit(text[n])) ++n;
    if (n + 1 < text.size() && text[n] == '.' && IsDigit(text[n + 1])) ++n;
  }
  if (n == 0) return false;
  parts.release = text.substr(0, n);
  std::string_view rest = text.substr(n);
  parts.prerelease = {};
  parts.build = {};
  if (const auto plus = rest.find('+'); plus != std::string_view::npos) {
    parts.build = rest.substr(plus + 1);
    if (!AreIdentifiers(parts.build)) return false;
    rest = rest.substr(0, plus);
  }
  if (rest.empty()) return true;
  if (rest.starts_with('-')) {
    rest.remove_prefix(1);
  } else if (!loose_prerelease) {
    return false;
  }
  parts.prerelease = rest;
  return AreIdentifiers(rest);
}

Result<SemverParts> ReadSemver(Scheme scheme, std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty() && (rest.front() == '=' || rest.front() == ' ')) rest.remove_prefix(1);
  if (rest.starts_with('v') || rest.starts_with('V')) rest.remove_prefix(1);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  SemverParts parts;
  if (!SplitSemver(rest, scheme == Scheme::kNpm, parts)) {
    return BadVersion(scheme, text, "it does not read as 1.2.3-pre.1+build");
  }
  return parts;
}

std::size_t CountNumbers(std::string_view release) {
  return 1 + static_cast<std::size_t>(std::count(release.begin(), release.end(), '.'));
}

bool HasNoLeadingZeros(std::string_view dotted) {
  while (!dotted.empty()) {
    const std::string_view part = TakeDotted(dotted);
    if (part.size() > 1 && part.front() == '0' && AllDigits(part)) return false;
  }
  return true;
}

bool SplitShortSemver(std::string_view text, SemverParts& parts) {
  return SplitSemver(text, false, parts) && CountNumbers(parts.release) <= 3 &&
         HasNoLeadingZeros(parts.release) && HasNoLeadingZeros(parts.prerelease);
}

bool SplitStrictSemver(std::string_view text, SemverParts& parts) {
  return SplitShortSemver(text, parts) && CountNumbers(parts.release) == 3;
}

int CompareRelease(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    if (const int order = CompareNumbers(TakeDotted(a), TakeDotted(b)); order != 0) return order;
  }
  return 0;
}

int ComparePrerelease(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return static_cast<int>(a.empty()) - static_cast<int>(b.empty());
  while (!a.empty() && !b.empty()) {
    if (const int order = CompareIdentifier(TakeDotted(a), TakeDotted(b)); order != 0) return order;
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

int CompareParts(const SemverParts& a, const SemverParts& b) {
  const int order = CompareRelease(a.release, b.release);
  return order != 0 ? order : ComparePrerelease(a.prerelease, b.prerelease);
}

Result<int> CompareSemver(std::string_view a, std::string_view b) {
  return CompareAs(Scheme::kSemver, a, b);
}

Result<int> CompareNginx(std::string_view a, std::string_view b) {
  return CompareAs(Scheme::kNginx, a, b);
}

Result<int> CompareNpm(std::string_view a, std::string_view b) {
  return CompareAs(Scheme::kNpm, a, b);
}

}  // namespace landwaiter::versions
