// The order of Gentoo's packages (Package Manager Specification, "Version Specifications" and
// "Version Comparison", algorithms 1 to 7): number{.number}[letter]{_suffix[number]}[-rN].
//
// The first numbers are compared as integers; of the others, two are compared as fractions where
// either has a leading zero. A missing letter comes before any. Suffixes: _alpha _beta _pre _rc
// come before none, _p after it. A missing revision is 0.
#include <array>
#include <optional>
#include <vector>

#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

constexpr std::array<std::string_view, 5> kSuffixes = {"alpha", "beta", "pre", "rc", "p"};
constexpr std::size_t kPatch = 4;  // the one suffix that makes a version newer

struct Suffix {
  std::size_t rank = 0;
  std::string_view number;
};

struct PortageVersion {
  std::vector<std::string_view> numbers;
  char letter = 0;  // 0 for none
  std::vector<Suffix> suffixes;
  std::string_view revision;
};

bool TakeSuffix(std::string_view& rest, PortageVersion& version) {
  for (std::size_t rank = 0; rank < kSuffixes.size(); ++rank) {
    if (!rest.starts_with(kSuffixes[rank])) continue;
    // "_pre" before "_p": the longer word stands first in the list.
    rest.remove_prefix(kSuffixes[rank].size());
    version.suffixes.push_back({rank, TakeDigits(rest)});
    return true;
  }
  return false;
}

bool Read(std::string_view rest, PortageVersion& version) {
  version.numbers.push_back(TakeDigits(rest));
  if (version.numbers.back().empty()) return false;
  while (rest.size() > 1 && rest.front() == '.' && IsDigit(rest[1])) {
    rest.remove_prefix(1);
    version.numbers.push_back(TakeDigits(rest));
  }
  if (!rest.empty() && IsLower(rest.front())) {
    version.letter = rest.front();
    rest.remove_prefix(1);
  }
  while (rest.starts_with('_')) {
    rest.remove_prefix(1);
    if (!TakeSuffix(rest, version)) return false;
  }
  if (rest.starts_with("-r")) {
    rest.remove_prefix(2);
    version.revision = TakeDigits(rest);
    if (version.revision.empty()) return false;
  }
  return rest.empty();
}

Result<PortageVersion> Parse(std::string_view text) {
  PortageVersion version;
  if (Read(text, version)) return version;
  return BadVersion(Scheme::kPortage, text, "it does not read as 1.2b_rc1-r2");
}

// Two numbers that are not the first.
int CompareFractions(std::string_view a, std::string_view b) {
  if (a.front() != '0' && b.front() != '0') return CompareNumbers(a, b);
  while (a.ends_with('0')) a.remove_suffix(1);
  while (b.ends_with('0')) b.remove_suffix(1);
  return CompareText(a, b);
}

int CompareAllNumbers(const PortageVersion& a, const PortageVersion& b) {
  for (std::size_t i = 0; i < a.numbers.size() && i < b.numbers.size(); ++i) {
    const int order = i == 0 ? CompareNumbers(a.numbers[i], b.numbers[i])
                             : CompareFractions(a.numbers[i], b.numbers[i]);
    if (order != 0) return order;
  }
  return static_cast<int>(a.numbers.size() > b.numbers.size()) -
         static_cast<int>(a.numbers.size() < b.numbers.size());
}

int CompareSuffixes(const std::vector<Suffix>& a, const std::vector<Suffix>& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i].rank != b[i].rank) return a[i].rank < b[i].rank ? -1 : 1;
    if (const int order = CompareNumbers(a[i].number, b[i].number); order != 0) return order;
  }
  if (a.size() == b.size()) return 0;
  if (a.size() > b.size()) return a[b.size()].rank == kPatch ? 1 : -1;
  return b[a.size()].rank == kPatch ? -1 : 1;
}

int CompareVersions(const PortageVersion& a, const PortageVersion& b) {
  if (const int order = CompareAllNumbers(a, b); order != 0) return order;
  if (a.letter != b.letter) return a.letter < b.letter ? -1 : 1;
  if (const int order = CompareSuffixes(a.suffixes, b.suffixes); order != 0) return order;
  return CompareNumbers(a.revision, b.revision);
}

}  // namespace

Result<int> ComparePortage(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareVersions);
}

}  // namespace landwaiter::versions
