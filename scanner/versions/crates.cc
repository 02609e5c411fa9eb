// The order and the ranges of crates: semantic versioning as cargo reads it (the semver crate,
// Version::cmp_precedence and VersionReq; doc.rust-lang.org/cargo, "Specifying Dependencies").
//
// Versions are exact, no prefix, no leading zeros, no fourth number; what is missing is 0, since
// advisories leave it out. Build metadata does not count.
// A requirement is comparators with commas between; without an operator it is "^". Numbers at the
// end may be missing or '*'. A pre-release is held only where a comparator of the same three
// numbers names one, unless RangeOptions::include_prerelease is set.
#include <vector>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

struct Comparator {
  std::string_view op;
  std::vector<std::string_view> numbers;  // those written; none for "*"
  std::string_view prerelease;
};

struct CrateVersion {
  std::vector<std::string_view> numbers;  // three
  std::string_view prerelease;
};

Result<SemverParts> Parse(std::string_view text) {
  SemverParts parts;
  if (SplitShortSemver(text, parts)) return parts;
  return BadVersion(Scheme::kCrates, text, "it does not read as 1.2.3-pre.1+build");
}

std::vector<std::string_view> Numbers(std::string_view release) {
  std::vector<std::string_view> numbers;
  while (!release.empty()) numbers.push_back(TakeDotted(release));
  numbers.resize(3, "0");
  return numbers;
}

bool IsWildcard(std::string_view part) { return part == "*" || part == "x" || part == "X"; }

bool ReadComparator(std::string_view text, Comparator& out) {
  std::string_view rest = text::Trim(text);
  out.op = TakeOperator(rest, {">=", "<=", ">", "<", "=", "~", "^"});
  rest = text::Trim(rest);
  bool wildcard = false;
  SemverParts parts;
  const std::string_view release = rest.substr(0, rest.find_first_of("-+"));
  std::string_view left = release;
  while (!left.empty()) {
    const std::string_view part = TakeDotted(left);
    if (IsWildcard(part)) {
      wildcard = true;
    } else if (wildcard || !AllDigits(part)) {
      return false;
    } else {
      out.numbers.push_back(part);
    }
  }
  if (release.empty() || release.ends_with('.') || CountNumbers(release) > 3) return false;
  if (wildcard && out.numbers.empty() && !out.op.empty()) return false;
  if (out.op.empty()) out.op = wildcard ? "=" : "^";
  if (wildcard) return rest == release && HasNoLeadingZeros(release);
  if (!HasNoLeadingZeros(release)) return false;
  if (rest == release) return true;
  if (!SplitStrictSemver(rest, parts)) return false;
  out.prerelease = parts.prerelease;
  return true;
}

// The numbers that the comparator writes against the version's: where they differ first.
struct Difference {
  int order = 0;          // of the version to the comparator
  std::size_t index = 3;  // of the number that decides
};

Difference Differ(const Comparator& comparator, const CrateVersion& version) {
  for (std::size_t i = 0; i < comparator.numbers.size(); ++i) {
    const int order = CompareNumbers(version.numbers[i], comparator.numbers[i]);
    if (order != 0) return {order, i};
  }
  return {};
}

// How many of its numbers a caret holds fast: up to the first that is not 0.
std::size_t CaretDepth(const Comparator& comparator) {
  std::size_t depth = 1;
  while (depth < comparator.numbers.size() && comparator.numbers[depth - 1] == "0") ++depth;
  return depth;
}

// A comparator with fewer numbers is one of releases, but for "^"; with `pre_releases` it takes in
// those of the versions that its numbers cover.
bool Holds(const Comparator& comparator, const CrateVersion& version, bool pre_releases) {
  const auto [order, index] = Differ(comparator, version);
  const bool whole = comparator.numbers.size() == 3;
  const int pre =
      !whole && pre_releases ? 0 : ComparePrerelease(version.prerelease, comparator.prerelease);
  const std::string_view op = comparator.op;
  if (op == "~" || op == "^") {
    const std::size_t fast = op == "^" ? CaretDepth(comparator) : 2;
    if (order != 0) return order > 0 && index >= fast;
    return pre >= 0 || (op == "^" && !whole);
  }
  if (order != 0) return op.starts_with(order < 0 ? '<' : '>');
  if (!whole) return op.ends_with('=') && pre == 0;
  return HoldsComparator(op, pre);
}

bool NamesPrerelease(const Comparator& comparator, const CrateVersion& version) {
  return comparator.numbers.size() == 3 && !comparator.prerelease.empty() &&
         Differ(comparator, version).order == 0;
}

}  // namespace

Result<int> CompareCrates(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareParts);
}

Result<bool> SatisfiesCargo(Scheme scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options) {
  const auto parts = Parse(version);
  if (!parts) return parts.error();
  const CrateVersion wanted{Numbers(parts->release), parts->prerelease};
  bool all = true;
  bool admitted = wanted.prerelease.empty() || options.include_prerelease;
  const auto texts = text::Split(range, ',');
  for (const std::string_view text : texts) {
    Comparator comparator;
    if (!ReadComparator(text, comparator) || (comparator.numbers.empty() && texts.size() > 1)) {
      return BadRange(scheme, range, "a comparator cannot be read");
    }
    all = all &&
          (comparator.numbers.empty() || Holds(comparator, wanted, options.include_prerelease));
    admitted = admitted || NamesPrerelease(comparator, wanted);
  }
  return all && admitted;
}

}  // namespace landwaiter::versions
