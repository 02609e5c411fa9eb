// The keeper of Falco's ConfigMaps against an API server in memory: what is told when images find
// no room, and that it is told once.
#include "controller/runtime/falco_keeper.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/fake_kube.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using testing::FakeKube;

constexpr char kNs[] = "landwaiter";
constexpr char kName[] = "landwaiter-falco";
/// Room for the rules, a list's waste and a few dozen images: not for 200.
constexpr report::FalcoLimits kSmall{
    report::kMaxFalcoListItems * 75 + report::kMaxFalcoNamespaceBytes + (28u << 10), 1};

class FalcoKeeperTest : public ::testing::Test {
 protected:
  FalcoKeeperTest()
      : scans_(api_, {.resource = kImageScans}, ProjectScan),
        namespaces_(api_, {.resource = kube::kNamespaces}, ProjectNamespace),
        events_(api_, clock_, {.instance = "one"}) {
    policies_ = {Recorded(APolicy("all", 1, NoCritical()))};
    // Server-side apply makes what is not there; this API server does not.
    api_.Put(kConfigMaps, {{"metadata", {{"namespace", kNs}, {"name", kName}}}});
    events_.Start();
  }
  ~FalcoKeeperTest() override {
    events_.Stop();
    scans_.Stop();
    namespaces_.Stop();
  }

  /// An image that fails; each has three digests in the lists.
  void Fails(int number) {
    const Digest digest = DigestOf("image-" + std::to_string(number));
    json object = {{"metadata", {{"name", resources::ScanName(digest)}, {"generation", 1}}},
                   {"spec", {{"image", "r.io/shop/cart@" + digest.ToString()}}}};
    object["status"] = {
        {"digest", digest.ToString()},
        {"scannedAt", "2026-11-24T10:00:00Z"},
        {"matchedAt", "2026-11-24T10:00:00Z"},
        {"references", {"r.io/shop/cart:" + std::to_string(number)}},
        {"policies",
         {{{"name", "all"}, {"generation", 1}, {"uid", "uid-all"}, {"verdict", "Fail"}}}}};
    api_.Put(kImageScans, object);
  }
  void Start() {
    scans_.Start();
    namespaces_.Start();
    const Cancellation soon = Cancellation{}.Within(std::chrono::seconds(20));
    ASSERT_TRUE(scans_.WaitForSync(soon));
    ASSERT_TRUE(namespaces_.WaitForSync(soon));
  }
  FalcoKeeper::Parts Parts(report::FalcoLimits limits) {
    return {api_,    clock_, scans_, namespaces_, [&] { return policies_; },
            events_, kNs,    kName,  nullptr,     limits};
  }
  std::vector<std::string> Told(const std::string& reason) {
    std::vector<std::string> messages;
    const auto listed = api_.List(kube::kEvents, {},
                                  [&](json&& event) {
                                    if (event.value("reason", "") != reason) return Ok();
                                    EXPECT_EQ(event["involvedObject"].value("name", ""), kName);
                                    messages.push_back(event.value("message", ""));
                                    count_ += event.value("count", 1);
                                    return Ok();
                                  },
                                  {});
    EXPECT_TRUE(listed);
    return messages;
  }
  bool IsTold(const std::string& reason) {
    return api_.WaitUntil([&] { return !Told(reason).empty(); });
  }

  FakeKube api_;
  SystemClock clock_;
  kube::Informer<ScanRecord> scans_;
  kube::Informer<NamespaceRecord> namespaces_;
  kube::EventRecorder events_;
  Policies policies_;
  int count_ = 0;  // of the Events that were looked at
};

TEST_F(FalcoKeeperTest, ThatImagesFindNoRoomIsToldOnceAndSoIsThatTheyDoAgain) {
  constexpr int kMany = 200;
  for (int i = 0; i < kMany; ++i) Fails(i);
  Start();
  FalcoKeeper keeper(Parts(kSmall));
  ASSERT_TRUE(keeper.Reconcile({}).status);
  ASSERT_TRUE(IsTold("FalcoRulesIncomplete"));
  const auto told = Told("FalcoRulesIncomplete");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("images found no room in 1 ConfigMaps"), std::string::npos) << told[0];
  EXPECT_NE(told[0].find("those that fail worst are listed"), std::string::npos) << told[0];
  // Looked at again and again while it lasts.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(keeper.Reconcile({}).status);
  // Events leave in their order: once this one is there, so are all before it.
  for (int i = 1; i < kMany; ++i) {
    api_.Remove(kImageScans, {"", resources::ScanName(DigestOf("image-" + std::to_string(i)))});
  }
  ASSERT_TRUE(api_.WaitUntil([&] { return scans_.List().size() == 1; }));
  ASSERT_TRUE(keeper.Reconcile({}).status);
  ASSERT_TRUE(IsTold("FalcoRulesComplete"));
  count_ = 0;
  Told("FalcoRulesIncomplete");
  EXPECT_EQ(count_, 1);
}

TEST_F(FalcoKeeperTest, WhereAllFindRoomNothingIsTold) {
  Fails(1);
  Start();
  FalcoKeeper keeper(Parts(report::kConfigMapLimits));
  ASSERT_TRUE(keeper.Reconcile({}).status);
  EXPECT_EQ(api_.Read(kConfigMaps, {kNs, kName})["data"].size(), 2u);
  const kube::EventTarget marker{"v1", "ConfigMap", kNs, kName, ""};
  events_.Record(marker, kube::EventType::kNormal, "Marker", "after all others");
  ASSERT_TRUE(IsTold("Marker"));
  EXPECT_TRUE(Told("FalcoRulesIncomplete").empty() && Told("FalcoRulesComplete").empty());
}

TEST_F(FalcoKeeperTest, ALeaderThatFollowsAnotherTellsItForItself) {
  for (int i = 0; i < 200; ++i) Fails(i);
  Start();
  FalcoKeeper keeper(Parts(kSmall));
  ASSERT_TRUE(keeper.Reconcile({}).status);
  ASSERT_TRUE(IsTold("FalcoRulesIncomplete"));
  keeper.Forget();
  ASSERT_TRUE(keeper.Reconcile({}).status);
  ASSERT_TRUE(api_.WaitUntil([&] {
    count_ = 0;
    Told("FalcoRulesIncomplete");
    return count_ == 2;
  }));
}

}  // namespace
}  // namespace landwaiter::controller
