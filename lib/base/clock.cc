#include "lib/base/clock.h"

#include <cstdio>

namespace landwaiter {
namespace {

using std::chrono::milliseconds;

struct Fields {
  int year, month, day, hour, minute, second, millisecond;
};

Fields Split(TimePoint time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss<milliseconds> clock(time - days);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count())};
}

/// Reads exactly `digits` decimal digits from the front of `text`; -1 where they are not there.
int TakeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

Error BadTime(std::string_view text) {
  return InvalidArgument("time '" + std::string(text.substr(0, 64)) +
                         "' is not RFC 3339, expected e.g. 2027-01-31 or 2027-01-31T10:00:00Z");
}

}  // namespace

TimePoint SystemClock::Now() const {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

std::string FormatTime(TimePoint time) {
  const Fields f = Split(time);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02dT%02d:%02d:%02dZ", f.year, f.month, f.day,
                f.hour, f.minute, f.second);
  return buffer;
}

std::string FormatMicroTime(TimePoint time) {
  const Fields f = Split(time);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", f.year, f.month,
                f.day, f.hour, f.minute, f.second, f.millisecond * 1000);
  return buffer;
}

Result<TimePoint> ParseTime(std::string_view whole) {
  std::string_view text = whole;
  const int year = TakeNumber(text, 4);
  const bool dash1 = TakeChar(text, '-');
  const int month = TakeNumber(text, 2);
  const bool dash2 = TakeChar(text, '-');
  const int day = TakeNumber(text, 2);
  if (year < 0 || month < 0 || day < 0 || !dash1 || !dash2) return BadTime(whole);
  const std::chrono::year_month_day date(std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)});
  if (!date.ok()) return BadTime(whole);
  TimePoint result = std::chrono::sys_days(date);
  if (text.empty()) return result;
  if (!TakeChar(text, 'T') && !TakeChar(text, 't') && !TakeChar(text, ' ')) return BadTime(whole);
  const int hour = TakeNumber(text, 2);
  const bool colon1 = TakeChar(text, ':');
  const int minute = TakeNumber(text, 2);
  const bool colon2 = TakeChar(text, ':');
  const int second = TakeNumber(text, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || !colon1 ||
      !colon2) {
    return BadTime(whole);
  }
  result += std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  if (TakeChar(text, '.')) {
    int scale = 100;
    std::size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      result += milliseconds((text.front() - '0') * scale);
      scale /= 10;
      ++digits;
      text.remove_prefix(1);
    }
    if (digits == 0 || digits > 9) return BadTime(whole);
  }
  if (text == "Z" || text == "z") return result;
  const bool plus = !text.empty() && text.front() == '+';
  if (!plus && (text.empty() || text.front() != '-')) return BadTime(whole);
  text.remove_prefix(1);
  const int offset_hour = TakeNumber(text, 2);
  const bool colon = TakeChar(text, ':');
  const int offset_minute = TakeNumber(text, 2);
  if (offset_hour < 0 || offset_hour > 23 || offset_minute < 0 || offset_minute > 59 || !colon ||
      !text.empty()) {
    return BadTime(whole);
  }
  const auto offset = std::chrono::hours(offset_hour) + std::chrono::minutes(offset_minute);
  return plus ? result - offset : result + offset;
}

Result<milliseconds> ParseDuration(std::string_view whole) {
  const auto bad = [&] {
    return InvalidArgument("duration '" + std::string(whole.substr(0, 64)) +
                           "' must be like 72h, 1h30m, 10s, 500ms or 30d");
  };
  std::string_view text = whole;
  if (text == "0") return milliseconds(0);
  if (text.empty() || text.size() > 32) return bad();
  milliseconds total(0);
  while (!text.empty()) {
    long long value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      value = value * 10 + (text[digits] - '0');
      if (++digits > 9) return bad();
    }
    if (digits == 0) return bad();
    text.remove_prefix(digits);
    if (text.substr(0, 2) == "ms") {
      total += milliseconds(value);
      text.remove_prefix(2);
      continue;
    }
    if (TakeChar(text, 's')) {
      total += std::chrono::seconds(value);
    } else if (TakeChar(text, 'm')) {
      total += std::chrono::minutes(value);
    } else if (TakeChar(text, 'h')) {
      total += std::chrono::hours(value);
    } else if (TakeChar(text, 'd')) {
      total += std::chrono::hours(24) * value;
    } else {
      return bad();
    }
  }
  return total;
}

}  // namespace landwaiter
