// A database that is too old is said in reports, whether there is a policy or not.
#include "scanner/matching/freshness.h"

#include <gtest/gtest.h>

namespace landwaiter::matching {
namespace {

// Pitfall 145.
TEST(StaleDatabaseTest, IsSaidFromTheLimitOnAndNotBefore) {
  struct Row {
    const char* name;
    const char* now;
    bool stale;
  };
  const TimePoint of = *ParseTime("2026-01-01T00:00:00Z");
  for (const Row& row : {Row{"of this moment", "2026-01-01T00:00:00Z", false},
                         Row{"as old as it may be", "2026-01-08T00:00:00Z", false},
                         Row{"a second older", "2026-01-08T00:00:01Z", true},
                         Row{"years older", "2036-01-01T00:00:00Z", true},
                         Row{"of a clock that is a day ahead", "2025-12-31T00:00:00Z", false}}) {
    const auto line = StaleDatabase(of, *ParseTime(row.now), std::chrono::hours(168));
    ASSERT_EQ(line.has_value(), row.stale) << row.name;
    if (!line) continue;
    EXPECT_EQ(line->source, "database") << row.name;
    EXPECT_EQ(line->state, CoverageState::kStale) << row.name;
    EXPECT_NE(line->reason.find("2026-01-01T00:00:00Z, more than 168h ago"), std::string::npos)
        << line->reason;
  }
}

// It would be young for ever.
TEST(StaleDatabaseTest, ADatabaseOfATimeToComeIsStaleAndSaysSo) {
  const auto line = StaleDatabase(*ParseTime("2046-01-01T00:00:00Z"),
                                  *ParseTime("2026-01-01T00:00:00Z"), std::chrono::hours(168));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->state, CoverageState::kStale);
  EXPECT_NE(line->reason.find("2046-01-01T00:00:00Z, a time to come"), std::string::npos)
      << line->reason;
}

TEST(StaleDatabaseTest, TheLineIsTheSameHoweverOldTheDatabaseHasGrown) {
  const TimePoint of = *ParseTime("2026-01-01T00:00:00Z");
  const auto limit = std::chrono::hours(48);
  EXPECT_EQ(StaleDatabase(of, of + std::chrono::hours(49), limit),
            StaleDatabase(of, of + std::chrono::hours(4900), limit));
}

// 1970 is what an update knows of a feed that nobody noted.
TEST(StaleDatabaseTest, ADatabaseOfUnknownTimeIsStale) {
  EXPECT_TRUE(
      StaleDatabase(TimePoint{}, *ParseTime("2026-01-01T00:00:00Z"), std::chrono::hours(24 * 365)));
}

}  // namespace
}  // namespace landwaiter::matching
