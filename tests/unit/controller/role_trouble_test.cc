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

// After a step back: the row is whole to the version that wrote it.
TEST(RoleInTrouble, KeepsWhatALaterVersionStoredUntilItHasScannedTheImageItself) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  replica.End();
  const std::string later = "landwaiter inventory 99\nof other fields";
  replica.OverwriteStored(kCart, later);
  world.scanner_fault.With([](auto& fault) {
    fault = Error{Code::kNotFound, "manifest unknown", "NotFound"};  // no registry has it any more
  });
  replica.Begin();
  ASSERT_TRUE(world.Until([&] { return world.scans == 2; }));
  EXPECT_EQ(world.Verdict(kCart), "Fail") << "what was judged stands";
  replica.End();
  EXPECT_EQ(replica.StoredDocument(kCart), later);
  world.scanner_fault.With([](auto& fault) { fault.reset(); });
  replica.Begin();
  // Matched, so that its inventory is kept.
  ASSERT_TRUE(world.Until([&] { return world.scans == 3 && world.matches == 2; }));
  replica.End();
  EXPECT_NE(replica.StoredDocument(kCart), later);
}

// After an upgrade the same database may mean something else, and waits for no newer one.
TEST(RoleInTrouble, MatchesAgainWhatAnotherVersionOfTheProgramFound) {
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  ASSERT_EQ(world.matches, 1);
  replica.End();
  replica.OverwriteFindings(kCart, {});
  const auto judges_policy = [&](int generation) {
    world.api.Put(kScanPolicies, APolicy("baseline", generation, NoCritical()));
    replica.Begin();
    const bool done = world.Until([&] {
      return world.ScanObject(kCart)["status"]["policies"][0]["generation"] == generation;
    });
    replica.End();
    return done;
  };
  ASSERT_TRUE(judges_policy(2));
  EXPECT_EQ(world.Verdict(kCart), "Fail");
  EXPECT_EQ(world.matches, 2);
  ASSERT_TRUE(judges_policy(3));
  EXPECT_EQ(world.matches, 2) << "its own stand";
  EXPECT_EQ(world.scans, 1);
}

// After an upgrade: what the new readers would see nobody has looked for.
TEST(RoleInTrouble, ScansAgainWhatOtherReadersSaw) {
  World world;
  world.readers.With([](auto& id) { id = "old"; });
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  const auto begins_with = [&](const std::string& wanted, int generation) {
    replica.End();
    replica.WantReaders(wanted);
    world.api.Put(kScanPolicies, APolicy("baseline", generation, NoCritical()));
    replica.Begin();
    return world.Until([&] {
      return world.ScanObject(kCart)["status"]["policies"][0]["generation"] == generation;
    });
  };
  ASSERT_TRUE(begins_with("old", 2));
  EXPECT_EQ(world.scans, 1);
  ASSERT_TRUE(begins_with("new", 3));
  ASSERT_TRUE(world.Until([&] { return world.scans == 2 && world.matches == 2; }))
      << "by a scanner that is still old";
  EXPECT_EQ(world.Verdict(kCart), "Fail");
  world.readers.With([](auto& id) { id = "new"; });
  ASSERT_TRUE(begins_with("new", 4));
  // Matched, so that its inventory is kept.
  ASSERT_TRUE(world.Until([&] { return world.scans == 3 && world.matches == 3; }));
  ASSERT_TRUE(begins_with("new", 5));
  EXPECT_EQ(world.scans, 3) << "these are of the wanted readers";
  ASSERT_TRUE(begins_with("", 6));
  EXPECT_EQ(world.scans, 3) << "any will do";
}

// After an upgrade that does not read the database of the version before.
TEST(RoleInTrouble, KeepsWhatOtherReadersSawWhileThereIsNoDatabase) {
  World world;
  world.readers.With([](auto& id) { id = "old"; });
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Fail"; }));
  replica.End();
  world.readers.With([](auto& id) { id = "new"; });
  world.database.With([](auto& current) { current = nullptr; });
  replica.WantReaders("new");
  world.api.Put(kScanPolicies, APolicy("baseline", 2, NoCritical()));
  replica.Begin();
  ASSERT_TRUE(world.Until(
      [&] { return world.ScanObject(kCart)["status"]["policies"][0]["generation"] == 2; }));
  EXPECT_EQ(world.Verdict(kCart), "Fail");
  EXPECT_EQ(world.scans, 1);
  world.UseDatabase("db-2", {});
  replica.role->OnDatabaseChanged();
  EXPECT_TRUE(world.Until([&] { return world.Verdict(kCart) == "Pass" && world.scans == 2; }));
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

json WithoutDuration(json policy) {
  policy["spec"]["maxDatabaseAge"] = "0s";
  return policy;
}

/// "TYPE REASON xCOUNT" of each Event on the policy, in the order in which they were written.
std::vector<std::string> ToldOf(World& world, const std::string& policy) {
  std::map<std::uint64_t, std::string> told;
  for (const auto& event : world.api.All(kube::kEvents)) {
    if (event["involvedObject"]["kind"] != "ScanPolicy") continue;
    if (event["involvedObject"]["name"] != policy) continue;
    EXPECT_EQ(event["involvedObject"]["uid"], "uid-" + policy);
    const std::string name = event["metadata"]["name"];
    told[std::stoull(name.substr(name.rfind('.') + 1), nullptr, 16)] =
        event["type"].get<std::string>() + " " + event["reason"].get<std::string>() + " x" +
        std::to_string(event["count"].get<int>());
  }
  std::vector<std::string> out;
  for (auto& [serial, text] : told) out.push_back(std::move(text));
  return out;
}

TEST(RoleInTrouble, TellsOfAPolicyThatCannotBeReadOnceAndWhenItIsMended) {
  World world;
  world.api.Put(kScanPolicies, APolicy("well", 1, NoCritical()));
  world.api.Put(kScanPolicies, WithoutDuration(APolicy("broken", 1, NoCritical())));
  Replica replica(world, "one");
  ASSERT_TRUE(world.Until([&] { return !ToldOf(world, "broken").empty(); }));
  // It is looked at again and again, and its status written: that is not told.
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  const auto failing = [&](const char* policy) {
    return world.api.Read(kScanPolicies, {"", policy}).value("/status/images/fail"_json_pointer, 0);
  };
  ASSERT_TRUE(world.Until([&] { return failing("broken") == 1 && failing("well") == 1; }));
  json mended = world.api.Read(kScanPolicies, {"", "broken"});
  mended["spec"].erase("maxDatabaseAge");
  mended["metadata"]["generation"] = 2;
  world.api.Put(kScanPolicies, mended);
  ASSERT_TRUE(world.Until([&] { return ToldOf(world, "broken").size() == 2; }));
  EXPECT_EQ(ToldOf(world, "broken"),
            (std::vector<std::string>{"Warning InvalidSpec x1", "Normal Valid x1"}));
  EXPECT_TRUE(ToldOf(world, "well").empty());
}

}  // namespace
}  // namespace landwaiter::controller
