// Pods behind the scan gate, by the whole role against an API server in memory.
#include "controller/held_pods.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "controller/held_release.h"
#include "model/scan_request.h"
#include "tests/unit/controller/world.h"

namespace landwaiter::controller {
namespace {

const Digest kHeldImage = DigestOf("cart");
const json kOtherGate = {{"name", "other.io/x"}};

json Gated(json pod, bool with_other = false) {
  pod["spec"]["schedulingGates"] = json::array();
  if (with_other) pod["spec"]["schedulingGates"].push_back(kOtherGate);
  pod["spec"]["schedulingGates"].push_back({{"name", "landwaiter.io/scan"}});
  pod["status"]["phase"] = "Pending";
  pod["metadata"]["creationTimestamp"] = FormatTime(SystemClock().Now());
  return pod;
}

json Holds(json spec = json::object()) {
  json policy = APolicy("baseline", 1, NoCritical());
  policy["spec"]["onUnscanned"] = "Hold";
  policy["spec"].update(spec);
  return policy;
}

class HeldPodsTest : public ::testing::Test {
 protected:
  json Pod(const std::string& name = "cart") { return world.api.Read(kube::kPods, {"shop", name}); }
  bool Released(const std::string& name = "cart") {
    const json pod = Pod(name);
    return !pod.is_null() && pod["spec"]["schedulingGates"].empty();
  }
  /// Messages of the Events with this reason about a kind of object.
  std::vector<std::string> Told(const std::string& reason, const std::string& kind = "Pod") {
    std::vector<std::string> out;
    for (const auto& event : world.api.All(kube::kEvents)) {
      if (event["reason"] == reason && event["involvedObject"]["kind"] == kind) {
        out.push_back(event["message"]);
      }
    }
    return out;
  }
  void NoScannerAnswers() {
    world.scanner_fault.With([](auto& fault) {
      fault = Error{Code::kUnavailable, "busy", std::string(scan_reason::kScannerBusy)};
    });
  }
  void ScannersAnswer() {
    world.scanner_fault.With([](auto& fault) { fault.reset(); });
  }

  World world;
};

TEST_F(HeldPodsTest, OneWhoseImagePassesIsReleasedAndOthersGatesStay) {
  world.UseDatabase("db-1", {});
  world.api.Put(kScanPolicies, Holds());
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(APod("cart"), true), kTag));
  ASSERT_TRUE(world.Until([&] {
    return Pod()["spec"]["schedulingGates"] == json::array({kOtherGate});
  })) << Pod().dump(1);
  EXPECT_EQ(world.Verdict(kHeldImage), "Pass");
  EXPECT_TRUE(world.Until([&] { return !Told("ReleasedAfterScan").empty(); }));
}

TEST_F(HeldPodsTest, OneWhoseImageFailsIsDeletedAndItsOwnerIsTold) {
  world.api.Put(kScanPolicies, Holds());
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(OwnedBy(APod("cart"), "ReplicaSet", "cart-1")), kTag));
  ASSERT_TRUE(world.Until([&] { return Pod().is_null(); }));
  ASSERT_TRUE(world.Until([&] { return !Told("DeniedAfterScan", "ReplicaSet").empty(); }));
  const std::string why = Told("DeniedAfterScan", "ReplicaSet").front();
  for (const char* part :
       {"policy baseline", "no-critical", "CVE-1", "kubectl describe imagescan"}) {
    EXPECT_NE(why.find(part), std::string::npos) << why;
  }
  EXPECT_FALSE(Told("DeniedAfterScan").empty()) << "the pod's own";
}

TEST_F(HeldPodsTest, OneThatWaitsSaysWhyAndIsReleasedAfterARestart) {
  world.UseDatabase("db-1", {});
  world.api.Put(kScanPolicies, Holds());
  NoScannerAnswers();
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(APod("cart")), kTag));
  ASSERT_TRUE(world.Until([&] { return !Told("HeldForScan").empty(); }));
  EXPECT_NE(
      Told("HeldForScan").front().find("not scanned yet; the pod waits for that, at most 10m"),
      std::string::npos);
  EXPECT_FALSE(Released());
  replica.End();
  ScannersAnswer();
  replica.Begin();
  EXPECT_TRUE(world.Until([&] { return Released(); }));
}

TEST_F(HeldPodsTest, ALeaderLooksAtThemBeforeAllOthers) {
  constexpr int kOthers = 100;
  const auto tag = [](int i) { return "r.io/shop/other-" + std::to_string(i) + ":1"; };
  world.api.Put(kScanPolicies, Holds());
  for (int i = 0; i < kOthers; ++i) {
    world.Push(tag(i), DigestOf(tag(i)));
    world.api.Put(kube::kPods, WithImage(APod("a-" + std::to_string(i)), tag(i)));
  }
  // In whatever order pods are listed, one of these is not among the first.
  const std::vector<std::string> held{"r.io/shop/held-0:1", "r.io/shop/held-50:1",
                                      "r.io/shop/held-99:1"};
  for (const auto& reference : held) world.Push(reference, DigestOf(reference));
  world.api.Put(kube::kPods, WithImage(Gated(APod("0-held")), held[0]));
  world.api.Put(kube::kPods, WithImage(Gated(APod("a-50-held")), held[1]));
  world.api.Put(kube::kPods, WithImage(Gated(APod("z-held")), held[2]));
  // The first one's registry is slow, until all pods stand in the queue.
  std::promise<void> all_queued;
  const std::shared_future<void> go_on = all_queued.get_future().share();
  landwaiter::Guarded<std::vector<std::string>> order;
  world.on_resolve = [&](const ImageReference& image) {
    order.With([&](auto& names) { names.push_back(image.ToString()); });
    go_on.wait();
  };
  const auto asked = [&] { return order.With([](const auto& names) { return names; }); };
  Replica replica(world, "one", std::chrono::hours(24), true);
  const bool queued = world.Until([&] {
    const std::string text = replica.Metrics();
    const std::string series = "landwaiter_queue_depth{queue=\"pods\"} ";
    const auto at = text.find(series);
    return !asked().empty() && at != std::string::npos &&
           std::stoul(text.substr(at + series.size())) >= kOthers + held.size() - 1;
  });
  all_queued.set_value();
  ASSERT_TRUE(queued);
  ASSERT_TRUE(world.Until([&] { return asked().size() >= kOthers + held.size(); }));
  const auto names = asked();
  // A namespace's pods are looked at one after the other: at most the first was before them.
  for (const auto& reference : held) {
    const auto place = std::find(names.begin(), names.end(), reference) - names.begin();
    EXPECT_LE(place, static_cast<std::ptrdiff_t>(held.size())) << reference;
  }
}

TEST_F(HeldPodsTest, WhenHoldForIsOverOnIncompleteAnswers) {
  NoScannerAnswers();
  world.api.Put(kScanPolicies, Holds({{"holdFor", "5m"}, {"onIncomplete", "Allow"}}));
  json long_ago = WithImage(Gated(APod("cart")), kTag);
  long_ago["metadata"]["creationTimestamp"] =
      FormatTime(SystemClock().Now() - std::chrono::minutes(6));
  world.api.Put(kube::kPods, long_ago);
  Replica replica(world, "one", std::chrono::hours(24), true);
  EXPECT_TRUE(world.Until([&] { return Released(); }));
}

TEST_F(HeldPodsTest, TheWaitEndsByItselfWhenNothingHappens) {
  NoScannerAnswers();
  world.api.Put(kScanPolicies, Holds({{"holdFor", "2s"}}));
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(APod("cart")), kTag));
  ASSERT_TRUE(world.Until([&] { return Pod().is_null(); }));
  ASSERT_TRUE(world.Until([&] { return !Told("DeniedAfterScan").empty(); }));
  EXPECT_NE(Told("DeniedAfterScan").front().find("the pod was held for 2s already"),
            std::string::npos);
}

TEST_F(HeldPodsTest, AnImageThatIsNotThereIsNotWaitedFor) {
  world.api.Put(kScanPolicies, Holds());
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(APod("gone")), "r.io/shop/gone:1"));
  EXPECT_TRUE(world.Until([&] { return Pod("gone").is_null(); })) << "NotFound is an answer";
}

TEST_F(HeldPodsTest, WithoutAPolicyNothingIsWaitedFor) {
  NoScannerAnswers();
  world.api.Put(kScanPolicies, Holds());
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(APod("cart")), kTag));
  ASSERT_TRUE(world.Until([&] { return !Told("HeldForScan").empty(); }));
  world.api.Remove(kScanPolicies, {"", "baseline"});
  EXPECT_TRUE(world.Until([&] { return Released(); }));
}

TEST_F(HeldPodsTest, OneWhosePolicyIsStillOnItsWayIsNotLetGo) {
  NoScannerAnswers();
  json other = Holds();
  other["metadata"]["name"] = "other";
  other["spec"]["match"]["images"] = {"other.io/**"};
  world.api.Put(kScanPolicies, other);
  Replica replica(world, "one", std::chrono::hours(24), true);
  // From the future, as a clock that is ahead writes it: it stays young for as long as this test
  // lasts.
  json young = WithImage(Gated(APod("cart")), kTag);
  young["metadata"]["creationTimestamp"] =
      FormatTime(SystemClock().Now() + std::chrono::minutes(10));
  world.api.Put(kube::kPods, young);
  ASSERT_TRUE(world.Until([&] { return world.Pods(kHeldImage) == 1; }));
  EXPECT_FALSE(Released());
  world.api.Put(kScanPolicies, Holds());
  ASSERT_TRUE(world.Until([&] { return !Told("HeldForScan").empty(); }));
  EXPECT_FALSE(Released());
}

TEST_F(HeldPodsTest, OneThatHasChangedBeforeItsReleaseIsLookedAtAgain) {
  const Digest clean = DigestOf("clean");
  world.Push("r.io/shop/clean:1", clean);
  world.api.Put(kScanPolicies, Holds());
  NoScannerAnswers();
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.UseDatabase("db-1", {});
  json pod = WithImage(Gated(APod("cart")), "r.io/shop/clean:1");
  world.api.Put(kube::kPods, pod);
  ASSERT_TRUE(world.Until([&] { return !Told("HeldForScan").empty(); }));
  // At the moment of the release the pod is another: the patch is for the one that was judged.
  std::atomic<int> patches{0};
  world.api.SetFault([&](const std::string& verb, const kube::Resource& resource,
                         const kube::ObjectKey&) -> std::optional<Error> {
    if (verb != "patch" || resource.plural != kube::kPods.plural || ++patches > 1) return {};
    return Error{Code::kInvalidArgument, "the test of the patch failed", "Invalid"};
  });
  ScannersAnswer();
  ASSERT_TRUE(world.Until([&] { return Released(); })) << "it is looked at again";
  EXPECT_GE(patches, 2);
}

TEST_F(HeldPodsTest, OneWhoseReleaseIsRefusedSaysSoAndIsNotAskedForAllTheTime) {
  world.Push("r.io/shop/clean:1", DigestOf("clean"));
  world.api.Put(kScanPolicies, Holds());
  world.UseDatabase("db-1", {});
  std::atomic<int> patches{0};
  world.api.SetFault([&](const std::string& verb, const kube::Resource& resource,
                         const kube::ObjectKey&) -> std::optional<Error> {
    if (verb != "patch" || resource.plural != kube::kPods.plural) return {};
    ++patches;
    return Error{Code::kInvalidArgument, "ours is a cluster without changes", "Invalid"};
  });
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(APod("cart")), "r.io/shop/clean:1"));
  ASSERT_TRUE(world.Until([&] { return !Told("HeldPodNotChanged").empty(); }));
  EXPECT_NE(Told("HeldPodNotChanged")[0].find("a cluster without changes"), std::string::npos);
  EXPECT_GE(patches, 2) << "it might have been a change that is on its way";
}

TEST_F(HeldPodsTest, WhileTheStoreIsAwayItIsStillHeldAndNoReasonIsTakenForOne) {
  world.Push("r.io/shop/clean:1", DigestOf("clean"));
  world.api.Put(kScanPolicies, Holds({{"onIncomplete", "Warn"}}));
  world.UseDatabase("db-1", {});
  world.store_away = true;
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(APod("cart")), "r.io/shop/clean:1"));
  ASSERT_TRUE(world.Until([&] { return !Told("HeldForScan").empty(); }));
  ASSERT_TRUE(world.Until([&] {
    return world.ScanObject(DigestOf("clean")).dump().find("controller's store") !=
           std::string::npos;
  }));
  EXPECT_EQ(world.Ready(world.ScanObject(DigestOf("clean"))), "Queued");
  EXPECT_EQ(world.ScanObject(DigestOf("clean")).dump().find("db.internal"), std::string::npos);
  EXPECT_FALSE(Released());
  world.store_away = false;
  EXPECT_TRUE(world.Until([&] { return Released(); }));
  EXPECT_EQ(world.Verdict(DigestOf("clean")), "Pass");
}

TEST_F(HeldPodsTest, AForgedStatusIsNoDigestThatRuns) {
  const Digest bad = DigestOf("bad");
  world.Push("r.io/shop/bad:1", bad);
  world.api.Put(kScanPolicies, Holds());
  world.UseDatabase("db-1", {});
  NoScannerAnswers();
  Replica replica(world, "one", std::chrono::hours(24), true);
  world.api.Put(kube::kPods, WithImage(Gated(APod("cart")), "r.io/shop/bad:1",
                                       "r.io/shop/clean@" + DigestOf("clean").ToString()));
  ASSERT_TRUE(world.Until([&] { return !Told("HeldForScan").empty(); }));
  EXPECT_TRUE(world.Until([&] { return !world.ScanObject(bad).is_null(); })) << "the tag's own";
  EXPECT_TRUE(world.ScanObject(DigestOf("clean")).is_null());
}

TEST_F(HeldPodsTest, ThePatchIsForTheVeryStateThatWasJudged) {
  world.UseDatabase("db-1", {});
  world.api.Put(kScanPolicies, Holds());
  json pod = world.api.Put(kube::kPods, WithImage(Gated(APod("cart")), kTag));
  const std::string judged = kube::ResourceVersionOf(pod);
  pod["metadata"]["labels"]["a"] = "b";
  world.api.Put(kube::kPods, pod);
  const auto patch = [](const std::string& version) {
    return json::array({{{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", version}},
                        {{"op", "remove"}, {"path", "/spec/schedulingGates/0"}}});
  };
  const auto stale = world.api.Patch(kube::kPods, {"shop", "cart"},
                                     {.type = kube::PatchType::kJson}, patch(judged), {});
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Code::kInvalidArgument);
}

TEST_F(HeldPodsTest, WithoutTheSwitchNoPodIsTouched) {
  world.UseDatabase("db-1", {});
  world.api.Put(kScanPolicies, Holds());
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(Gated(APod("cart")), kTag));
  ASSERT_TRUE(world.Until(
      [&] { return world.Verdict(kHeldImage) == "Pass" && world.Pods(kHeldImage) == 1; }));
  EXPECT_EQ(world.api.CountWrites("patch", kube::kPods), 0u);
  EXPECT_FALSE(Released());
}

TEST_F(HeldPodsTest, AllAreReleasedWhenNobodyJudgesThemAnyMore) {
  world.api.Put(kube::kPods, WithImage(Gated(APod("one"), true), kTag));
  world.api.Put(kube::kPods, WithImage(Gated(APod("two")), kTag));
  world.api.Put(kube::kPods, WithImage(APod("three"), kTag));
  const auto released = ReleaseAllHeldPods(world.api, {}, {.late = {}, .between = {}});
  ASSERT_TRUE(released) << released.error().message;
  EXPECT_EQ(*released, 2u);
  EXPECT_EQ(Pod("one")["spec"]["schedulingGates"], json::array({kOtherGate}));
  EXPECT_TRUE(Released("two"));
}

}  // namespace
}  // namespace landwaiter::controller
