// What is asked of the whole role over POST /v1/ensure, by webhooks of several replicas.
#include <gtest/gtest.h>

#include "controller/role.h"
#include "tests/unit/controller/world.h"

namespace landwaiter::controller {
namespace {

const Digest kEnsuredCart = DigestOf("cart");

http::ServerRequest EnsureCall(const std::vector<std::string>& references) {
  http::ServerRequest request;
  request.body = resources::ToJson(resources::EnsureRequest{references, "shop", "default", {}});
  return request;
}

// Admission pitfalls 52 and 85.
TEST(Role, MakesOneImageScanWhenTwoReplicasAndManyQuestionsRace) {
  World world;
  Replica one(world, "one");
  Replica two(world, "two");
  std::atomic<int> answered{0};
  std::atomic<int> wrong{0};
  for (int i = 0; i < 40; ++i) {
    Role& role = i % 2 == 0 ? *one.role : *two.role;
    role.ensure().Handle(EnsureCall({kTag}), http::Responder([&](http::ServerResponse&& response) {
                           auto parsed = resources::EnsureResponseFromJson(response.body);
                           if (response.status != 200 || !parsed ||
                               parsed->images[0].digest != kEnsuredCart.ToString()) {
                             ++wrong;
                           }
                           ++answered;
                         }));
    world.api.Put(kube::kPods, WithImage(APod("cart-" + std::to_string(i)), kTag));
  }
  ASSERT_TRUE(world.Until(
      [&] { return answered == 40 && world.Ready(world.ScanObject(kEnsuredCart)) == "Scanned"; }));
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(world.api.All(kImageScans).size(), 1u);
  EXPECT_EQ(world.api.CountWrites("create", kImageScans), 1u);
  EXPECT_EQ(world.scans, 1) << "only the leader has it scanned";
  EXPECT_NE(one.role->Leading(), two.role->Leading());
}

TEST(Role, AFollowerTellsTheLeaderThatSomebodyWaitsForAJudgement) {
  World world;
  Replica one(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(
      world.Until([&] { return world.Ready(world.ScanObject(kEnsuredCart)) == "Scanned"; }));
  Replica two(world, "two");
  // The leader cannot write: the policy stays without a judgement.
  world.api.SetFault([](const std::string& verb, const kube::Resource&, const kube::ObjectKey&) {
    return verb == "status" ? std::optional<Error>(Unavailable("down")) : std::nullopt;
  });
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Role& follower = one.role->Leading() ? *two.role : *one.role;
  const std::string pinned = "r.io/shop/cart@" + kEnsuredCart.ToString();
  EXPECT_TRUE(world.Until([&] {
    follower.ensure().Ensure({{}, "shop", "default", {}}, pinned, {});
    return world.ScanObject(kEnsuredCart)["metadata"].contains("annotations") &&
           world.ScanObject(kEnsuredCart)["metadata"]["annotations"].contains(kAskedAtAnnotation);
  }));
  const auto patches = world.api.CountWrites("patch", kImageScans);
  for (int i = 0; i < 10; ++i) follower.ensure().Ensure({{}, "shop", "default", {}}, pinned, {});
  EXPECT_LE(world.api.CountWrites("patch", kImageScans), patches + 1) << "once in half a minute";
  world.api.SetFault(nullptr);
  EXPECT_TRUE(world.Until([&] { return world.Verdict(kEnsuredCart) == "Fail"; }));
}

// Admission pitfall 85.
TEST(Role, MakesNoObjectForWhatDoesNotResolveAndRemembersIt) {
  World world;
  Replica replica(world, "one");
  for (int i = 0; i < 3; ++i) {
    const auto image =
        replica.role->ensure().Ensure({{}, "shop", "default", {}}, "r.io/shop/nothing:1", {});
    EXPECT_EQ(image.error_reason, "NotFound");
  }
  const auto bad = replica.role->ensure().Ensure({{}, "shop", "default", {}}, "UPPER//", {});
  EXPECT_EQ(bad.error_reason, "InvalidReference");
  const auto forged = replica.role->ensure().Ensure({{}, "shop", "default", {}},
                                                    "r.io/x@" + DigestOf("made up").ToString(), {});
  EXPECT_EQ(forged.error_reason, "NotFound") << "a digest that somebody made up";
  EXPECT_EQ(world.resolves, 2);
  EXPECT_TRUE(world.api.All(kImageScans).empty());
}

// Admission pitfall 85. World's replicas let a namespace bring three images at once.
TEST(Role, OneNamespaceBringsNoMoreNewImagesThanItsShare) {
  World world;
  Replica replica(world, "one");
  const auto ask = [&](const std::string& ns, const std::string& name) {
    world.Push("r.io/" + name + ":1", DigestOf(name));
    return replica.role->ensure().Ensure({{}, ns, "default", {}}, "r.io/" + name + ":1", {});
  };
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(ask("greedy", name).error_reason, "") << name;
  }
  const auto refused = ask("greedy", "d");
  EXPECT_EQ(refused.error_reason, "TooManyNewImages");
  EXPECT_NE(refused.error_message.find("namespace greedy"), std::string::npos)
      << refused.error_message;
  EXPECT_TRUE(world.ScanObject(DigestOf("d")).is_null());
  const auto waiting = [&](int count) {
    return replica.Metrics().find("landwaiter_new_images_waiting " + std::to_string(count) +
                                  "\n") != std::string::npos;
  };
  EXPECT_TRUE(waiting(1)) << replica.Metrics();
  // Once this replica has heard of them.
  EXPECT_TRUE(world.Until([&] { return ask("greedy", "a").error_reason.empty(); }))
      << "which is not new any more";
  EXPECT_EQ(ask("shop", "d").error_reason, "") << "another namespace has its own share";
  EXPECT_TRUE(world.Until([&] { return ask("greedy", "d").error_reason.empty(); }))
      << "somebody else has brought it";
  EXPECT_TRUE(waiting(0)) << replica.Metrics();
  // A pod that is there brings its own: its number has its quota.
  world.Push("r.io/e:1", DigestOf("e"));
  world.api.Put(kube::kPods, WithImage(APod("e", "greedy"), "r.io/e:1"));
  EXPECT_TRUE(world.Until([&] { return !world.ScanObject(DigestOf("e")).is_null(); }));
}

// Admission pitfall 51.
TEST(Role, KeepsDigestsApartThatShareHalfOfTheirDigits) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kEnsuredCart) == "Fail"; }));
  const std::string forged =
      "sha256:" + std::string(kEnsuredCart.Hex().substr(0, 32)) + std::string(32, 'a');
  world.Push("evil.io/x:1", *Digest::Parse(forged));
  const auto image =
      replica.role->ensure().Ensure({{}, "evil", "default", {}}, "evil.io/x@" + forged, {});
  EXPECT_EQ(image.error_reason, "");
  ASSERT_TRUE(world.Until([&] { return world.Verdict(*Digest::Parse(forged)) == "Fail"; }));
  EXPECT_EQ(world.Verdict(kEnsuredCart), "Fail");
  EXPECT_EQ(world.Ready(world.ScanObject(kEnsuredCart)), "Scanned");
}

}  // namespace
}  // namespace landwaiter::controller
