// The order and the ranges of NuGet versions (NuGet.Versioning, VersionComparer and VersionRange;
// learn.microsoft.com, "Package versioning").
//
// One to four numbers, missing ones are 0, then semantic versioning's pre-release without regard to
// case. A label is a number where it fits 32 bits, as there: a date of 14 digits is a word. Release
// numbers have no such limit here. Build metadata does not count.
//
// A range is one interval; a version alone is a lower bound. A '*' ("1.*", "1.0.0-beta.*") floats
// to the newest where packages are fetched; of an installed version it demands the lowest only.
#include <algorithm>
#include <string>

#include "lib/base/text.h"
#include "scanner/versions/intervals.h"
#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

constexpr std::size_t kMaxNumbers = 4;
constexpr std::string_view kMaxLabelNumber = "2147483647";  // Int32.MaxValue

struct NugetVersion {
  std::string_view release;
  std::string prerelease;  // in lower case
};

Result<NugetVersion> Parse(std::string_view text) {
  SemverParts parts;
  if (!SplitSemver(text::Trim(text), false, parts) || CountNumbers(parts.release) > kMaxNumbers) {
    return BadVersion(Scheme::kNuget, text, "it does not read as 1.2.3.4-pre.1+build");
  }
  return NugetVersion{parts.release, text::ToLower(parts.prerelease)};
}

bool IsNumber(std::string_view label) {
  return AllDigits(label) && CompareNumbers(label, kMaxLabelNumber) <= 0;
}

int CompareLabels(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return static_cast<int>(a.empty()) - static_cast<int>(b.empty());
  while (!a.empty() && !b.empty()) {
    const std::string_view left = TakeDotted(a);
    const std::string_view right = TakeDotted(b);
    const bool number = IsNumber(left);
    if (number != IsNumber(right)) return number ? -1 : 1;
    const int order = number ? CompareNumbers(left, right) : CompareText(left, right);
    if (order != 0) return order;
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

int CompareVersions(const NugetVersion& a, const NugetVersion& b) {
  const int order = CompareRelease(a.release, b.release);
  return order != 0 ? order : CompareLabels(a.prerelease, b.prerelease);
}

// The lowest version that a floating one may be: "1.*" 1.0, "1.0-*" 1.0-0, "1.0-rc*" 1.0-rc,
// "1.*-*" 1.0-0. Empty where a '*' stands elsewhere.
std::string LowestOf(std::string_view floating) {
  if (std::count(floating.begin(), floating.end(), '*') == 0) return std::string(floating);
  if (!floating.ends_with('*') || floating.find('+') != std::string_view::npos) return {};
  std::string lowest(floating.substr(0, floating.size() - 1));
  const auto inner = lowest.find('*');
  if (inner != std::string::npos) {
    if (inner + 1 >= lowest.size() || lowest[inner + 1] != '-') return {};
    lowest[inner] = '0';
    if (lowest.find('*') != std::string::npos) return {};
  }
  if (lowest.empty() || lowest.ends_with('.') || lowest.find('-') + 1 == lowest.size()) {
    return lowest + "0";
  }
  if (lowest.find('-') == std::string::npos) return {};  // "1*"
  return lowest.ends_with('-') ? lowest + "-" : lowest;
}

}  // namespace

Result<int> CompareNuget(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareVersions);
}

Result<bool> SatisfiesNuget(Scheme scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options) {
  std::string_view rest = text::Trim(range);
  if (rest.empty()) return BadRange(scheme, range, "it is empty");
  if (rest.find_first_of("<>=!|") != std::string_view::npos) {
    return SatisfiesComparators(scheme, range, version, options);
  }
  Interval interval{rest, {}, true, false};
  if (rest.starts_with('[') || rest.starts_with('(')) {
    const auto taken = TakeInterval(rest);
    if (!taken || !rest.empty() || (taken->lower.empty() && taken->upper.empty())) {
      return BadRange(scheme, range, "it does not read as [1.0,2.0)");
    }
    interval = *taken;
  }
  const std::string lowest = LowestOf(interval.lower);
  if (!interval.lower.empty() && lowest.empty()) {
    return BadRange(scheme, range, "its '*' stands for no number or label");
  }
  interval.lower = lowest;
  return InInterval(scheme, range, interval, version);
}

}  // namespace landwaiter::versions
