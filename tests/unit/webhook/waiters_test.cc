#include "webhook/waiters.h"

#include <gtest/gtest.h>

#include <latch>

namespace landwaiter::webhook {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

SteadyTime Later() { return steady_clock::now() + hours(1); }

TEST(Waiters, AWakeResumesOnceThoseThatWaitForTheKeyAndNoOthers) {
  std::atomic<int> first{0};
  std::atomic<int> other{0};
  std::latch woken(1);
  Waiters waiters(10);
  ASSERT_TRUE(waiters.Add({"a", "b"}, Later(), waiters.Epoch(), [&] {
    ++first;
    woken.count_down();
  }));
  ASSERT_TRUE(waiters.Add({"c"}, Later(), waiters.Epoch(), [&] { ++other; }));
  waiters.Wake("nobody");
  waiters.Wake("b");
  woken.wait();
  waiters.Wake("a");
  EXPECT_EQ(waiters.size(), 1u);
  waiters.Stop();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(other, 1);  // Stop resumes all that wait
}

TEST(Waiters, TimeResumesInOrder) {
  std::vector<int> order;
  std::latch both(2);
  Waiters waiters(10);
  const auto now = steady_clock::now();
  ASSERT_TRUE(waiters.Add({"a"}, now + milliseconds(60), waiters.Epoch(), [&] {
    order.push_back(2);
    both.count_down();
  }));
  ASSERT_TRUE(waiters.Add({"a"}, now + milliseconds(20), waiters.Epoch(), [&] {
    order.push_back(1);
    both.count_down();
  }));
  both.wait();
  waiters.Stop();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Waiters, AChangeBetweenTheLookAndTheAddIsNotMissed) {
  std::latch resumed(1);
  Waiters waiters(10);
  const auto epoch = waiters.Epoch();
  waiters.Wake("a");
  ASSERT_TRUE(waiters.Add({"a"}, Later(), epoch, [&] { resumed.count_down(); }));
  resumed.wait();
}

TEST(Waiters, TooManyAreRefused) {
  Waiters waiters(2);
  EXPECT_TRUE(waiters.Add({"a"}, Later(), waiters.Epoch(), [] {}));
  EXPECT_TRUE(waiters.Add({"a"}, Later(), waiters.Epoch(), [] {}));
  EXPECT_FALSE(waiters.Add({"a"}, Later(), waiters.Epoch(), [] {}));
}

TEST(Waiters, AResumeThatThrowsHarmsNoOther) {
  std::latch resumed(1);
  Waiters waiters(10);
  ASSERT_TRUE(
      waiters.Add({"a"}, Later(), waiters.Epoch(), [] { throw std::runtime_error("broken"); }));
  ASSERT_TRUE(waiters.Add({"a"}, Later(), waiters.Epoch(), [&] { resumed.count_down(); }));
  waiters.Wake("a");
  resumed.wait();
}

TEST(Waiters, ManyThreadsWakeAndAdd) {
  std::atomic<int> resumed{0};
  {
    Waiters waiters(100'000);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&waiters, &resumed, t] {
        for (int i = 0; i < 500; ++i) {
          const std::string key = "k" + std::to_string(i % 7);
          EXPECT_TRUE(waiters.Add({key, "t" + std::to_string(t)}, Later(), waiters.Epoch(),
                                  [&] { ++resumed; }));
          waiters.Wake("k" + std::to_string(i % 5));
        }
      });
    }
    threads.clear();
  }
  EXPECT_EQ(resumed, 2000);
}

}  // namespace
}  // namespace landwaiter::webhook
