#include "cli/interrupt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace landwaiter::cli {
namespace {

constexpr int kDrained = 7;

/// Asks itself to stop, as a kubelet does, and leaves with kDrained when it was let do so.
[[noreturn]] void StopBySignal(int number, int times) {
  {
    Interrupt interrupt;
    for (int i = 0; i < times; ++i) {
      ::kill(::getpid(), number);
      interrupt.Wait();
    }
    if (times > 1) ::pause();
  }
  std::_Exit(kDrained);
}

TEST(InterruptDeathTest, TheFirstSignalAsksAndLetsTheProcessDrain) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (const int number : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(StopBySignal(number, 1), testing::ExitedWithCode(kDrained), "") << number;
  }
}

TEST(InterruptDeathTest, TheSecondEndsIt) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(StopBySignal(SIGTERM, 2), testing::KilledBySignal(SIGTERM), "");
}

TEST(Interrupt, WithoutASignalNothingIsAskedAndItEnds) {
  const Interrupt interrupt;
  EXPECT_FALSE(interrupt.Token().stop_requested());
}

}  // namespace
}  // namespace landwaiter::cli
