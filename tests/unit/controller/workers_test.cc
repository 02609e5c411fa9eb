#include "controller/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "lib/kube/api.h"

namespace landwaiter::controller {
namespace {

TEST(Workers, BringAKeyAgainThatTheFenceTurnedAway) {
  kube::WorkQueue queue({.retry_min = std::chrono::milliseconds(1)});
  std::atomic<int> calls{0};
  std::atomic<bool> done{false};
  Workers workers(
      queue, {.name = "test", .threads = 1}, [] { return true; },
      [&](const std::string&, const Cancellation&) -> Outcome {
        if (++calls < 3) {
          return {Error{Code::kConflict, "not the leader", std::string(kube::kReasonNotLeader)}};
        }
        done = true;
        return {Ok()};
      });
  workers.Start();
  queue.Add("key");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(done);
  workers.Stop();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(queue.Failures("key"), 0u);
}

}  // namespace
}  // namespace landwaiter::controller
