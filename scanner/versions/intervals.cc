#include "scanner/versions/intervals.h"

#include "lib/base/text.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {

std::optional<Interval> TakeInterval(std::string_view& rest) {
  if (!rest.starts_with('[') && !rest.starts_with('(')) return std::nullopt;
  const auto end = rest.find_first_of("])", 1);
  if (end == std::string_view::npos) return std::nullopt;
  Interval interval;
  interval.includes_lower = rest.front() == '[';
  interval.includes_upper = rest[end] == ']';
  const std::string_view inside = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  const auto comma = inside.find(',');
  interval.lower = text::Trim(inside.substr(0, comma));
  if (comma == std::string_view::npos) {
    interval.upper = interval.lower;
    const bool exact = interval.includes_lower && interval.includes_upper;
    return exact && !interval.lower.empty() ? std::optional(interval) : std::nullopt;
  }
  interval.upper = text::Trim(inside.substr(comma + 1));
  if (interval.upper.find(',') != std::string_view::npos) return std::nullopt;
  return interval;
}

Result<bool> InInterval(Scheme scheme, std::string_view range, const Interval& interval,
                        std::string_view version) {
  if (!interval.lower.empty() && !interval.upper.empty()) {
    const auto order = Compare(scheme, interval.lower, interval.upper);
    if (!order) return order.error();
    if (*order > 0 || (*order == 0 && interval.includes_lower != interval.includes_upper)) {
      return BadRange(scheme, range, "no version lies between its bounds");
    }
  }
  bool inside = true;
  if (!interval.lower.empty()) {
    const auto order = Compare(scheme, version, interval.lower);
    if (!order) return order.error();
    inside = *order > 0 || (*order == 0 && interval.includes_lower);
  }
  if (!interval.upper.empty()) {
    const auto order = Compare(scheme, version, interval.upper);
    if (!order) return order.error();
    inside = inside && (*order < 0 || (*order == 0 && interval.includes_upper));
  }
  return inside;
}

}  // namespace landwaiter::versions
