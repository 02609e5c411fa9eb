// The whole role when something that it needs fails or goes away: store, scanner, API server,
// leader.
#include <gtest/gtest.h>

#include "controller/role.h"
#include "tests/unit/controller/world.h"

namespace landwaiter::controller {
namespace {

const Digest kCart = DigestOf("cart");

// Admission pitfall 96.
TEST(RoleInTrouble, JudgesAnewWhileTheDiskIsFull) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  world.disk_full = true;
  world.UseDatabase("db-2", {});
  replica.role->OnDatabaseChanged();
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Pass"; }));
  world.api.Put(kScanPolicies, APolicy("baseline", 2, NotRoot()));
  ASSERT_TRUE(world.Until(
      [&] { return world.ScanObject(kCart)["status"]["policies"][0]["generation"] == 2; }));
  EXPECT_NE(world.ScanObject(kCart)["status"]["conditions"].dump().find("StoreFull"),
            std::string::npos);
  world.disk_full = false;
  replica.role->OnDatabaseChanged();
  EXPECT_TRUE(world.Until([&] {
    return world.ScanObject(kCart)["status"]["conditions"].dump().find("StoreFull") ==
           std::string::npos;
  }));
  EXPECT_EQ(world.scans, 1);
}

TEST(RoleInTrouble, SaysThatTheStoreIsFullAndDoesNotPullAgainAtOnce) {
  World world;
  world.disk_full = true;
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "StoreFull"; }));
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NotRoot()));
  replica.role->OnDatabaseChanged();
  world.Push("r.io/shop/new:1", DigestOf("new"));
  world.api.Put(kube::kPods, WithImage(APod("new"), "r.io/shop/new:1"));
  ASSERT_TRUE(
      world.Until([&] { return world.Ready(world.ScanObject(DigestOf("new"))) == "StoreFull"; }));
  EXPECT_EQ(world.scans, 2) << "one try of each image";
}

// Admission pitfall 75.
TEST(RoleInTrouble, KeepsVerdictsAndScansAgainWhenTheStoreIsLost) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  replica.End();
  replica.LoseStore();
  replica.Begin();
  ASSERT_TRUE(world.Until([&] { return world.scans == 2; }));
  EXPECT_EQ(world.Verdict(kCart), "Fail");
  EXPECT_EQ(world.Ready(world.ScanObject(kCart)), "Scanned");
}

// What another version of the program wrote: after an upgrade, or a step back.
TEST(RoleInTrouble, ScansAgainWhatItCannotReadInItsStore) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  replica.End();
  replica.OverwriteStored(kCart, "landwaiter inventory 0\nof other fields");
  replica.Begin();
  ASSERT_TRUE(world.Until([&] { return world.scans == 2; }));
  EXPECT_TRUE(world.Until([&] {
    return world.Verdict(kCart) == "Fail" && world.Ready(world.ScanObject(kCart)) == "Scanned";
  }));
}

// Admission pitfall 94.
TEST(RoleInTrouble, ShowsWhyAScanFailedAndRecovers) {
  World world;
  world.scanner_fault.With([](auto& fault) {
    fault = Error{Code::kUnavailable, "scanner is gone", "ScannerFailed"};
  });
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "ScannerFailed"; }));
  world.scanner_fault.With([](auto& fault) { fault.reset(); });
  EXPECT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "Scanned"; }));
}

// Admission pitfall 92.
TEST(RoleInTrouble, GoesOnAfterTheApiServerWasAway) {
  World world;
  Replica replica(world, "one");
  ASSERT_TRUE(world.Until([&] { return replica.role->Leading(); }));
  world.api.SetFault([](const std::string&, const kube::Resource&, const kube::ObjectKey&) {
    return std::optional<Error>(Unavailable("down"));
  });
  world.api.Forget();
  world.api.Cut();
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  world.api.SetFault(nullptr);
  EXPECT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "Scanned"; }));
}

TEST(RoleInTrouble, HandsOverWhenTheLeaderEnds) {
  World world;
  auto one = std::make_unique<Replica>(world, "one");
  ASSERT_TRUE(world.Until([&] { return one->role->Leading(); }));
  Replica two(world, "two");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Ready(world.ScanObject(kCart)) == "Scanned"; }));
  one.reset();
  ASSERT_TRUE(world.Until([&] { return two.role->Leading(); }));
  world.Push("r.io/shop/new:1", DigestOf("new"));
  world.api.Put(kube::kPods, WithImage(APod("new"), "r.io/shop/new:1"));
  EXPECT_TRUE(
      world.Until([&] { return world.Ready(world.ScanObject(DigestOf("new"))) == "Scanned"; }));
}

}  // namespace
}  // namespace landwaiter::controller
