#include "controller/fair_queue.h"

#include <gtest/gtest.h>

namespace landwaiter::controller {
namespace {

std::string Next(FairQueue<std::string>& queue) {
  const std::stop_source stop;
  auto taken = queue.Take(stop.get_token());
  return taken ? taken->second : "";
}

TEST(FairQueue, LetsNamespacesTakeTurnsAndKeepsEachToItsShare) {
  FairQueue<std::string> queue(100, 2);
  ASSERT_TRUE(queue.TryPush("flood", {"f1", "f2", "f3", "f4"}));
  ASSERT_TRUE(queue.TryPush("quiet", {"q1"}));
  EXPECT_EQ(Next(queue), "f1");
  EXPECT_EQ(Next(queue), "q1");
  EXPECT_EQ(Next(queue), "f2");
  ASSERT_TRUE(queue.TryPush("late", {"l1"}));
  EXPECT_EQ(Next(queue), "l1") << "flood has two in work";
  queue.Done("flood");
  EXPECT_EQ(Next(queue), "f3");
}

TEST(FairQueue, TakesAllOfARequestOrNone) {
  FairQueue<std::string> queue(3, 1);
  EXPECT_TRUE(queue.TryPush("a", {"1", "2"}));
  EXPECT_FALSE(queue.TryPush("b", {"1", "2"}));
  EXPECT_TRUE(queue.TryPush("b", {"1"}));
  queue.Clear();
  EXPECT_TRUE(queue.TryPush("b", {"x", "y", "z"}));
  EXPECT_EQ(Next(queue), "x");
}

TEST(FairQueue, EndsAWaitWhenStopped) {
  FairQueue<std::string> queue(3, 1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(queue.Take(stop.get_token()));
}

}  // namespace
}  // namespace landwaiter::controller
