// The whole role against an API server in memory: pods and policies go in, ImageScans come out.
#include "controller/role.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/world.h"

namespace landwaiter::controller {
namespace {

const Digest kCart = DigestOf("cart");

// Admission pitfall 81.
TEST(Role, ScansAndJudgesTheImageOfANewPodOnce) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  for (int i = 0; i < 10; ++i) {
    world.api.Put(kube::kPods, WithImage(APod("cart-" + std::to_string(i)), kTag));
  }
  ASSERT_TRUE(world.Until([&] {
    const json scan = world.ScanObject(kCart);
    return world.Verdict(kCart) == "Fail" && scan["status"]["usedBy"]["pods"] == 10;
  })) << world.ScanObject(kCart).dump(1);
  const json scan = world.ScanObject(kCart);
  EXPECT_EQ(scan["spec"]["image"], "r.io/shop/cart@" + kCart.ToString());
  EXPECT_EQ(scan["status"]["displayName"], "shop/cart:1.4");
  EXPECT_EQ(scan["status"]["usedBy"]["namespaces"], json::array({"shop"}));
  EXPECT_EQ(world.api.All(kImageScans).size(), 1u);
  EXPECT_EQ(world.scans, 1);
  EXPECT_EQ(world.resolves, 1) << "ten pods, one question";
  EXPECT_TRUE(world.Until([&] {
    return world.api.Read(kScanPolicies, {"", "baseline"})
               .value("/status/images/fail"_json_pointer, 0) == 1;
  }));
}

TEST(Role, MeasuresEachStepOfAnImagesWay) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  const auto has = [&](const std::string& line) {
    return replica.Metrics().find("\n" + line + "\n") != std::string::npos;
  };
  const std::string stage = "landwaiter_stage_duration_seconds_count{stage=";
  EXPECT_TRUE(has(stage + "\"scan\"} 0")) << "there from the start";
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  for (const char* one : {"resolve", "wait", "scan", "match"}) {
    EXPECT_TRUE(world.Until([&] { return has(stage + "\"" + one + "\"} 1"); })) << one;
  }
  EXPECT_FALSE(has(stage + "\"judge\"} 0"));
  EXPECT_FALSE(has("landwaiter_policy_evaluations_total{verdict=\"fail\"} 0"));
  EXPECT_TRUE(has("landwaiter_policy_evaluations_total{verdict=\"pass\"} 0"));
  EXPECT_TRUE(has("landwaiter_database_feed_timestamp_seconds{feed=\"osv\"} 1795392000"))
      << replica.Metrics();
  EXPECT_TRUE(has("landwaiter_database_feed_timestamp_seconds{feed=\"kev\"} 0"));
}

// Admission pitfall 23: nothing waits for a controller that is gone. 87: a pod's namespace owns
// nothing of the cluster's. 88: what a GitOps tool knows its objects by is not handed on.
TEST(Role, MakesObjectsThatNobodyElseHoldsOwnsOrPrunes) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  json pod = OwnedBy(WithImage(APod("cart"), kTag), "ReplicaSet", "cart");
  pod["metadata"]["labels"] = {{"app.kubernetes.io/instance", "shop"},
                               {"argocd.argoproj.io/instance", "shop"}};
  pod["metadata"]["annotations"] = {{"argocd.argoproj.io/tracking-id", "shop:apps/Deployment"}};
  world.api.Put(kube::kPods, pod);
  ASSERT_TRUE(world.Until([&] {
    return world.Pods(kCart) == 1 && world.Verdict(kCart) == "Fail" &&
           world.api.Read(kScanPolicies, {"", "baseline"})
                   .value("/status/images/fail"_json_pointer, 0) == 1;
  }));
  for (const json& object :
       {world.ScanObject(kCart), world.api.Read(kScanPolicies, {"", "baseline"})}) {
    for (const char* field : {"finalizers", "ownerReferences"}) {
      EXPECT_FALSE(object["metadata"].contains(field)) << object["metadata"].dump();
    }
    EXPECT_EQ(object["metadata"].dump().find("argoproj"), std::string::npos);
  }
  EXPECT_EQ(world.ScanObject(kCart)["metadata"]["labels"],
            (json{{std::string(kManagedByLabel), std::string(kManagedBy)}}));
}

TEST(Role, JudgesAChangedPolicyWithoutScanningOrMatching) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  const int matches = world.matches;
  world.api.Put(kScanPolicies, APolicy("baseline", 2, NotRoot()));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Pass"; }));
  EXPECT_EQ(world.ScanObject(kCart)["status"]["policies"][0]["generation"], 2);
  world.api.Remove(kScanPolicies, {"", "baseline"});
  ASSERT_TRUE(world.Until([&] { return !world.ScanObject(kCart)["status"].contains("policies"); }))
      << "a deleted policy's judgement goes";
  EXPECT_EQ(world.scans, 1);
  EXPECT_EQ(world.matches, matches);
}

TEST(Role, SaysOfAPolicyTooManyThatItJudgesNothing) {
  World world;
  const auto name = [](std::size_t i) { return "p" + std::to_string(100 + i); };
  for (std::size_t i = 0; i <= resources::kMaxPolicies; ++i) {
    world.api.Put(kScanPolicies, APolicy(name(i), 1, NoCritical()));
  }
  Replica replica(world, "one");
  const auto ready = [&](std::size_t i) {
    return world.Ready(world.api.Read(kScanPolicies, {"", name(i)}));
  };
  ASSERT_TRUE(world.Until([&] { return ready(resources::kMaxPolicies) == "TooManyPolicies"; }));
  EXPECT_TRUE(world.Until([&] { return ready(resources::kMaxPolicies - 1) == "Valid"; }));
  world.api.Remove(kScanPolicies, {"", name(0)});
  EXPECT_TRUE(world.Until([&] { return ready(resources::kMaxPolicies) == "Valid"; }));
}

// Admission pitfalls 67 and 74.
TEST(Role, MatchesAgainForANewDatabaseWithoutScanning) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  world.UseDatabase("db-2", {});
  replica.role->OnDatabaseChanged();
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Pass"; }));
  EXPECT_EQ(world.ScanObject(kCart)["status"]["database"]["id"], "db-2");
  EXPECT_EQ(world.scans, 1);
}

TEST(Role, TakesUpWhatAnotherLeftUndone) {
  World world;
  resources::ImageScan pending = AScan(kCart);
  world.api.Put(kImageScans, resources::ImageScanToJson(pending));
  Replica replica(world, "one");
  EXPECT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "Scanned"; }));
}

TEST(Role, WritesNothingWhenNothingChanged) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] {
    return world.Verdict(kCart) == "Fail" &&
           world.api.Read(kScanPolicies, {"", "baseline"})
                   .value("/status/images/fail"_json_pointer, 0) == 1;
  }));
  replica.End();
  const auto writes_of_cart = [&] {
    std::size_t count = 0;
    for (const auto& write : world.api.Writes()) {
      if (write.plural == "imagescans" && write.key == resources::ScanName(kCart)) ++count;
    }
    return count;
  };
  const std::size_t before = writes_of_cart();
  replica.Begin();
  // Another pod's whole way through the queues: by then everything else has been looked at again.
  world.Push("r.io/shop/new:1", DigestOf("new"));
  world.api.Put(kube::kPods, WithImage(APod("new"), "r.io/shop/new:1"));
  ASSERT_TRUE(world.Until([&] {
    return world.Pods(DigestOf("new")) == 1 &&
           world.Ready(world.ScanObject(DigestOf("new"))) == "Scanned";
  }));
  EXPECT_EQ(writes_of_cart(), before);
  EXPECT_EQ(world.scans, 2) << "one for each image, none for the restart";
}

TEST(Role, AnswersAPersonsQuestionUnderTheirOwnName) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kImageScans, {{"metadata", {{"name", "mine"}}}, {"spec", {{"image", kTag}}}});
  world.api.Put(kImageScans,
                {{"metadata", {{"name", "none"}}}, {"spec", {{"image", "r.io/shop/none:1"}}}});
  ASSERT_TRUE(world.Until([&] {
    const json mine = world.api.Read(kImageScans, {"", "mine"});
    return mine.value("/status/verdict"_json_pointer, "") == "Fail" &&
           world.Ready(world.api.Read(kImageScans, {"", "none"})) == "NotFound";
  }));
  const json mine = world.api.Read(kImageScans, {"", "mine"});
  EXPECT_EQ(mine["status"]["canonical"], resources::ScanName(kCart));
  EXPECT_EQ(world.Verdict(kCart), "Fail");
}

TEST(Role, GivesNoVerdictUnderTheNameOfAnotherDigest) {
  World world;
  world.api.Put(kImageScans, {{"metadata", {{"name", resources::ScanName(kCart)}}},
                              {"spec", {{"image", "r.io/other@" + DigestOf("other").ToString()}}}});
  Replica replica(world, "one");
  ASSERT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "NameCollision"; }));
  const auto image = replica.role->ensure().Ensure({{}, "shop", "default", {}}, kTag, {});
  EXPECT_EQ(image.error_reason, "NameCollision");
  EXPECT_EQ(world.Verdict(kCart), "");
}

// Admission pitfall 11.
TEST(Role, TellsTheOwnersOfPodsThatAnImageFails) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  const auto told = [&](const std::string& owner) -> std::string {
    for (const auto& event : world.api.All(kube::kEvents)) {
      const json& object = event["involvedObject"];
      if (object["kind"] == "ReplicaSet" && object["name"] == owner) {
        return event["reason"].get<std::string>() + ": " + event["message"].get<std::string>();
      }
    }
    return "";
  };
  world.api.Put(kube::kPods, OwnedBy(WithImage(APod("cart-1"), kTag), "ReplicaSet", "cart"));
  ASSERT_TRUE(world.Until([&] { return !told("cart").empty(); }));
  EXPECT_NE(told("cart").find("ImageFailsPolicy: image shop/cart:1.4"), std::string::npos)
      << told("cart");
  EXPECT_NE(told("cart").find("rule no-critical"), std::string::npos) << told("cart");
  ASSERT_TRUE(world.Until([&] { return world.Pods(kCart) == 1; }));
  // One pod is not enough to wait for: it may start in the moment in which the verdict is written
  // but not yet back in the informer, and then it is told nothing.
  int pods = 0;
  ASSERT_TRUE(world.Until([&] {
    const std::string name = "late-" + std::to_string(++pods);
    world.api.Put(kube::kPods, OwnedBy(WithImage(APod(name), kTag), "ReplicaSet", "late"));
    return !told("late").empty();
  }));
  EXPECT_NE(told("late").find("policy baseline"), std::string::npos) << told("late");
}

TEST(Role, HoldsTheSecretsThatLaterPodsPullWith) {
  World world;
  const auto put_secret = [&](const std::string& name) {
    world.api.Put(kube::kSecrets, {{"metadata", {{"namespace", "shop"}, {"name", name}}},
                                   {"type", "kubernetes.io/dockerconfigjson"},
                                   {"data",
                                    {{".dockerconfigjson",  // {"auths":{"r.io":{"auth":"dTpw"}}}
                                      "eyJhdXRocyI6eyJyLmlvIjp7ImF1dGgiOiJkVHB3In19fQ=="}}}});
  };
  const auto pod_with = [&](const std::string& name, const std::string& secret) {
    auto pod = WithImage(APod(name), kTag, "r.io/shop/cart@" + kCart.ToString());
    pod["spec"]["imagePullSecrets"] = json::array({{{"name", secret}}});
    return pod;
  };
  put_secret("old");
  put_secret("new");
  Replica replica(world, "one");
  world.api.Put(kube::kPods, pod_with("cart-1", "old"));
  ASSERT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "Scanned"; }));
  world.api.Put(kube::kPods, pod_with("cart-2", "new"));
  EXPECT_TRUE(
      world.Until([&] { return world.ScanObject(kCart)["spec"]["pullSecrets"].size() == 2; }));
  EXPECT_EQ(world.scans, 1);
}

TEST(Role, MakesAnImageScanAgainThatWasDeletedUnderARunningPod) {
  World world;
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag, "r.io/shop/cart@" + kCart.ToString()));
  ASSERT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "Scanned"; }));
  world.api.Remove(kImageScans, {"", resources::ScanName(kCart)});
  EXPECT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "Scanned"; }));
}

// Admission pitfall 54.
TEST(Role, CountsAPodWhereItsOwnManifestIsScannedWhateverIndexListsItToo) {
  World world;
  Replica replica(world, "one");
  // The inventory of "index" has this platform manifest (builders.h): an index that lists it.
  const Digest index = DigestOf("index");
  const Digest manifest = DigestOf(index.ToString() + "linux/amd64");
  world.Push("evil.io/index:1", index);
  world.Push("r.io/shop/victim:1", manifest);
  const std::string id = "r.io/shop/victim@" + manifest.ToString();
  world.api.Put(kube::kPods, WithImage(APod("thief", "evil"), "evil.io/index:1"));
  ASSERT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(index)) == "Scanned"; }));
  ASSERT_TRUE(world.Until([&] { return world.Pods(index) == 1; })) << "the thief";
  world.api.Put(kube::kPods, WithImage(APod("victim"), "r.io/shop/victim:1"));
  ASSERT_TRUE(world.Until([&] { return world.Pods(manifest) == 1; }));
  world.api.Put(kube::kPods, WithImage(APod("victim"), "r.io/shop/victim:1", id));
  world.api.Put(kube::kPods, WithImage(APod("other"), "r.io/shop/victim:1", id));
  EXPECT_TRUE(world.Until([&] { return world.Pods(manifest) == 2; }));
  EXPECT_EQ(world.Pods(index), 1);
}

// Admission pitfalls 85 and 86.
TEST(Role, DeletesWhatNothingUsesAfterItsTimeAndKeepsAPersons) {
  World world;
  Replica replica(world, "one", std::chrono::seconds(1));
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  world.Push("r.io/shop/asked:1", DigestOf("asked"));
  world.api.Put(kImageScans,
                {{"metadata", {{"name", "mine"}}}, {"spec", {{"image", "r.io/shop/asked:1"}}}});
  ASSERT_TRUE(world.Until([&] {
    return world.Ready(world.ScanObject(kCart)) == "Scanned" &&
           world.Ready(world.ScanObject(DigestOf("asked"))) == "Scanned";
  }));
  replica.role->Sweep({});
  EXPECT_FALSE(world.ScanObject(kCart).is_null()) << "a pod uses it";
  world.api.Remove(kube::kPods, {"shop", "cart"});
  EXPECT_TRUE(world.Until([&] {
    replica.role->Sweep({});
    return world.ScanObject(kCart).is_null();
  }));
  EXPECT_FALSE(world.ScanObject(DigestOf("asked")).is_null()) << "a person asks for it";
  EXPECT_FALSE(world.api.Read(kImageScans, {"", "mine"}).is_null());
}

}  // namespace
}  // namespace landwaiter::controller
