// The order and the ranges of Dart's packages (pub_semver, Version.compareTo and
// VersionConstraint.parse; dart.dev/tools/pub/versioning).
//
// Semantic versioning, save that build metadata counts, as a pre-release does: none before some,
// 1.2.3+1 < 1.2.3+2 < 1.2.3+a. Read as leniently as the other semantic versions, since records hold
// "v1.2.3".
//
// A range is "any", "^1.2.3", or comparators that must all hold. "<2.0.0" and "^1.0.0" leave out
// 2.0.0's pre-releases, unless RangeOptions::include_prerelease is set.
#include <algorithm>
#include <string>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

Result<SemverParts> Parse(std::string_view text) { return ReadSemver(Scheme::kPub, text); }

int CompareBuilds(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return static_cast<int>(b.empty()) - static_cast<int>(a.empty());
  return ComparePrerelease(a, b);
}

int CompareVersions(const SemverParts& a, const SemverParts& b) {
  const int order = CompareParts(a, b);
  return order != 0 ? order : CompareBuilds(a.build, b.build);
}

// The next version that may break: 1.2.3 -> 2.0.0, 0.2.3 -> 0.3.0.
std::string NextBreaking(std::string_view release) {
  const std::string_view major = TakeDotted(release);
  if (CompareNumbers(major, "") != 0) return Increment(major) + ".0.0";
  return "0." + Increment(TakeDotted(release)) + ".0";
}

bool IsBelow(const SemverParts& version, SemverParts bound, bool include_prerelease) {
  const bool plain = bound.prerelease.empty() && bound.build.empty();
  if (plain && !include_prerelease) bound.prerelease = "0";  // its first pre-release
  return CompareVersions(version, bound) < 0;
}

bool Holds(std::string_view op, const SemverParts& version, const SemverParts& bound,
           const RangeOptions& options) {
  if (op == "<") return IsBelow(version, bound, options.include_prerelease);
  if (op != "^") return HoldsComparator(op, CompareVersions(version, bound));
  const std::string next = NextBreaking(bound.release);
  // "^" has no use for pre-releases of the next breaking version, whoever asks.
  return CompareVersions(version, bound) >= 0 && IsBelow(version, {next, {}, {}}, false);
}

}  // namespace

Result<int> ComparePub(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareVersions);
}

Result<bool> SatisfiesPub(Scheme scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options) {
  const auto wanted = Parse(version);
  if (!wanted) return wanted.error();
  std::string_view rest = text::Trim(range);
  if (rest == "any") return true;
  if (rest.empty()) return BadRange(scheme, range, "it is empty");
  bool all = true;
  while (!rest.empty()) {
    const std::string_view op = TakeOperator(rest, {">=", "<=", ">", "<", "^"});
    const auto begin = rest.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return BadRange(scheme, range, "a version is missing");
    const auto end = std::min(rest.find_first_of(" \t<>^,", begin), rest.size());
    const auto bound = Parse(rest.substr(begin, end - begin));
    if (!bound) return BadRange(scheme, range, "a version cannot be read");
    all = all && Holds(op, *wanted, *bound, options);
    const auto next = rest.find_first_not_of(" \t,", end);
    rest = next == std::string_view::npos ? std::string_view() : rest.substr(next);
  }
  return all;
}

}  // namespace landwaiter::versions
