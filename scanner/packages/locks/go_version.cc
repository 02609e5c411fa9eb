#include "scanner/packages/locks/go_version.h"

#include <algorithm>

#include "lib/base/text.h"

namespace landwaiter::packages {
namespace {

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Negative, 0 or positive. A number is older than a word; neither has leading zeros.
int CompareIdentifiers(std::string_view a, std::string_view b) {
  const bool number = IsNumber(a);
  if (number != IsNumber(b)) return number ? -1 : 1;
  if (number && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int CompareDotted(std::string_view a, std::string_view b) {
  const auto left = text::Split(a, '.');
  const auto right = text::Split(b, '.');
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (const int order = CompareIdentifiers(left[i], right[i]); order != 0) return order;
  }
  if (left.size() == right.size()) return 0;
  return left.size() < right.size() ? -1 : 1;
}

}  // namespace

bool IsOlderGoVersion(std::string_view a, std::string_view b) {
  if (!a.starts_with('v') || !b.starts_with('v')) return b.starts_with('v') && !a.starts_with('v');
  a = a.substr(1, a.find('+') - 1);
  b = b.substr(1, b.find('+') - 1);
  const auto dash_a = std::min(a.find('-'), a.size());
  const auto dash_b = std::min(b.find('-'), b.size());
  if (const int order = CompareDotted(a.substr(0, dash_a), b.substr(0, dash_b)); order != 0) {
    return order < 0;
  }
  const std::string_view before_a = a.substr(dash_a);
  const std::string_view before_b = b.substr(dash_b);
  // One before a release is older than it.
  if (before_a.empty() || before_b.empty()) return before_b.empty() && !before_a.empty();
  return CompareDotted(before_a.substr(1), before_b.substr(1)) < 0;
}

}  // namespace landwaiter::packages
