// How old a database is, by clocks that may differ.
#include "model/database_age.h"

#include <gtest/gtest.h>

namespace landwaiter {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Pitfall 145.
TEST(DatabaseAgeTest, IsYoungUpToTheLimitAndUnknownBeyondWhatClocksDifferBy) {
  struct Row {
    const char* name;
    milliseconds ago;
    DatabaseAge age;
  };
  const TimePoint now = *ParseTime("2026-11-24T12:00:00Z");
  for (const Row& row :
       {Row{"of this moment", hours(0), DatabaseAge::kYoung},
        Row{"as old as it may be", hours(72), DatabaseAge::kYoung},
        Row{"a moment older", hours(72) + milliseconds(1), DatabaseAge::kOld},
        Row{"decades older", hours(24) * 365 * 50, DatabaseAge::kOld},
        Row{"of a clock that is a little ahead", hours(-1), DatabaseAge::kYoung},
        Row{"as far ahead as clocks may be", hours(-24), DatabaseAge::kYoung},
        Row{"a moment further ahead", hours(-24) - milliseconds(1), DatabaseAge::kUnknown},
        Row{"centuries ahead", -hours(24) * 365 * 500, DatabaseAge::kUnknown}}) {
    EXPECT_EQ(AgeOfDatabase(now - row.ago, now, hours(72)), row.age) << row.name;
  }
}

}  // namespace
}  // namespace landwaiter
