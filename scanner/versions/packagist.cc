// The order of Packagist's versions: PHP's version_compare (php.net/version_compare) behind an
// optional "v" or "V", as the Packagist records of OSV are ordered.
//
// A version is a list of numbers and words, split where digits and letters change and at everything
// else. Words are ranked by how they start: dev, a, b, RC or rc, then numbers, then p; every other
// word, "BETA" too, sorts below dev. A version that goes on with a number or a p-word is above the
// one that has ended, with any other word below it: 1.0-rc1 < 1.0 < 1.0.0 < 1.0-pl1.
//
// Composer itself brings versions to four numbers before it compares, so that 1.0 is 1.0.0 there;
// its ranges (composer_ranges.cc) do so, this order does not.
#include <vector>

#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

constexpr int kNumberRank = 4;

using Parts = std::vector<std::string_view>;

int RankOf(std::string_view part) {
  if (IsDigit(part.front())) return kNumberRank;
  if (part.starts_with("dev")) return 0;
  if (part.starts_with('a')) return 1;
  if (part.starts_with('b')) return 2;
  if (part.starts_with("RC") || part.starts_with("rc")) return 3;
  return part.starts_with('p') ? 5 : -1;
}

Parts Split(std::string_view text) {
  Parts parts;
  std::size_t i = 0;
  while (i < text.size()) {
    if (!IsAlnum(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    const bool digits = IsDigit(text[i]);
    while (i < text.size() && (digits ? IsDigit(text[i]) : IsAlpha(text[i]))) ++i;
    parts.push_back(text.substr(begin, i - begin));
  }
  return parts;
}

int CompareParts(const Parts& a, const Parts& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const int left = RankOf(a[i]);
    const int right = RankOf(b[i]);
    if (left != right) return left < right ? -1 : 1;
    if (left != kNumberRank) continue;
    if (const int order = CompareNumbers(a[i], b[i]); order != 0) return order;
  }
  if (a.size() == b.size()) return 0;
  if (a.size() < b.size()) return RankOf(b[a.size()]) < kNumberRank ? 1 : -1;
  return RankOf(a[b.size()]) < kNumberRank ? -1 : 1;
}

Result<Parts> Parse(std::string_view text) {
  if (!IsGraphic(text, /*also_utf8=*/true)) {
    return BadVersion(Scheme::kPackagist, text, "it has a blank or a control character");
  }
  const bool prefixed = text.starts_with('v') || text.starts_with('V');
  Parts parts = Split(prefixed ? text.substr(1) : text);
  if (parts.empty()) {
    return BadVersion(Scheme::kPackagist, text, "it has neither a number nor a word");
  }
  return parts;
}

}  // namespace

Result<int> ComparePackagist(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareParts);
}

}  // namespace landwaiter::versions
