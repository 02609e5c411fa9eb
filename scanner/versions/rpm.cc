// The order of rpm versions: [epoch:]version[-release] (rpm-version(7), rpmvercmp).
//
// Segments of letters or digits are compared in turn, whatever stands between them only separates.
// A number beats letters; '~' sorts before the end of the version, '^' after the end but before
// any further segment. A missing epoch is 0; a missing release sorts before any release.
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

void SkipSeparators(std::string_view& text) {
  while (!text.empty() && !IsAlnum(text.front()) && text.front() != '~' && text.front() != '^') {
    text.remove_prefix(1);
  }
}

std::string_view TakeSegment(std::string_view& text, bool digits) {
  std::size_t n = 0;
  while (n < text.size() && (digits ? IsDigit(text[n]) : IsAlpha(text[n]))) ++n;
  const std::string_view segment = text.substr(0, n);
  text.remove_prefix(n);
  return segment;
}

// '~' and '^' at the head of either side. nullopt: neither stands there.
struct MarkOrder {
  bool found = false;
  int order = 0;
};

MarkOrder CompareMarks(std::string_view& a, std::string_view& b) {
  if (a.starts_with('~') || b.starts_with('~')) {
    if (!a.starts_with('~')) return {true, 1};
    if (!b.starts_with('~')) return {true, -1};
    a.remove_prefix(1);
    b.remove_prefix(1);
    return {true, 0};
  }
  if (a.starts_with('^') || b.starts_with('^')) {
    if (a.empty()) return {true, -1};
    if (b.empty()) return {true, 1};
    if (!a.starts_with('^')) return {true, 1};
    if (!b.starts_with('^')) return {true, -1};
    a.remove_prefix(1);
    b.remove_prefix(1);
    return {true, 0};
  }
  return {};
}

int CompareSegments(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  while (!a.empty() || !b.empty()) {
    SkipSeparators(a);
    SkipSeparators(b);
    if (const MarkOrder mark = CompareMarks(a, b); mark.found) {
      if (mark.order != 0) return mark.order;
      continue;
    }
    if (a.empty() || b.empty()) break;
    const bool digits = IsDigit(a.front());
    const std::string_view left = TakeSegment(a, digits);
    const std::string_view right = TakeSegment(b, digits);
    // Segments of two kinds: the number is the newer one.
    if (right.empty()) return digits ? 1 : -1;
    const int order = digits ? CompareNumbers(left, right) : CompareText(left, right);
    if (order != 0) return order;
  }
  if (a.empty() && b.empty()) return 0;
  return a.empty() ? -1 : 1;
}

}  // namespace

Result<int> CompareRpm(std::string_view a, std::string_view b) {
  auto left = SplitEpochVersionRelease(Scheme::kRpm, a);
  if (!left) return std::move(left).error();
  auto right = SplitEpochVersionRelease(Scheme::kRpm, b);
  if (!right) return std::move(right).error();
  if (const int order = CompareNumbers(left->epoch, right->epoch); order != 0) return order;
  if (const int order = CompareSegments(left->version, right->version); order != 0) return order;
  if (!left->release || !right->release) {
    return static_cast<int>(left->release.has_value()) -
           static_cast<int>(right->release.has_value());
  }
  return CompareSegments(*left->release, *right->release);
}

}  // namespace landwaiter::versions
