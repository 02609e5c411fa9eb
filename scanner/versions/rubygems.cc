// The order and the ranges of gems: Gem::Version and Gem::Requirement (rubygems,
// lib/rubygems/version.rb and requirement.rb).
//
// A version is a list of numbers and words. A word makes it a pre-release and sorts below every
// number; what is missing is 0, and zeros at the end of the numbers before the first word and at
// the end of the whole do not count. A '-' is read as ".pre.". The empty version is 0, as there.
#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

using Segments = std::vector<std::string_view>;

bool IsWord(std::string_view segment) { return IsAlpha(segment.front()); }

Segments Scan(std::string_view text) {
  Segments segments;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '-') segments.push_back("pre");
    if (!IsAlnum(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    const bool digits = IsDigit(text[i]);
    while (i < text.size() && (digits ? IsDigit(text[i]) : IsAlpha(text[i]))) ++i;
    segments.push_back(text.substr(begin, i - begin));
  }
  return segments;
}

bool IsZero(std::string_view segment) {
  return !IsWord(segment) && CompareNumbers(segment, "") == 0;
}

void DropZeros(Segments& segments) {
  while (!segments.empty() && IsZero(segments.back())) segments.pop_back();
}

Segments NumbersOf(const Segments& segments) {
  return {segments.begin(), std::find_if(segments.begin(), segments.end(), IsWord)};
}

Segments Canonical(const Segments& segments) {
  Segments canonical = NumbersOf(segments);
  const auto rest = segments.begin() + static_cast<std::ptrdiff_t>(canonical.size());
  DropZeros(canonical);
  canonical.insert(canonical.end(), rest, segments.end());
  DropZeros(canonical);
  return canonical;
}

int CompareSegments(const Segments& a, const Segments& b) {
  const Segments left = Canonical(a);
  const Segments right = Canonical(b);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string_view l = i < left.size() ? left[i] : "0";
    const std::string_view r = i < right.size() ? right[i] : "0";
    if (IsWord(l) != IsWord(r)) return IsWord(l) ? -1 : 1;
    const int order = IsWord(l) ? CompareText(l, r) : CompareNumbers(l, r);
    if (order != 0) return order;
  }
  return 0;
}

Result<Segments> Parse(std::string_view text) {
  const std::string_view trimmed = text::Trim(text);
  if (trimmed.empty()) return Segments{"0"};
  const bool known = std::all_of(trimmed.begin(), trimmed.end(),
                                 [](char c) { return IsAlnum(c) || c == '.' || c == '-'; });
  if (!known || !IsDigit(trimmed.front())) {
    return BadVersion(Scheme::kRubygems, text, "it does not read as 1.2.3.pre4");
  }
  return Scan(trimmed);
}

// Below the next version of the number before the last: 1.4 -> 2, 1.4.4 -> 1.5, 1 -> 2.
bool IsBelowBump(const Segments& version, const Segments& bound) {
  Segments bump = NumbersOf(bound);
  if (bump.size() > 1) bump.pop_back();
  const std::string next = Increment(bump.back());
  bump.back() = next;
  return CompareSegments(NumbersOf(version), bump) < 0;
}

}  // namespace

Result<int> CompareRubygems(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareSegments);
}

Result<bool> SatisfiesRubygems(Scheme scheme, std::string_view range, std::string_view version,
                               const RangeOptions& /*options*/) {
  auto wanted = Parse(version);
  if (!wanted) return std::move(wanted).error();
  bool all = true;
  for (const std::string_view part : text::Split(range, ',')) {
    std::string_view rest = text::Trim(part);
    const std::string_view op = TakeOperator(rest, {"~>", ">=", "<=", "!=", "=", ">", "<"});
    const auto bound = Parse(rest);
    if (!bound || text::Trim(rest).empty()) {
      return BadRange(scheme, range, "a requirement's version cannot be read");
    }
    const int order = CompareSegments(*wanted, *bound);
    if (op == "~>") {
      all = all && order >= 0 && IsBelowBump(*wanted, *bound);
    } else {
      all = all && HoldsComparator(op, order);
    }
  }
  return all;
}

}  // namespace landwaiter::versions
