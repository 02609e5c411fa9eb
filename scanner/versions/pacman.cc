// The order of Arch Linux's packages: [epoch:]version[-pkgrel] (pacman's vercmp(8), alpm's
// rpmvercmp).
//
// As rpm's order once was: segments of letters or digits are compared in turn, a number beats
// letters, and letters that one side has left over make it the older one (1.0rc < 1.0). Separators
// count by their number alone. A missing epoch is 0. A pkgrel counts only where both sides have
// one, so that a version without it equals all its releases: a bound of the order's circles, to be
// met only where a version comes from no package.
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

std::size_t SkipSeparators(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && !IsAlnum(text[n])) ++n;
  text.remove_prefix(n);
  return n;
}

std::string_view TakeSegment(std::string_view& text, bool digits) {
  std::size_t n = 0;
  while (n < text.size() && (digits ? IsDigit(text[n]) : IsAlpha(text[n]))) ++n;
  const std::string_view segment = text.substr(0, n);
  text.remove_prefix(n);
  return segment;
}

int CompareSegments(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::size_t left_gap = SkipSeparators(a);
    const std::size_t right_gap = SkipSeparators(b);
    if (a.empty() || b.empty()) break;
    if (left_gap != right_gap) return left_gap < right_gap ? -1 : 1;
    const bool digits = IsDigit(a.front());
    const std::string_view left = TakeSegment(a, digits);
    const std::string_view right = TakeSegment(b, digits);
    if (right.empty()) return digits ? 1 : -1;
    const int order = digits ? CompareNumbers(left, right) : CompareText(left, right);
    if (order != 0) return order;
  }
  if (a.empty() && b.empty()) return 0;
  if (a.empty()) return IsAlpha(b.front()) ? 1 : -1;
  return IsAlpha(a.front()) ? -1 : 1;
}

int CompareVersions(const EpochVersionRelease& a, const EpochVersionRelease& b) {
  if (const int order = CompareNumbers(a.epoch, b.epoch); order != 0) return order;
  if (const int order = CompareSegments(a.version, b.version); order != 0) return order;
  return a.release && b.release ? CompareSegments(*a.release, *b.release) : 0;
}

}  // namespace

Result<int> ComparePacman(std::string_view a, std::string_view b) {
  return CompareParsed(
      a, b, [](auto text) { return SplitEpochVersionRelease(Scheme::kPacman, text); },
      CompareVersions);
}

}  // namespace landwaiter::versions
