#include "lib/base/clock.h"

#include <gtest/gtest.h>

namespace landwaiter {
namespace {

TEST(ParseTime, ReadsWhatRfc3339Allows) {
  const std::pair<const char*, const char*> cases[] = {
      {"2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"},
      {"2026-11-23T10:00:00.123456789Z", "2026-11-23T10:00:00Z"},
      {"2026-11-23T10:00:00+02:00", "2026-11-23T08:00:00Z"},
      {"2026-11-23T23:30:00-01:00", "2026-11-24T00:30:00Z"},
      {"2027-01-31", "2027-01-31T00:00:00Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
  };
  for (const auto& [text, expected] : cases) {
    const auto time = ParseTime(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(FormatTime(*time), expected) << text;
  }
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-13-01", "2026-02-30", "2026-11-23T25:00:00Z",
                           "2026-11-23T10:00:00", "2026-11-23T10:00:00.Z", "2026-11-23Z", "x"}) {
    EXPECT_FALSE(ParseTime(text)) << text;
  }
}

TEST(ParseDuration, ReadsGoDurationsAndDays) {
  EXPECT_EQ(ParseDuration("72h").value(), std::chrono::hours(72));
  EXPECT_EQ(ParseDuration("1h30m").value(), std::chrono::minutes(90));
  EXPECT_EQ(ParseDuration("30d").value(), std::chrono::hours(720));
  EXPECT_EQ(ParseDuration("500ms").value(), std::chrono::milliseconds(500));
  for (const char* text : {"", "h", "5", "-5s", "5x", "99999999999h"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

}  // namespace
}  // namespace landwaiter
