// Owners of denied pods, annotated when the verdict is in.
#include "controller/nudger.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "tests/support/fake_kube.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr kube::Resource kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet", true};
const resources::OwnerRef kWeb{"apps/v1", "ReplicaSet", "web", "uid-web"};

class NudgerTest : public ::testing::Test {
 protected:
  NudgerTest() {
    api.Put(kReplicaSets,
            {{"metadata", {{"namespace", "shop"}, {"name", "web"}, {"uid", "uid-web"}}}});
    nudger.Start();
  }
  std::string JudgedAt() {
    const json found = api.Read(kReplicaSets, {"shop", "web"});
    return found["metadata"]
        .value("annotations", json::object())
        .value("landwaiter.io/judged-at", "");
  }

  testing::FakeKube api;
  SystemClock clock;
  metrics::Registry registry;
  std::atomic<bool> judged{false};
  Nudger nudger{api, clock, [this](const std::string&) { return judged.load(); }, &registry};
};

// Admission pitfall 10.
TEST_F(NudgerTest, AnnotatesAnOwnerWhenTheVerdictIsIn) {
  nudger.Denied("scan", "shop", kWeb);
  nudger.Look("scan");
  nudger.Look("another");
  EXPECT_EQ(JudgedAt(), "") << "no verdict yet";
  judged = true;
  nudger.Look("scan");
  ASSERT_TRUE(api.WaitUntil([&] { return !JudgedAt().empty(); }));
  const std::string first = JudgedAt();
  nudger.Look("scan");
  EXPECT_EQ(api.CountWrites("patch", kReplicaSets), 1u) << "once for each denial";
}

TEST_F(NudgerTest, AnOwnerIsToldOnceInAWhileHoweverOftenItIsDenied) {
  judged = true;
  nudger.Denied("scan", "shop", kWeb);
  ASSERT_TRUE(api.WaitUntil([&] { return !JudgedAt().empty(); }));
  api.Put(kReplicaSets,
          {{"metadata", {{"namespace", "shop"}, {"name", "end"}, {"uid", "uid-end"}}}});
  resources::OwnerRef end = kWeb;
  end.name = "end";
  end.uid = "uid-end";
  for (int i = 0; i < 20; ++i) nudger.Denied("scan", "shop", kWeb);
  nudger.Denied("last", "shop", end);
  ASSERT_TRUE(api.WaitUntil([&] { return api.CountWrites("patch", kReplicaSets) >= 2; }));
  EXPECT_EQ(api.CountWrites("patch", kReplicaSets), 2u) << "the other owner's is the second";
}

TEST_F(NudgerTest, AVerdictThatCameInBetweenCountsAtOnce) {
  judged = true;
  nudger.Denied("scan", "shop", kWeb);
  EXPECT_TRUE(api.WaitUntil([&] { return !JudgedAt().empty(); }));
}

TEST_F(NudgerTest, OwnersOfOtherKindsAndWithoutAUidAreLeftAlone) {
  judged = true;
  for (const resources::OwnerRef& owner :
       {resources::OwnerRef{"example.com/v1", "ReplicaSet", "web", "uid-web"},
        resources::OwnerRef{"apps/v1", "Deployment", "web", "uid-web"},
        resources::OwnerRef{"v1", "Node", "web", "uid-web"},
        resources::OwnerRef{"apps/v1", "ReplicaSet", "web", ""}, resources::OwnerRef{}}) {
    nudger.Denied("scan", "shop", owner);
  }
  nudger.Denied("scan", "shop", kWeb);
  ASSERT_TRUE(api.WaitUntil([&] { return !JudgedAt().empty(); }));
  EXPECT_EQ(api.CountWrites("patch", kReplicaSets), 1u);
}

TEST_F(NudgerTest, AnOwnerThatIsGoneKeepsNoOtherFromIt) {
  nudger.Denied("scan", "shop", {"apps/v1", "StatefulSet", "gone", "uid-gone"});
  nudger.Denied("scan", "shop", kWeb);
  judged = true;
  nudger.Look("scan");
  EXPECT_TRUE(api.WaitUntil([&] { return !JudgedAt().empty(); }));
}

TEST_F(NudgerTest, AFloodOfScansForgetsTheOldest) {
  nudger.Denied("first", "shop", kWeb);
  for (int i = 0; i < 2000; ++i) {
    nudger.Denied("scan-" + std::to_string(i), "shop", {"apps/v1", "StatefulSet", "s", "uid"});
  }
  judged = true;
  nudger.Look("first");
  EXPECT_EQ(JudgedAt(), "");
}

}  // namespace
}  // namespace landwaiter::controller
