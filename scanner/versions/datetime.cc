// Points in time as versions: RFC 3339, section 5.6 ("2024-01-01T00:00:00.5+02:00"), ordered by the
// moment that they name. Fractions of any length.
#include <cstdint>

#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

struct Moment {
  std::int64_t seconds = 0;   // of the Gregorian calendar, UTC, since 0000-03-01
  std::string_view fraction;  // digits, without zeros at the end
};

// Exactly `digits` digits, at most `max`; taken off `rest`.
bool TakeNumber(std::string_view& rest, std::size_t digits, std::int64_t max, std::int64_t& out) {
  if (rest.size() < digits || !AllDigits(rest.substr(0, digits))) return false;
  out = 0;
  for (const char c : rest.substr(0, digits)) out = out * 10 + (c - '0');
  rest.remove_prefix(digits);
  return out <= max;
}

bool TakeMark(std::string_view& rest, std::string_view marks) {
  if (rest.empty() || marks.find(rest.front()) == std::string_view::npos) return false;
  rest.remove_prefix(1);
  return true;
}

// Days of `month` (1 to 12) in `year`.
std::int64_t DaysIn(std::int64_t year, std::int64_t month) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Days since 0000-03-01 of a year that is counted from March on, so that leap days end it.
std::int64_t DayNumber(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t from_march = (month + 9) % 12;
  const std::int64_t y = month < 3 ? year - 1 : year;
  const std::int64_t centuries = y >= 0 ? y / 100 : -1;
  const std::int64_t fours = y >= 0 ? y / 4 : -1;
  const std::int64_t eras = y >= 0 ? y / 400 : -1;
  return y * 365 + fours - centuries + eras + (from_march * 153 + 2) / 5 + day - 1;
}

bool ReadDate(std::string_view& rest, std::int64_t& days) {
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  if (!TakeNumber(rest, 4, 9999, year) || !TakeMark(rest, "-") || !TakeNumber(rest, 2, 12, month) ||
      !TakeMark(rest, "-") || !TakeNumber(rest, 2, 31, day)) {
    return false;
  }
  if (month == 0 || day == 0 || day > DaysIn(year, month)) return false;
  days = DayNumber(year, month, day);
  return true;
}

bool ReadTime(std::string_view& rest, Moment& moment) {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;  // 60 in a leap second, which is the next minute's first
  if (!TakeNumber(rest, 2, 23, hour) || !TakeMark(rest, ":") || !TakeNumber(rest, 2, 59, minute) ||
      !TakeMark(rest, ":") || !TakeNumber(rest, 2, 60, second)) {
    return false;
  }
  moment.seconds += hour * 3600 + minute * 60 + second;
  if (!TakeMark(rest, ".")) return true;
  moment.fraction = TakeDigits(rest);
  if (moment.fraction.empty()) return false;
  while (moment.fraction.ends_with('0')) moment.fraction.remove_suffix(1);
  return true;
}

bool ReadOffset(std::string_view rest, Moment& moment) {
  if (rest == "Z" || rest == "z") return true;
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  const bool behind = rest.starts_with('-');
  if (!TakeMark(rest, "+-") || !TakeNumber(rest, 2, 23, hours) || !TakeMark(rest, ":") ||
      !TakeNumber(rest, 2, 59, minutes) || !rest.empty()) {
    return false;
  }
  const std::int64_t offset = hours * 3600 + minutes * 60;
  moment.seconds += behind ? offset : -offset;
  return true;
}

Result<Moment> Parse(std::string_view text) {
  std::string_view rest = text;
  Moment moment;
  std::int64_t days = 0;
  if (ReadDate(rest, days) && TakeMark(rest, "Tt")) {
    moment.seconds = days * 86400;
    if (ReadTime(rest, moment) && ReadOffset(rest, moment)) return moment;
  }
  return BadVersion(Scheme::kDatetime, text, "it does not read as 2024-01-31T23:59:59Z");
}

int CompareMoments(const Moment& a, const Moment& b) {
  if (a.seconds != b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return CompareText(a.fraction, b.fraction);
}

}  // namespace

Result<int> CompareDatetime(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareMoments);
}

}  // namespace landwaiter::versions
