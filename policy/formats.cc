#include "policy/formats.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "lib/base/text.h"

namespace landwaiter::policy {
namespace {

bool IsLower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsAlnum(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z'); }

std::string Shown(std::string_view text) {
  return "'" + text::Printable(text::Truncate(text, 80)) + "' ";
}

/// Kubernetes' label names and values: [A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?, at most 63.
bool IsLabelName(std::string_view name) {
  return !name.empty() && name.size() <= 63 && IsAlnum(name.front()) && IsAlnum(name.back()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

Status CheckDuration(std::string_view text) {
  auto duration = ParseDuration(text);
  if (!duration) return duration.error();
  if (duration->count() == 0) return InvalidArgument(Shown(text) + "is no time at all");
  return Ok();
}

Status CheckDurationOfAYear(std::string_view text) {
  // A digest that has been bad for a year runs by neglect, not by an incident.
  constexpr std::chrono::hours kLongest{24 * 365};
  if (Status good = CheckDuration(text); !good) return good;
  const auto unit = text.find_first_not_of("0123456789");
  if (text.find('d') != std::string_view::npos && (text[unit] != 'd' || unit + 1 != text.size())) {
    return InvalidArgument(Shown(text) + "mixes days with others: write 36h, not 1d12h");
  }
  auto duration = ParseDuration(text);
  if (*duration > kLongest) return InvalidArgument(Shown(text) + "is longer than a year (8760h)");
  return Ok();
}

Status CheckUntil(std::string_view text) {
  auto time = ParseUntil(text);
  if (!time) return time.error();
  return Ok();
}

Status CheckRuleName(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 63 && IsLower(text.front()) &&
                    IsLower(text.back()) && std::all_of(text.begin(), text.end(), [](char c) {
                      return IsLower(c) || c == '-' || c == '.';
                    });
  if (good) return Ok();
  return InvalidArgument(Shown(text) +
                         "must be lower-case letters, digits, '-' and '.', e.g. no-critical");
}

Status CheckVulnerabilityId(std::string_view text) {
  const bool good =
      !text.empty() && IsAlnum(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
        return IsAlnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
      });
  if (good) return Ok();
  return InvalidArgument(Shown(text) +
                         "is no vulnerability id, expected e.g. CVE-2021-44228 "
                         "(whole ids, no patterns)");
}

Status CheckLabelKey(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view prefix =
      slash == std::string_view::npos ? std::string_view() : text.substr(0, slash);
  const std::string_view name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  const bool good_prefix = slash == std::string_view::npos ||
                           (!prefix.empty() && prefix.size() <= 253 &&
                            std::all_of(prefix.begin(), prefix.end(),
                                        [](char c) { return IsLower(c) || c == '-' || c == '.'; }));
  if (good_prefix && IsLabelName(name)) return Ok();
  return InvalidArgument(Shown(text) + "is no label key, expected e.g. team or example.com/team");
}

Status CheckLabelValue(std::string_view text) {
  if (text.empty() || IsLabelName(text)) return Ok();
  return InvalidArgument(Shown(text) +
                         "is no label value (letters, digits, '-', '_', '.'; at most "
                         "63)");
}

Status CheckPort(std::string_view text) {
  auto range = ParsePortRange(text);
  if (!range) return range.error();
  return Ok();
}

Status CheckUser(std::string_view text) {
  const bool good = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != ':' && c != 0x7F;
  });
  if (good) return Ok();
  return InvalidArgument(Shown(text) + "is no user, expected a name or a uid without a group");
}

Status CheckSize(std::string_view text) {
  auto size = ParseSize(text);
  if (!size) return size.error();
  return Ok();
}

Status CheckNotBlank(std::string_view text) {
  if (!text::Trim(text).empty()) return Ok();
  return InvalidArgument("is empty");
}

Result<PortRange> ParsePortRange(std::string_view whole) {
  const auto bad = [&] {
    return InvalidArgument(Shown(whole) +
                           "is no port, expected e.g. 22, 8000-8080 or 53/udp (1 to 65535)");
  };
  PortRange range;
  std::string_view text = whole;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    range.protocol = text.substr(slash + 1);
    if (range.protocol != "tcp" && range.protocol != "udp" && range.protocol != "sctp") {
      return bad();
    }
    text = text.substr(0, slash);
  }
  const auto number = [](std::string_view digits, std::uint16_t* value) {
    if (digits.empty() || digits.size() > 5) return false;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
    return error == std::errc() && end == digits.data() + digits.size() && *value > 0;
  };
  const auto dash = text.find('-');
  if (!number(text.substr(0, dash), &range.first)) return bad();
  range.last = range.first;
  if (dash != std::string_view::npos && !number(text.substr(dash + 1), &range.last)) return bad();
  if (range.last < range.first) return bad();
  return range;
}

Result<std::uint64_t> ParseSize(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  constexpr Unit kUnits[] = {{"", 1},
                             {"k", 1'000},
                             {"M", 1'000'000},
                             {"G", 1'000'000'000},
                             {"T", 1'000'000'000'000},
                             {"Ki", 1ull << 10},
                             {"Mi", 1ull << 20},
                             {"Gi", 1ull << 30},
                             {"Ti", 1ull << 40}};
  constexpr std::uint64_t kLargest = 1ull << 50;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto* const unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                        [&](const Unit& u) { return u.name == name; });
  const bool good = error == std::errc() && end != text.data() && unit != std::end(kUnits) &&
                    number > 0 && number <= kLargest / unit->bytes;
  if (good) return number * unit->bytes;
  return InvalidArgument(Shown(text) + "is no size, expected e.g. 500Mi, 2Gi or 50M");
}

Result<TimePoint> ParseUntil(std::string_view text) {
  constexpr std::size_t kBareDate = 10;  // YYYY-MM-DD
  auto time = ParseTime(text);
  if (!time) return time;
  if (text.size() == kBareDate) return *time + std::chrono::days(1);
  return time;
}

}  // namespace landwaiter::policy
