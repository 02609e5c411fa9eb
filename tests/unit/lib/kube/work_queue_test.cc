#include "lib/kube/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace landwaiter::kube {
namespace {

using Priority = WorkQueue::Priority;
using std::chrono::milliseconds;

std::string Next(WorkQueue& queue) {
  const std::stop_source stop;
  auto key = queue.Get(stop.get_token());
  return key.value_or("");
}

TEST(WorkQueue, GivesAKeyOnceHoweverOftenItWasAdded) {
  WorkQueue queue;
  queue.Add("a");
  queue.Add("a");
  queue.Add("b");
  EXPECT_EQ(Next(queue), "a");
  EXPECT_EQ(Next(queue), "b");
  EXPECT_EQ(queue.size(), 0u);
}

TEST(WorkQueue, KeepsANamespaceToItsShareOfTheWorkers) {
  WorkQueue queue({.per_namespace = 1});
  for (const char* key : {"flood/a", "flood/b", "flood/c", "quiet/a", "cluster"}) queue.Add(key);
  EXPECT_EQ(Next(queue), "flood/a");
  EXPECT_EQ(Next(queue), "quiet/a");
  EXPECT_EQ(Next(queue), "cluster");
  EXPECT_EQ(queue.size(), 2u) << "they are due, and wait for their own namespace";
  queue.Add("flood/c", Priority::kHigh);
  queue.Done("quiet/a");
  queue.Done("flood/a");
  EXPECT_EQ(Next(queue), "flood/c") << "raised while it was held";
  queue.Done("flood/c");
  EXPECT_EQ(Next(queue), "flood/b");
  queue.Done("flood/b");
  EXPECT_EQ(queue.size(), 0u);
  queue.Done("cluster");
  EXPECT_TRUE(queue.Idle());
}

TEST(WorkQueue, ForgetsHeldKeysWhenCleared) {
  WorkQueue queue({.per_namespace = 1});
  queue.Add("a/1");
  queue.Add("a/2");
  queue.Add("b/1");
  EXPECT_EQ(Next(queue), "a/1");
  EXPECT_EQ(Next(queue), "b/1");
  queue.Clear();
  queue.Done("a/1");
  queue.Add("a/3");
  EXPECT_EQ(Next(queue), "a/3");
  EXPECT_EQ(queue.size(), 0u);
}

TEST(WorkQueue, LosesNoKeyOfManyNamespaces) {
  WorkQueue queue({.per_namespace = 1});
  std::atomic<int> done{0};
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&](const std::stop_token& stop) {
      while (auto key = queue.Get(stop)) {
        ++done;
        queue.Done(*key);
      }
    });
  }
  for (int i = 0; i < 2000; ++i) {
    queue.Add("ns" + std::to_string(i % 3) + "/" + std::to_string(i));
  }
  while (done < 2000) std::this_thread::yield();
  for (auto& worker : workers) worker.request_stop();
  workers.clear();
  EXPECT_TRUE(queue.Idle());
}

TEST(WorkQueue, KeepsAKeyOutOfTwoHands) {
  WorkQueue queue;
  queue.Add("a");
  ASSERT_EQ(Next(queue), "a");
  queue.Add("a");  // while it is worked on
  EXPECT_EQ(queue.size(), 0u);
  queue.Done("a");
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(Next(queue), "a");
}

TEST(WorkQueue, ServesByPriorityThenByArrival) {
  WorkQueue queue;
  queue.Add("low", Priority::kLow);
  queue.Add("first");
  queue.Add("second");
  queue.Add("high", Priority::kHigh);
  EXPECT_EQ(Next(queue), "high");
  EXPECT_EQ(Next(queue), "first");
  EXPECT_EQ(Next(queue), "second");
  EXPECT_EQ(Next(queue), "low");
}

TEST(WorkQueue, RaisesAKeyThatWaitsButNeverLowersIt) {
  WorkQueue queue;
  queue.Add("a");
  queue.Add("b");
  queue.Add("b", Priority::kHigh);
  queue.Add("b", Priority::kLow);
  EXPECT_EQ(Next(queue), "b");
}

TEST(WorkQueue, BringsADelayedKeyBack) {
  WorkQueue queue;
  queue.AddAfter("later", milliseconds(20));
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(Next(queue), "later");
}

TEST(WorkQueue, KeepsTheEarlierOfTwoDelays) {
  WorkQueue queue;
  queue.AddAfter("a", milliseconds(1));
  queue.AddAfter("a", std::chrono::hours(1));
  EXPECT_EQ(Next(queue), "a");
  queue.Done("a");
  queue.AddAfter("b", std::chrono::hours(1));
  queue.AddAfter("b", milliseconds(1));
  EXPECT_EQ(Next(queue), "b");
}

TEST(WorkQueue, WakesAWaiterForAShorterDelay) {
  WorkQueue queue;
  queue.AddAfter("far", std::chrono::hours(1));
  std::string got;
  std::jthread waiter([&](const std::stop_token& stop) { got = queue.Get(stop).value_or(""); });
  queue.AddAfter("near", milliseconds(5));
  waiter.join();
  EXPECT_EQ(got, "near");
}

TEST(WorkQueue, CountsFailuresUntilForgotten) {
  WorkQueue queue({.retry_min = milliseconds(1), .retry_max = milliseconds(4)});
  for (std::size_t i = 1; i <= 40; ++i) {
    queue.AddRateLimited("a");
    EXPECT_EQ(queue.Failures("a"), i);
    EXPECT_EQ(Next(queue), "a");
    queue.Done("a");
  }
  queue.Forget("a");
  EXPECT_EQ(queue.Failures("a"), 0u);
}

TEST(WorkQueue, EndsWaitersOnStopAndOnShutDown) {
  WorkQueue queue;
  std::jthread stopped([&](const std::stop_token& stop) { EXPECT_FALSE(queue.Get(stop)); });
  stopped.request_stop();
  stopped.join();
  std::jthread shut([&](const std::stop_token& stop) { EXPECT_FALSE(queue.Get(stop)); });
  queue.ShutDown();
  shut.join();
  queue.Add("a");
  EXPECT_EQ(queue.size(), 0u);
}

TEST(WorkQueue, ClearsWhatWaits) {
  WorkQueue queue;
  queue.Add("a");
  queue.AddAfter("b", milliseconds(1));
  queue.Clear();
  EXPECT_TRUE(queue.Idle());
  queue.Add("c");
  EXPECT_EQ(Next(queue), "c");
  EXPECT_FALSE(queue.Idle());
  queue.Done("c");
  EXPECT_TRUE(queue.Idle());
}

TEST(WorkQueue, HandsEveryKeyOutToManyThreadsAndNeverTwiceAtOnce) {
  WorkQueue queue;
  constexpr int kKeys = 50;
  constexpr int kRounds = 40;
  std::vector<std::atomic<int>> held(kKeys);
  std::atomic<int> handled{0};
  std::atomic<bool> twice{false};
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&](const std::stop_token& stop) {
      while (auto key = queue.Get(stop)) {
        auto& mine = held[std::stoul(*key)];
        if (mine.fetch_add(1) != 0) twice = true;
        handled.fetch_add(1);
        mine.fetch_sub(1);
        queue.Done(*key);
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    for (int key = 0; key < kKeys; ++key) queue.Add(std::to_string(key));
  }
  while (!queue.Idle()) std::this_thread::yield();
  for (auto& worker : workers) worker.request_stop();
  workers.clear();
  EXPECT_FALSE(twice);
  EXPECT_GE(handled, kKeys);
  EXPECT_LE(handled, kKeys * kRounds);
}

}  // namespace
}  // namespace landwaiter::kube
