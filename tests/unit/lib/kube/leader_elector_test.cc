#include "lib/kube/leader_elector.h"

#include <gtest/gtest.h>

#include "tests/support/fake_kube.h"

namespace landwaiter::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeKube;

class LeaderElectorTest : public ::testing::Test {
 protected:
  std::unique_ptr<LeaderElector> Elector(const std::string& identity, int* started = nullptr,
                                         int* stopped = nullptr) {
    return std::make_unique<LeaderElector>(
        api_, clock_, LeaderElectorOptions{.ns = "landwaiter", .identity = identity},
        LeaderElector::Callbacks{[started] {
                                   if (started != nullptr) ++*started;
                                 },
                                 [stopped] {
                                   if (stopped != nullptr) ++*stopped;
                                 }});
  }
  json Lease() { return api_.Read(kLeases, {"landwaiter", "landwaiter-controller"}); }
  static LeaderElector::SteadyTime Now() { return std::chrono::steady_clock::now(); }

  FakeKube api_;
  SystemClock clock_;
};

TEST_F(LeaderElectorTest, TakesALeaseThatIsNotThere) {
  int started = 0;
  auto elector = Elector("one", &started);
  EXPECT_FALSE(elector->MayWrite());
  elector->Step(Now());
  EXPECT_TRUE(elector->MayWrite());
  EXPECT_EQ(started, 1);
  EXPECT_EQ(Lease()["spec"]["holderIdentity"], "one");
  EXPECT_EQ(Lease()["spec"]["leaseDurationSeconds"], 15);
}

TEST_F(LeaderElectorTest, LeavesALeaseThatIsRenewed) {
  auto one = Elector("one");
  auto two = Elector("two");
  const auto start = Now();
  one->Step(start);
  two->Step(start);
  for (int second = 2; second < 60; second += 2) {
    one->Step(start + seconds(second));
    two->Step(start + seconds(second));
    EXPECT_FALSE(two->MayWrite()) << second;
  }
  EXPECT_EQ(two->Holder(), "one");
}

TEST_F(LeaderElectorTest, TakesALeaseThatWasNotRenewedByItsOwnClock) {
  auto one = Elector("one");
  auto two = Elector("two");
  const auto start = Now();
  one->Step(start);
  two->Step(start);
  two->Step(start + seconds(14));
  EXPECT_EQ(Lease()["spec"]["holderIdentity"], "one");
  two->Step(start + seconds(16));
  EXPECT_TRUE(two->MayWrite());
  EXPECT_EQ(Lease()["spec"]["leaseTransitions"], 1);
}

// Admission pitfall 92.
TEST_F(LeaderElectorTest, StopsWritingWhenItCannotRenewBeforeAnotherMayBegin) {
  int stopped = 0;
  auto one = Elector("one", nullptr, &stopped);
  one->Step(Now() - seconds(11));  // renewed eleven seconds ago, and not since
  EXPECT_FALSE(one->MayWrite()) << "by time alone";
  api_.SetFault([](const std::string&, const Resource&, const ObjectKey&) {
    return std::optional<Error>(Unavailable("down"));
  });
  one->Step(Now());
  EXPECT_FALSE(one->MayWrite());
}

TEST_F(LeaderElectorTest, StopsAtOnceWhenAnotherHoldsTheLease) {
  int stopped = 0;
  auto one = Elector("one", nullptr, &stopped);
  one->Step(Now());
  ASSERT_TRUE(one->MayWrite());
  json lease = Lease();
  lease["spec"]["holderIdentity"] = "thief";
  lease["spec"]["renewTime"] = "2026-11-24T10:00:00.000000Z";
  api_.Put(kLeases, lease);
  one->Step(Now());
  EXPECT_FALSE(one->MayWrite());
  EXPECT_EQ(stopped, 1);
}

TEST_F(LeaderElectorTest, LetsOneOfTwoWinARace) {
  const auto start = Now();
  json lease{{"metadata", {{"namespace", "landwaiter"}, {"name", "landwaiter-controller"}}},
             {"spec", {{"holderIdentity", ""}}}};
  api_.Put(kLeases, lease);
  // Both have read the free Lease; the second write meets the first one's version.
  auto one = Elector("one");
  auto two = Elector("two");
  std::atomic<int> reads{0};
  api_.SetFault([&](const std::string& verb, const Resource&, const ObjectKey&) {
    if (verb == "get") ++reads;
    return std::optional<Error>();
  });
  std::jthread a([&] { one->Step(start); });
  std::jthread b([&] { two->Step(start); });
  a.join();
  b.join();
  EXPECT_NE(one->MayWrite(), two->MayWrite());
}

TEST_F(LeaderElectorTest, GivesTheLeaseUpWhenStopped) {
  int stopped = 0;
  auto one = Elector("one", nullptr, &stopped);
  one->Start();
  ASSERT_TRUE(api_.WaitUntil([&] { return one->MayWrite(); }));
  one->Stop();
  EXPECT_FALSE(one->MayWrite());
  EXPECT_EQ(stopped, 1);
  EXPECT_EQ(Lease()["spec"]["holderIdentity"], "");
  auto two = Elector("two");
  two->Step(Now());
  EXPECT_TRUE(two->MayWrite()) << "without waiting for the lease to run out";
}

TEST_F(LeaderElectorTest, SaysWhenTheRightToWriteEnds) {
  auto one = Elector("one");
  EXPECT_LE(one->MayWriteUntil(), Now()) << "before the Lease is held";
  const auto at = Now();
  one->Step(at);
  EXPECT_EQ(one->MayWriteUntil(), at + LeaderElectorOptions().renew_deadline);
  one->Stop();
}

TEST(FencedApi, RefusesEveryWriteWithoutTheLeaseAndNoRead) {
  FakeKube api;
  api.Put(kNodes, json{{"metadata", {{"name", "n"}}}});
  bool may = false;
  FencedApi fenced(api, [&] { return may; });
  const json node{{"metadata", {{"name", "n"}}}};
  EXPECT_TRUE(fenced.Get(kNodes, {"", "n"}, {}));
  const auto refused = [](const auto& result) {
    return !result && result.error().reason == kReasonNotLeader;
  };
  EXPECT_TRUE(refused(fenced.Create(kNodes, node, {})));
  EXPECT_TRUE(refused(fenced.Update(kNodes, node, {})));
  EXPECT_TRUE(refused(fenced.UpdateStatus(kNodes, node, {})));
  EXPECT_TRUE(refused(fenced.Patch(kNodes, {"", "n"}, {}, json::object(), {})));
  EXPECT_TRUE(refused(fenced.Delete(kNodes, {"", "n"}, {}, {})));
  may = true;
  EXPECT_TRUE(fenced.Update(kNodes, node, {}));
}

}  // namespace
}  // namespace landwaiter::kube
