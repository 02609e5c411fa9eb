#include "cli/repeat.h"

#include <gtest/gtest.h>

#include "cli/commands.h"

namespace landwaiter::cli {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

struct PauseCase {
  const char* name;
  milliseconds every;
  int failures;
  milliseconds expected;
};

TEST(UntilNextRound, Table) {
  const PauseCase cases[] = {
      {"after a good round the period", hours(6), 0, hours(6)},
      {"after the first bad one a minute", hours(6), 1, minutes(1)},
      {"doubled by each further one", hours(6), 4, minutes(8)},
      {"never more than the period", hours(6), 10, hours(6)},
      {"a period below a minute is the pause", milliseconds(1500), 3, milliseconds(1500)},
      {"a number of failures that would overflow", hours(24), 1'000'000, hours(24)},
  };
  for (const auto& c : cases) EXPECT_EQ(UntilNextRound(c.every, c.failures), c.expected) << c.name;
}

TEST(Repeat, WithoutAPeriodTheCodeOfTheOneRound) {
  int rounds = 0;
  EXPECT_EQ(Repeat("", [&](const Cancellation&) { return ++rounds, kExitIncomplete; }),
            kExitIncomplete);
  EXPECT_EQ(rounds, 1);
}

TEST(Repeat, APeriodThatIsNoneIsBadUsageAndNothingRuns) {
  for (const char* every : {"soon", "10ms", "-1h", "6", "25h"}) {
    EXPECT_EQ(Repeat(every, [](const Cancellation&) { return ADD_FAILURE(), kExitOk; }), kExitUsage)
        << every;
  }
}

TEST(Repeat, GoesOnUntilARoundSaysBadUsage) {
  int rounds = 0;
  EXPECT_EQ(Repeat("1s", [&](const Cancellation&) { return ++rounds == 2 ? kExitUsage : kExitOk; }),
            kExitUsage);
  EXPECT_EQ(rounds, 2);
}

}  // namespace
}  // namespace landwaiter::cli
