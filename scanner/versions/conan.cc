// The order of Conan's versions (conan 2, conan.tools.scm.Version; docs.conan.io, "Version
// ranges").
//
// Items between dots, numbers by value and words by bytes; zeros at the end do not count. A number
// against a word is compared as text, so that 2 < 10 < 1a < 2: Conan's own order has circles where
// the same place holds numbers and words that start with digits. What stands behind the first '-'
// is a pre-release, behind the last '+' a build, which does count: none comes before any.
#include "scanner/versions/conan.h"

#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

using Items = std::vector<std::string_view>;

std::string_view StripZeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

Items SplitItems(std::string_view text) {
  Items items;
  while (true) {
    const auto dot = text.find('.');
    items.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  while (!items.empty() && AllDigits(items.back()) && StripZeros(items.back()) == "0") {
    items.pop_back();
  }
  return items;
}

int CompareItem(std::string_view a, std::string_view b) {
  const bool left = AllDigits(a);
  const bool right = AllDigits(b);
  if (left && right) return CompareNumbers(a, b);
  return CompareText(left ? StripZeros(a) : a, right ? StripZeros(b) : b);
}

int CompareItems(const Items& a, const Items& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int order = CompareItem(a[i], b[i]); order != 0) return order;
  }
  return static_cast<int>(a.size() > b.size()) - static_cast<int>(a.size() < b.size());
}

int CompareBuilds(const std::optional<Items>& a, const std::optional<Items>& b) {
  if (a && b) return CompareItems(*a, *b);
  return static_cast<int>(a.has_value()) - static_cast<int>(b.has_value());
}

}  // namespace

Result<ConanVersion> ParseConan(std::string_view text) {
  if (text.empty()) return BadVersion(Scheme::kConan, text, "it is empty");
  if (!IsGraphic(text, /*also_utf8=*/true)) {
    return BadVersion(Scheme::kConan, text, "it has a blank or a control character");
  }
  ConanVersion version;
  if (const auto plus = text.rfind('+'); plus != std::string_view::npos) {
    version.build = SplitItems(text.substr(plus + 1));
    text = text.substr(0, plus);
  }
  if (const auto hyphen = text.find('-'); hyphen != std::string_view::npos) {
    version.prerelease = SplitItems(text.substr(hyphen + 1));
    text = text.substr(0, hyphen);
  }
  version.items = SplitItems(text);
  return version;
}

int CompareConanVersions(const ConanVersion& a, const ConanVersion& b) {
  if (const int order = CompareItems(a.items, b.items); order != 0) return order;
  if (a.prerelease.has_value() != b.prerelease.has_value()) return a.prerelease ? -1 : 1;
  if (a.prerelease) {
    if (const int order = CompareItems(*a.prerelease, *b.prerelease); order != 0) return order;
  }
  return CompareBuilds(a.build, b.build);
}

Result<int> CompareConan(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, ParseConan, CompareConanVersions);
}

}  // namespace landwaiter::versions
