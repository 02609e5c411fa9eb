#include "scanner/image/registry_errors.h"

#include <gtest/gtest.h>

namespace landwaiter::image {
namespace {

using std::chrono::milliseconds;

TEST(RetryAfter, IsSecondsOrADate) {
  const struct {
    const char* value;
    std::optional<milliseconds> wait;
  } kCases[] = {
      {"120", milliseconds(120'000)},
      {" 0 ", milliseconds(0)},
      {"Tue, 14 Nov 2023 22:13:30 GMT", milliseconds(10'000)},
      {"Tue, 14 Nov 2023 22:13:10 GMT", milliseconds(0)},
      {"Fri, 31 Dec 9999 23:59:59 GMT", milliseconds(251'702'300'799'000 - 1)},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"1.5", std::nullopt},
      {"99999999999", std::nullopt},
      {"Tue, 14 Nov 2023 22:13:30 CET", std::nullopt},
      {"soon", std::nullopt},
  };
  const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);
  for (const auto& c : kCases) {
    const auto wait = RetryAfter(c.value, now);
    if (std::string_view(c.value).find("9999 ") != std::string_view::npos) {
      ASSERT_TRUE(wait);
      EXPECT_GT(*wait, std::chrono::hours(24 * 365 * 7000))
          << "no clock of this machine ends before";
      continue;
    }
    EXPECT_EQ(wait, c.wait) << c.value;
  }
}

}  // namespace
}  // namespace landwaiter::image
