// Turns and shares: a controller that answers for some namespaces and lets others wait.
#include "webhook/ensurer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <map>

#include "tests/unit/webhook/builders.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

/// Keeps questions of "slow" until it is opened, and counts what it is asked at the same time.
class SlowFor final : public Controller {
 public:
  Result<resources::EnsureResponse> Ensure(const resources::EnsureRequest& request,
                                           const Cancellation& cancel) override {
    std::unique_lock lock(mutex_);
    order_.push_back(request.references.front());
    const int now = ++asking_[request.ns];
    most_[request.ns] = std::max(most_[request.ns], now);
    changed_.notify_all();
    const bool answers =
        changed_.wait(lock, cancel.stop, [&] { return open_ || request.ns != "slow"; });
    --asking_[request.ns];
    if (!answers) return Unavailable("cancelled");
    resources::EnsureResponse response;
    for (const auto& reference : request.references) {
      response.images.push_back({reference, kDigest, "scan"});
    }
    return response;
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void WaitUntilAsking(const std::string& ns, int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asking_[ns] >= count; });
  }
  int MostOf(const std::string& ns) {
    const std::lock_guard lock(mutex_);
    return most_[ns];
  }
  std::vector<std::string> Order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool open_ = false;
  std::map<std::string, int> asking_, most_;
  std::vector<std::string> order_;
};

class EnsurerShares : public ::testing::Test {
 protected:
  EnsurerShares() {
    memory_.OnChange([this](const std::string&) {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
  }
  ~EnsurerShares() override { controller_.Open(); }

  static CredentialSet Of(const std::string& ns) { return {ns, "default", {}}; }
  static std::string Image(const std::string& ns, int number) {
    return "r.io/" + ns + "/i:" + std::to_string(number);
  }
  void AskFor(Ensurer& ensurer, const std::string& ns, int count) {
    for (int i = 0; i < count; ++i) ensurer.Ask(Of(ns), {Image(ns, i)});
  }
  /// What became of it; waits for it, not for a time.
  Ensured Answer(const std::string& ns, int number) {
    const std::string key = EnsureKey(Of(ns), Image(ns, number));
    std::unique_lock lock(mutex_);
    std::optional<Ensured> last;
    changed_.wait(lock, [&] { return (last = memory_.LastEnsured(key)).has_value(); });
    return *last;
  }

  metrics::Registry registry_;
  Memory memory_;
  SlowFor controller_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

TEST_F(EnsurerShares, ASlowRegistryOfOneNamespaceDelaysNoOther) {
  Ensurer ensurer(controller_, memory_, registry_, {.threads = 8});
  AskFor(ensurer, "slow", 50);
  controller_.WaitUntilAsking("slow", 2);
  AskFor(ensurer, "quick", 20);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Answer("quick", i).digest.has_value());
  EXPECT_EQ(controller_.MostOf("slow"), 2);  // a quarter of the threads, the whole time
  controller_.Open();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Answer("slow", i).digest.has_value());
}

TEST_F(EnsurerShares, FewerThanFourThreadsLeaveOneToEach) {
  Ensurer ensurer(controller_, memory_, registry_, {.threads = 2});
  AskFor(ensurer, "slow", 5);
  AskFor(ensurer, "quick", 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Answer("quick", i).digest.has_value());
  EXPECT_EQ(controller_.MostOf("slow"), 1);
}

TEST_F(EnsurerShares, AFloodOfOneNamespaceLeavesRoomInTheQueue) {
  Ensurer ensurer(controller_, memory_, registry_, {.threads = 4, .queue = 8});
  AskFor(ensurer, "slow", 1);
  controller_.WaitUntilAsking("slow", 1);
  for (int i = 1; i < 100; ++i) ensurer.Ask(Of("slow"), {Image("slow", i)});
  const Ensured dropped = Answer("slow", 99);
  ASSERT_TRUE(dropped.failure.has_value());
  EXPECT_TRUE(dropped.failure->unreachable);
  ensurer.Ask(Of("quick"), {Image("quick", 0)});
  EXPECT_TRUE(Answer("quick", 0).digest.has_value());
  controller_.Open();
  // Two waited: a quarter of the queue.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Answer("slow", i).digest.has_value());
  EXPECT_FALSE(Answer("slow", 3).digest.has_value());
}

TEST_F(EnsurerShares, NamespacesTakeTurns) {
  Ensurer ensurer(controller_, memory_, registry_, {.threads = 1});
  AskFor(ensurer, "slow", 1);  // holds the one thread while the others line up
  controller_.WaitUntilAsking("slow", 1);
  AskFor(ensurer, "a", 3);
  AskFor(ensurer, "b", 2);
  controller_.Open();
  for (int i = 0; i < 3; ++i) Answer("a", i);
  for (int i = 0; i < 2; ++i) Answer("b", i);
  EXPECT_EQ(controller_.Order(),
            (std::vector<std::string>{Image("slow", 0), Image("a", 0), Image("b", 0), Image("a", 1),
                                      Image("b", 1), Image("a", 2)}));
}

}  // namespace
}  // namespace landwaiter::webhook
