// A new database leaves images as they are, and reads nothing of them, only where nothing can have
// changed.
#include "controller/scan_refresher.h"

#include <algorithm>

#include "controller/renewal.h"
#include "tests/unit/controller/world.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::controller {
namespace {

const Digest kRefreshed = DigestOf("image");
const TimePoint kToday = *ParseTime("2026-11-25T12:00:00Z");
constexpr std::uint64_t kAskedWord = 7;

/// What one image, its store and its cluster are when the new database comes.
struct Scene {
  StoredImage stored = AStored(kRefreshed, {AFinding("CVE-1", Severity::kCritical)});
  resources::ImageScan scan = AScan(kRefreshed);
  Policies policies{Recorded(APolicy("baseline", 1, NoCritical()))};
  bool same = true;  // the database's answer
  bool has_findings = true;
  std::string old_id = "db-1";
  std::string new_built_at = "2026-11-25T09:00:00Z";
  /// Of what was judged with the older database.
  std::function<void(resources::ImageScanStatus&)> status = [](auto&) {};
  std::function<void(store::Store&)> store = [](auto&) {};  // before the refresh
};

class NextDatabase final : public MatchDatabase {
 public:
  explicit NextDatabase(const Scene& scene) : scene_(scene) {}
  std::string Id() const override { return "db-2"; }
  std::string BuiltAt() const override { return scene_.new_built_at; }
  Result<std::vector<PlatformMatch>> Match(const ImageInventory& /*inventory*/) const override {
    return Internal("nothing is matched here");
  }
  bool SaysTheSame(const MatchBasis& basis) const override {
    return scene_.same && basis.asked == std::vector<std::uint64_t>{kAskedWord} &&
           basis.stored.database_id == "db-1";
  }

 private:
  const Scene& scene_;
};

class StillClock final : public Clock {
 public:
  TimePoint Now() const override { return kToday; }
};

struct RefreshCase {
  const char* name;
  std::function<void(Scene&)> change;
  bool renewed = false;
};

class ScanRefresherTest : public ::testing::TestWithParam<RefreshCase> {
 protected:
  void SetUp() override {
    scene_.stored.match->platforms[0].asked = {kAskedWord};
    GetParam().change(scene_);
    auto opened = store::OpenSqliteStore(folder_.Path("store"));
    ASSERT_TRUE(opened);
    store_ = std::make_unique<FillableStore>(std::move(opened->store), full_, away_);
    ASSERT_TRUE(SaveInventory(*store_, scene_.stored.inventory, scene_.stored.scanned_at));
    scene_.stored.match->database_id = scene_.old_id;
    if (scene_.has_findings) {
      ASSERT_TRUE(SaveMatch(*store_, kRefreshed, *scene_.stored.match));
    }
    scene_.scan.status = Judged();
    scene_.status(scene_.scan.status);
    scene_.store(*store_);
    json object = resources::ImageScanToJson(scene_.scan);
    object["metadata"]["generation"] = scene_.scan.generation;
    object["status"] = resources::StatusToJson(scene_.scan.status);
    api_.Put(kImageScans, object);
  }
  resources::ImageScanStatus Judged() {
    auto status = Judge({.scan = &scene_.scan,
                         .stored = &scene_.stored,
                         .policies = &scene_.policies,
                         .usage = Usage{1, {"shop"}, {kTag}}},
                        kToday);
    CountRunning({{"shop", kToday}}, status);
    return status;
  }
  json StatusNow() { return api_.Read(kImageScans, {"", scene_.scan.name})["status"]; }

  const advisories::TemporaryFolder folder_;
  Scene scene_;
  std::atomic<bool> full_{false}, away_{false};
  std::unique_ptr<FillableStore> store_;
  FakeKube api_;
};

TEST_P(ScanRefresherTest, ReadsNoInventoryAndHandsOnWhatMayHaveChanged) {
  const json status_before = StatusNow();
  const auto basis_before = LoadBasis(*store_, kRefreshed).value();
  kube::Informer<ScanRecord> scans(api_, {.resource = kImageScans}, ProjectScan);
  scans.Start();
  ASSERT_TRUE(scans.WaitForSync(Cancellation{}.Within(std::chrono::seconds(20))));
  const StillClock clock;
  kube::WorkQueue queue;
  const auto database = std::make_shared<const NextDatabase>(scene_);
  ScanRefresher refresher({api_, clock, scans, *store_, [&] { return database; },
                           [&] { return scene_.policies; }, queue});
  store_->reads = 0;
  const auto outcome = refresher.Refresh(ScanRefresher::KeyOf(scene_.scan.name), {});
  scans.Stop();
  EXPECT_TRUE(outcome.status);
  EXPECT_EQ(store_->reads, 0);
  EXPECT_EQ(queue.size(), GetParam().renewed ? 0u : 1u) << "the reconciler's";
  const auto basis = LoadBasis(*store_, kRefreshed).value();
  if (!GetParam().renewed) {
    EXPECT_EQ(StatusNow(), status_before);
    ASSERT_EQ(basis.has_value(), basis_before.has_value());
    if (basis) {
      EXPECT_EQ(basis->stored, basis_before->stored);
    }
    return;
  }
  ASSERT_TRUE(basis);
  EXPECT_EQ(basis->stored.database_id, "db-2");
  EXPECT_EQ(basis->asked, std::vector<std::uint64_t>{kAskedWord}) << "for the next one";
  // Byte for byte what would be there had it been matched with the same outcome, and judged.
  scene_.stored.match->database_id = "db-2";
  scene_.stored.match->database_built_at = scene_.new_built_at;
  scene_.stored.match->matched_at = kToday;
  EXPECT_EQ(StatusNow().dump(), resources::StatusToJson(Judged()).dump());
  const auto image = LoadImage(*store_, kRefreshed).value();
  ASSERT_TRUE(image && image->match);
  EXPECT_EQ(image->match->matched_at, kToday);
  EXPECT_EQ(MatchToJson(image->match->platforms), MatchToJson(scene_.stored.match->platforms));
}

json WithException(const std::string& until) {
  json policy = APolicy("baseline", 1, NoCritical());
  policy["spec"]["exceptions"] = {{{"ids", {"CVE-1"}}, {"reason", "r"}, {"until", until}}};
  return policy;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ScanRefresherTest,
    ::testing::Values(
        RefreshCase{"SaidTheSame", [](Scene&) {}, true},
        RefreshCase{"SaidTheSameOfOneThatPasses",
                    [](Scene& s) { s.stored.match->platforms[0].findings.clear(); }, true},
        RefreshCase{"SaidTheSameOfASystemThatNoFeedSpeaksOf",
                    [](Scene& s) {
                      s.stored.match->platforms[0].coverage = {
                          {"advisories", CoverageState::kUnsupported, "no feed", 1}};
                    },
                    true},
        RefreshCase{"SaidTheSameUnderAnExceptionThatHolds",
                    [](Scene& s) { s.policies = {Recorded(WithException("2027-01-01"))}; }, true},
        RefreshCase{"BuiltAgainFromTheSame",
                    [](Scene& s) { s.new_built_at = s.stored.match->database_built_at; }, true},
        RefreshCase{"SaidOtherwise", [](Scene& s) { s.same = false; }},
        RefreshCase{"NotMatchedYet", [](Scene& s) { s.has_findings = false; }},
        RefreshCase{"MatchedWithAnOlderDatabase", [](Scene& s) { s.old_id = "db-0"; }},
        RefreshCase{"NotKnownWhatWasAsked",
                    [](Scene& s) {
                      s.store = [](store::Store& store) {
                        auto findings = store.GetFindings(kRefreshed).value();
                        ASSERT_TRUE(store.PutFindings(kRefreshed, *findings));
                      };
                    }},
        RefreshCase{"StatusOfAnotherDatabase",
                    [](Scene& s) { s.status = [](auto& status) { status.database_id = "db-0"; }; }},
        RefreshCase{"StatusOfAnotherDay",
                    [](Scene& s) {
                      s.status = [](auto& status) {
                        status.database_built_at = "2026-11-24T08:00:00Z";
                      };
                    }},
        RefreshCase{"NeverJudged",
                    [](Scene& s) {
                      s.status = [](auto& status) {
                        status.conditions = {{"Ready", "False", "Queued", "", 0, ""}};
                      };
                    }},
        RefreshCase{
            "JudgedBeforeItsSpecChanged",
            [](Scene& s) { s.status = [](auto& status) { status.observed_generation = 0; }; }},
        RefreshCase{
            "JudgedByAnEarlierPolicy",
            [](Scene& s) { s.status = [](auto& status) { status.policies[0].generation = 0; }; }},
        RefreshCase{"JudgedByAPolicyThatIsGone",
                    [](Scene& s) {
                      s.status = [](auto& status) {
                        status.policies.emplace_back().name = "z";
                        status.policies.back().verdict = "Pass";
                      };
                    }},
        RefreshCase{"PodsNotCountedYet",
                    [](Scene& s) {
                      s.status = [](auto& status) {
                        status.policies[0].turned_bad->counting = true;
                      };
                    }},
        RefreshCase{"BadAndNotSaidSinceWhen",
                    [](Scene& s) {
                      s.status = [](auto& status) { status.policies[0].turned_bad.reset(); };
                    }},
        RefreshCase{"AnExceptionHasEnded",
                    [](Scene& s) {
                      s.policies = {Recorded(WithException("2026-11-20"))};
                      s.status = [](auto& status) { status.policies[0].rests_on = {0}; };
                    }},
        RefreshCase{"TimeGoesByForAPolicy",
                    [](Scene& s) {
                      json policy = APolicy("baseline", 1, NoCritical());
                      policy["spec"]["rules"][0]["vulnerabilities"]["publishedFor"] = "14d";
                      s.policies = {Recorded(policy)};
                    }},
        RefreshCase{"NotKept",
                    [](Scene& s) {
                      s.status = [](auto& status) {
                        status.conditions.push_back({"Stored", "False", "StoreFull", "", 0, ""});
                      };
                    }},
        RefreshCase{"ADatabaseThatIsNotNewer",
                    [](Scene& s) { s.new_built_at = "2026-11-24T08:59:59Z"; }},
        RefreshCase{"ADatabaseOfNoTime", [](Scene& s) { s.new_built_at = "soon"; }},
        RefreshCase{"TheOlderOneWasTooOldForAPolicy",
                    [](Scene& s) {
                      json policy = APolicy("fresh", 1, NoCritical());
                      policy["spec"]["maxDatabaseAge"] = "24h";
                      s.policies.push_back(Recorded(policy));
                    }},
        RefreshCase{"APersonsQuestion", [](Scene& s) { s.scan.name = "mine"; }}),
    [](const auto& info) { return info.param.name; });

TEST(ScanRefresher, KnowsItsOwnWritesFromOthersAndTellsOfThemOnce) {
  Scene scene;
  scene.stored.match->platforms[0].asked = {kAskedWord};
  World world;
  const advisories::TemporaryFolder folder;
  auto opened = store::OpenSqliteStore(folder.Path("store"));
  ASSERT_TRUE(opened);
  store::Store& store = *opened->store;
  ASSERT_TRUE(SaveInventory(store, scene.stored.inventory, kToday));
  ASSERT_TRUE(SaveMatch(store, kRefreshed, *scene.stored.match));
  scene.policies.clear();
  scene.scan.status =
      Judge({.scan = &scene.scan, .stored = &scene.stored, .policies = &scene.policies}, kToday);
  json object = resources::ImageScanToJson(scene.scan);
  object["metadata"]["generation"] = scene.scan.generation;
  object["status"] = resources::StatusToJson(scene.scan.status);
  world.api.Put(kImageScans, object);
  kube::Informer<ScanRecord> scans(world.api, {.resource = kImageScans}, ProjectScan);
  scans.Start();
  ASSERT_TRUE(scans.WaitForSync(Cancellation{}.Within(std::chrono::seconds(20))));
  const StillClock clock;
  kube::WorkQueue queue;
  const auto database = std::make_shared<const NextDatabase>(scene);
  ScanRefresher refresher({world.api, clock, scans, store, [&] { return database; },
                           [&] { return scene.policies; }, queue});
  const auto before = scans.Get(scene.scan.name);
  ASSERT_TRUE(refresher.Refresh(ScanRefresher::KeyOf(scene.scan.name), {}).status);
  EXPECT_EQ(queue.size(), 0u);
  scans.Stop();
  const auto after = ProjectScan(world.api.Read(kImageScans, {"", scene.scan.name}));
  ASSERT_TRUE(before && after);
  const auto own = std::make_shared<const ScanRecord>(*after);
  auto asked = std::make_shared<ScanRecord>(*after);
  asked->scan.annotations["landwaiter.io/asked-at"] = "now";
  const kube::ObjectKey key{"", scene.scan.name};
  EXPECT_FALSE(refresher.TakeOwn({key, before, before})) << "nothing of it has come back";
  EXPECT_FALSE(refresher.TakeOwn({key, nullptr, own})) << "an object that is new";
  EXPECT_TRUE(refresher.TakeOwn({key, before, own}));
  EXPECT_FALSE(refresher.TakeOwn({key, before, own})) << "once";
  EXPECT_FALSE(refresher.TakeOwn({key, own, asked})) << "somebody asks for it";
}

TEST(ScanRefresher, GivesAnImageThatIsGoneToTheReconciler) {
  FakeKube api;
  const advisories::TemporaryFolder folder;
  auto opened = store::OpenSqliteStore(folder.Path("store"));
  ASSERT_TRUE(opened);
  const kube::Informer<ScanRecord> scans(api, {.resource = kImageScans}, ProjectScan);
  const StillClock clock;
  kube::WorkQueue queue;
  ScanRefresher refresher({api, clock, scans, *opened->store,
                           [] { return std::shared_ptr<const MatchDatabase>(); },
                           [] { return Policies(); }, queue});
  EXPECT_TRUE(refresher.Refresh(ScanRefresher::KeyOf("gone"), {}).status);
  EXPECT_EQ(queue.size(), 1u);
}

TEST(RoleAndANewDatabase, GivesTheImageItsNameWhereItSaysTheSame) {
  const Digest cart = DigestOf("cart");
  World world;
  world.api.Put(kScanPolicies, APolicy("baseline", 1, NoCritical()));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, WithImage(APod("cart"), kTag));
  ASSERT_TRUE(world.Until([&] { return world.Verdict(cart) == "Fail" && world.Pods(cart) == 1; }));
  const json before = world.ScanObject(cart)["status"];
  const auto found = AFinding("CVE-1", Severity::kCritical, "3.0.2");
  world.UseDatabase("db-2", {found}, "db-1");
  replica.role->OnDatabaseChanged();
  ASSERT_TRUE(
      world.Until([&] { return world.ScanObject(cart)["status"]["database"]["id"] == "db-2"; }));
  world.UseDatabase("db-3", {found}, "db-2");
  replica.role->OnDatabaseChanged();
  ASSERT_TRUE(
      world.Until([&] { return world.ScanObject(cart)["status"]["database"]["id"] == "db-3"; }));
  const json after = world.ScanObject(cart)["status"];
  for (const char* field : {"verdict", "policies", "topFindings", "vulnerabilities", "usedBy"}) {
    EXPECT_EQ(after[field], before[field]) << field;
  }
}

}  // namespace
}  // namespace landwaiter::controller
