#include "scanner/image/rate_limit.h"

#include <charconv>
#include <string_view>

#include "lib/base/text.h"

namespace landwaiter::image {
namespace {

// The longest window of a public registry is a day; Unix times are 1.7e9 seconds.
constexpr std::uint64_t kLongestSeconds = 86'400;

std::optional<std::uint64_t> WholeNumber(std::string_view text) {
  text = text::Trim(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::chrono::seconds> Seconds(std::string_view text) {
  const auto number = WholeNumber(text);
  if (!number || *number > kLongestSeconds) return std::nullopt;
  return std::chrono::seconds(*number);
}

}  // namespace

std::optional<RateLimit> ReadRateLimit(const http::Response& head) {
  std::string_view rest = head.HeaderValue("RateLimit-Remaining");
  const auto remaining = WholeNumber(rest.substr(0, rest.find(';')));
  if (!remaining) return std::nullopt;
  RateLimit limit{*remaining, std::nullopt, Seconds(head.HeaderValue("RateLimit-Reset"))};
  while (rest.find(';') != std::string_view::npos) {
    rest = text::Trim(rest.substr(rest.find(';') + 1));
    if (rest.substr(0, 2) == "w=") limit.window = Seconds(rest.substr(2, rest.find(';') - 2));
  }
  return limit;
}

}  // namespace landwaiter::image
