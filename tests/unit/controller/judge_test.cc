#include "controller/judge.h"

#include <gtest/gtest.h>

#include "lib/base/json.h"
#include "model/scan_request.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

const Digest kDigest = DigestOf("image");
const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");

const resources::Condition& Of(const resources::ImageScanStatus& status, const char* type) {
  static const resources::Condition kNone;
  const auto* found = resources::FindCondition(status.conditions, type);
  return found == nullptr ? kNone : *found;
}

class JudgeTest : public ::testing::Test {
 protected:
  resources::ImageScanStatus Run() {
    return Judge({.scan = &scan_,
                  .stored = stored_ ? &*stored_ : nullptr,
                  .progress = progress_,
                  .policies = &policies_,
                  .platforms_left_out = left_out_,
                  .store_fault = store_fault_,
                  .usage = usage_,
                  .bases = bases_,
                  .watched_as = watched_as_,
                  .namespace_labels = labels_},
                 kNow);
  }

  resources::ImageScan scan_ = AScan(kDigest);
  std::optional<StoredImage> stored_;
  ScanProgress progress_;
  std::vector<Platform> left_out_;
  std::optional<Error> store_fault_;
  Policies policies_;
  std::optional<Usage> usage_ = Usage{};
  const BaseBook* bases_ = nullptr;
  std::vector<std::string> watched_as_;
  std::map<std::string, std::map<std::string, std::string>> labels_;
};

Inventory& WithLayers(ImageInventory& image, const std::string& layers) {
  Inventory& platform = image.platforms.front();
  for (const char c : layers) {
    platform.layers.push_back({DigestOf("blob"), DigestOf(std::string(1, c)), "", 0});
  }
  return platform;
}

TEST_F(JudgeTest, SaysByWhatAnImageIsRecognisedBelowOthers) {
  stored_ = AStored(kDigest, {});
  EXPECT_EQ(Run().platforms.at(0).chain_id, "") << "without layers it is below none";
  const Inventory& platform = WithLayers(stored_->inventory, "ab");
  EXPECT_EQ(Run().platforms.at(0).chain_id, ChainIds(platform.layers).back().ToString());
}

TEST_F(JudgeTest, NamesThatWatchesHaveFoundStayUpToTheirBound) {
  watched_as_ = {"r.io/a:1", "r.io/a:2"};
  scan_.status = Run();
  watched_as_ = {"r.io/a:3", "r.io/a:1"};
  scan_.status = Run();
  EXPECT_EQ(scan_.status.watched_as,
            std::vector<std::string>({"r.io/a:1", "r.io/a:2", "r.io/a:3"}));
  watched_as_ = {};
  EXPECT_EQ(Run().watched_as, scan_.status.watched_as) << "of a leader that has not looked yet";
  for (int i = 0; i < 100; ++i) watched_as_.push_back("r.io/b:" + std::to_string(i));
  EXPECT_EQ(Run().watched_as.size(), resources::kMaxWatchedAs);
  scan_.status.watched_as.clear();
  watched_as_.assign(16, "r.io/");
  for (std::size_t i = 0; i < 16; ++i) watched_as_[i] += std::string(480 + i, 'x') + ":1";
  EXPECT_EQ(Run().watched_as.size(), 8u) << "and of bytes";
}

TEST_F(JudgeTest, JudgesWhatAnImageIsBuiltOn) {
  stored_ = AStored(kDigest, {});
  WithLayers(stored_->inventory, "ab");
  policies_ = {
      Recorded(APolicy("p", 1, {{{"name", "base"}, {"base", {{"allowed", {"r.io/base"}}}}}}))};
  EXPECT_EQ(Run().policies.at(0).verdict, "Unknown") << "nobody knows of bases";
  const BaseList other({{"r.io/base:1", DigestOf("1"), {DigestOf("x")}}});
  bases_ = &other;
  EXPECT_EQ(Run().policies.at(0).verdict, "Fail");
  const BaseList below({{"r.io/base:1", DigestOf("1"), {DigestOf("a")}}});
  bases_ = &below;
  EXPECT_EQ(Run().policies.at(0).verdict, "Pass");
}

TEST_F(JudgeTest, SaysThatAScanWaits) {
  const auto status = Run();
  EXPECT_EQ(Of(status, "Ready").status, "False");
  EXPECT_EQ(Of(status, "Ready").reason, "Queued");
  EXPECT_EQ(status.digest, kDigest.ToString());
  EXPECT_TRUE(status.verdict.empty());
  EXPECT_TRUE(status.policies.empty());
}

TEST_F(JudgeTest, LetsAScanWaitThatNoScannerTook) {
  for (const auto reason : {scan_reason::kScannerBusy, scan_reason::kScannerUnreachable}) {
    progress_ = {ScanProgress::State::kFailed,
                 Error{Code::kUnavailable, "scanner is full", std::string(reason)}, 0, 0,
                 std::chrono::milliseconds(5)};
    const auto status = Run();
    EXPECT_EQ(Of(status, "Ready").reason, "Queued") << reason;
    EXPECT_NE(Of(status, "Ready").message.find("scanner is full"), std::string::npos);
  }
}

// Admission pitfall 94.
TEST_F(JudgeTest, SaysThatAScanRunsOrWhyItFailed) {
  progress_.state = ScanProgress::State::kRunning;
  EXPECT_EQ(Of(Run(), "Ready").reason, "Scanning");
  progress_ = {ScanProgress::State::kFailed, Error{Code::kNotFound, "manifest unknown", "NotFound"},
               1, 0, std::chrono::milliseconds(5)};
  const auto status = Run();
  EXPECT_EQ(Of(status, "Ready").reason, "NotFound");
  EXPECT_NE(Of(status, "Ready").message.find("manifest unknown"), std::string::npos);
  EXPECT_TRUE(status.verdict.empty()) << "a failure is no verdict";
}

// Admission pitfall 94.
TEST_F(JudgeTest, SaysWhyTheLastTryFailedWhileTheNextOneWaitsOrRuns) {
  for (const auto state : {ScanProgress::State::kQueued, ScanProgress::State::kRunning}) {
    progress_ = {state, Error{Code::kUnavailable, "killed by SIGKILL", "ScannerFailed"}, 1};
    const auto ready = Of(Run(), "Ready");
    EXPECT_EQ(ready.reason, state == ScanProgress::State::kQueued ? "Queued" : "Scanning");
    EXPECT_NE(ready.message.find("; the last try failed: ScannerFailed: killed by SIGKILL"),
              std::string::npos)
        << ready.message;
    progress_.failures = 0;
    EXPECT_EQ(Of(Run(), "Ready").message.find("last try"), std::string::npos)
        << "what is asked for anew has no last try";
  }
}

TEST_F(JudgeTest, SaysThatAnotherLookAtAJudgedImageFailsWhileWhatWasJudgedStands) {
  using std::chrono::milliseconds;
  struct Row {
    const char* name;
    ScanProgress progress;
    const char* reason;  // "" where there is no condition
    const char* said;
  };
  const auto failed = [](const char* reason, std::uint32_t failures,
                         std::optional<milliseconds> retry_in) {
    return ScanProgress{ScanProgress::State::kFailed,
                        Error{Code::kUnavailable, "the words of the fault", reason}, failures, 0,
                        retry_in};
  };
  for (const bool lost : {false, true}) {
    for (const Row& row :
         {Row{"none is asked for", {}, "", ""},
          Row{"it waits", {ScanProgress::State::kQueued}, "", ""},
          Row{"one fault", failed("RegistryUnavailable", 1, milliseconds(5)), "", ""},
          Row{"no scanner took it", failed("ScannerBusy", 9, milliseconds(5)), "", ""},
          Row{"for good", failed("TooLarge", 1, {}), "TooLarge", "the words of the fault"},
          Row{"without a name", failed("", 1, {}), "ScannerFailed", "asks for it anew"},
          Row{"again and again", failed("PullUnauthorized", 3, milliseconds(5)), "PullUnauthorized",
              "it is tried again by itself"},
          Row{"where the store is", failed("StoreUnreachable", 3, milliseconds(5)),
              "StoreUnreachable", "the store was not reached"}}) {
      stored_ = AStored(kDigest, {AFinding("CVE-1", Severity::kCritical)});
      policies_ = {Recorded(APolicy("a", 1, NoCritical()))};
      progress_ = {};
      scan_.status = Run();
      if (lost) stored_.reset();
      progress_ = row.progress;
      scan_.status = Run();
      EXPECT_EQ(Of(scan_.status, "Ready").reason, "Scanned") << row.name;
      EXPECT_EQ(scan_.status.verdict, "Fail") << row.name;
      EXPECT_EQ(Of(scan_.status, "Rescanned").reason, row.reason) << row.name;
      EXPECT_NE(Of(scan_.status, "Rescanned").message.find(row.said), std::string::npos)
          << Of(scan_.status, "Rescanned").message;
      progress_ = {ScanProgress::State::kRunning};
      EXPECT_EQ(Of(Run(), "Rescanned").reason, row.reason) << row.name << ": while it runs again";
      progress_ = {};
      EXPECT_EQ(Of(Run(), "Rescanned").reason, "") << row.name << ": done";
    }
  }
}

TEST_F(JudgeTest, JudgesEachPolicyAndTakesTheWorst) {
  stored_ = AStored(kDigest, {AFinding("CVE-1", Severity::kCritical, "3.0.2"),
                              AFinding("CVE-2", Severity::kLow)});
  policies_ = {Recorded(APolicy("a", 3, NoCritical())), Recorded(APolicy("b", 1, NotRoot()))};
  const auto status = Run();
  EXPECT_EQ(Of(status, "Ready").status, "True");
  EXPECT_EQ(Of(status, "Complete").status, "True");
  ASSERT_EQ(status.policies.size(), 2u);
  EXPECT_EQ(status.policies[0].verdict, "Fail");
  EXPECT_EQ(status.policies[0].generation, 3);
  EXPECT_EQ(status.policies[0].uid, "uid-a");
  EXPECT_EQ(status.policies[0].violations[0].count, 1u);
  EXPECT_EQ(status.policies[1].verdict, "Pass");
  EXPECT_EQ(status.verdict, "Fail");
  EXPECT_EQ(status.vulnerabilities->Of(Severity::kCritical), 1u);
  EXPECT_EQ(status.vulnerabilities->fixable, 1u);
  EXPECT_EQ(status.top_findings[0].id, "CVE-1");
  EXPECT_EQ(status.database_id, "db-1");
  EXPECT_EQ(status.scanned_at, "2026-11-24T10:00:00Z");
}

TEST_F(JudgeTest, CountsAPolicyOnlyWhereSomethingItMatchesRuns) {
  stored_ = AStored(kDigest, {AFinding("CVE-1", Severity::kCritical)});
  auto policy = APolicy("a", 1, NoCritical());
  policy["spec"]["match"] = {{"namespaceSelector", {{"matchLabels", {{"tier", "prod"}}}}}};
  policies_ = {Recorded(policy)};
  usage_ = Usage{1, {"dev"}, {"r.io/shop/cart:1"}};
  labels_ = {{"dev", {{"tier", "dev"}}}};
  EXPECT_EQ(Run().verdict, "Pass");
  EXPECT_EQ(Run().policies[0].verdict, "Fail") << "the content is judged all the same";
  labels_["live"] = {{"tier", "prod"}};
  EXPECT_EQ(Run().verdict, "Fail");
}

TEST_F(JudgeTest, IsUnknownNotCleanWithoutADatabase) {
  stored_ = AStored(kDigest, {});
  stored_->match.reset();
  policies_ = {Recorded(APolicy("b", 1, NotRoot()))};
  const auto status = Run();
  EXPECT_EQ(Of(status, "Ready").reason, "NoDatabase");
  EXPECT_EQ(status.verdict, "Unknown");
  EXPECT_EQ(Of(status, "DatabaseFresh").status, "False");
}

TEST_F(JudgeTest, IsUnknownNotCleanWhereSomethingWasNotRead) {
  stored_ = AStored(kDigest, {});
  stored_->inventory.platforms[0].coverage[0] = {"dpkg", CoverageState::kFailed,
                                                 "var/lib/dpkg/status: line 3 broken", 0};
  policies_ = {Recorded(APolicy("a", 1, NoCritical()))};
  const auto status = Run();
  EXPECT_EQ(Of(status, "Complete").status, "False");
  EXPECT_NE(Of(status, "Complete").message.find("line 3 broken"), std::string::npos);
  EXPECT_EQ(status.verdict, "Unknown");
}

TEST_F(JudgeTest, NamesAnOperatingSystemThatNoFeedCovers) {
  stored_ = AStored(kDigest, {});
  stored_->match->platforms[0].coverage[0] = {"advisories", CoverageState::kUnsupported,
                                              "no feed for plan9", 0};
  policies_ = {Recorded(APolicy("a", 1, NoCritical()))};
  const auto status = Run();
  EXPECT_EQ(Of(status, "Ready").status, "False");
  EXPECT_EQ(Of(status, "Ready").reason, scan_reason::kUnsupportedOS);
  EXPECT_EQ(status.verdict, "Unknown");
}

TEST_F(JudgeTest, ExcusesAnImageUnderTheNamesThatAnExceptionIsForAlone) {
  stored_ = AStored(kDigest, {AFinding("CVE-1", Severity::kCritical)});
  auto policy = APolicy("a", 1, NoCritical());
  policy["spec"]["exceptions"] = {{{"ids", {"CVE-1"}},
                                   {"images", {"r.io/shop/**"}},
                                   {"until", "2027-01-31"},
                                   {"reason", "ticket"}}};
  policies_ = {Recorded(policy)};
  usage_ = Usage{.pods = 1, .namespaces = {"shop"}, .references = {"r.io/shop/cart:1"}};
  labels_ = {{"shop", {}}};
  const auto excused = Run();
  EXPECT_EQ(excused.policies[0].verdict, "Fail") << "for any other name";
  ASSERT_EQ(excused.policies[0].excused.size(), 1u);
  EXPECT_EQ(excused.policies[0].excused[0].verdict, "Pass");
  EXPECT_EQ(excused.policies[0].excused[0].rests_on, std::vector<std::uint64_t>{0});
  EXPECT_EQ(excused.verdict, "Pass") << "nothing runs it under another name";
  usage_->references.push_back("r.io/bank/cart:1");
  EXPECT_EQ(Run().verdict, "Fail");
  EXPECT_EQ(Run().policies[0].excused.size(), 1u) << "the bank's use takes nothing from the shop";
}

// Admission pitfalls 75 and 96.
TEST_F(JudgeTest, KeepsVerdictsWhenTheStoreIsLost) {
  stored_ = AStored(kDigest, {AFinding("CVE-1", Severity::kCritical)});
  policies_ = {Recorded(APolicy("a", 3, NoCritical())), Recorded(APolicy("b", 1, NotRoot()))};
  scan_.status = Run();
  stored_.reset();
  const auto kept = Run();
  EXPECT_EQ(kept.verdict, "Fail");
  EXPECT_EQ(kept.policies.size(), 2u);
  EXPECT_EQ(Of(kept, "Ready").status, "True");
  policies_.erase(policies_.begin());
  const auto without = Run();
  EXPECT_EQ(without.policies.size(), 1u) << "a deleted policy judges no more";
  EXPECT_EQ(without.verdict, "Pass");
}

// Admission pitfall 68.
TEST_F(JudgeTest, KeepsWhatWasFoundOfAnImageThatIsGoneFromItsRegistry) {
  stored_ = AStored(kDigest, {AFinding("CVE-1", Severity::kCritical)});
  policies_ = {Recorded(APolicy("a", 3, NoCritical()))};
  scan_.status = Run();
  stored_.reset();
  progress_ = {ScanProgress::State::kFailed, Error{Code::kNotFound, "manifest unknown", "NotFound"},
               12, 0, std::nullopt};
  const auto kept = Run();
  EXPECT_EQ(kept.verdict, "Fail");
  EXPECT_EQ(kept.policies.size(), 1u);
  EXPECT_EQ(kept.vulnerabilities->Of(Severity::kCritical), 1u);
}

TEST_F(JudgeTest, GivesTheSameStatusTwice) {
  stored_ = AStored(kDigest, {AFinding("CVE-1", Severity::kHigh)});
  policies_ = {Recorded(APolicy("a", 3, NoCritical()))};
  usage_ = Usage{2, {"shop"}, {"r.io/shop/cart:1.4"}};
  scan_.status = Run();
  EXPECT_EQ(HashOfStatus(Run()), HashOfStatus(scan_.status));
}

TEST_F(JudgeTest, MovesTheTransitionTimeOnlyWhenTheStatusFlips) {
  scan_.status.conditions = {{"Ready", "False", "Queued", "", 1, "2026-11-24T01:00:00Z"}};
  progress_.state = ScanProgress::State::kRunning;
  EXPECT_EQ(Of(Run(), "Ready").last_transition_time, "2026-11-24T01:00:00Z");
  stored_ = AStored(kDigest, {});
  EXPECT_EQ(Of(Run(), "Ready").last_transition_time, "2026-11-24T12:00:00Z");
}

TEST_F(JudgeTest, SaysThatNodesAreOfMorePlatformsThanAreLookedAt) {
  stored_ = AStored(kDigest, {});
  left_out_ = {{"linux", "s390x"}};
  EXPECT_EQ(Of(Run(), "Complete").status, "True") << "an image without an index has but one";
  stored_->inventory.media_type = "application/vnd.oci.image.index.v1+json";
  EXPECT_EQ(Of(Run(), "Complete").reason, "TooManyPlatforms");
  EXPECT_NE(Of(Run(), "Complete").message.find("linux/s390x"), std::string::npos);
}

TEST_F(JudgeTest, JudgesWhatCouldNotBeKeptAndSaysSo) {
  stored_ = AStored(kDigest, {});
  stored_->match->report_bytes = 0;
  policies_ = {Recorded(APolicy("b", 1, NotRoot()))};
  store_fault_ = Error{Code::kResourceExhausted, "the disk is full", "StoreFull"};
  scan_.status = Run();
  EXPECT_EQ(scan_.status.verdict, "Pass");
  EXPECT_EQ(Of(scan_.status, "Ready").status, "True");
  EXPECT_EQ(Of(scan_.status, "Stored").reason, "StoreFull");
  EXPECT_TRUE(scan_.status.report_digest.empty()) << "there is no such report";
  store_fault_.reset();
  EXPECT_EQ(Of(Run(), "Stored").status, "") << "gone with the fault";
}

// Admission pitfall 50.
TEST_F(JudgeTest, ShowsTheTagThatPodsUse) {
  usage_ = Usage{1, {"shop"}, {"r.io/shop/cart:1.4"}};
  EXPECT_EQ(Run().display_name, "shop/cart:1.4");
  usage_ = Usage{1, {"shop"}, {"r.io/shop/cart:1.5@" + kDigest.ToString()}};
  EXPECT_EQ(Run().display_name, "shop/cart:1.5") << "pinned by /mutate";
  usage_.reset();
  scan_.status.references = {"r.io/shop/cart:1.3"};
  scan_.status.used_by_pods = 3;
  const auto counting = Run();
  EXPECT_EQ(counting.display_name, "shop/cart:1.3");
  EXPECT_EQ(counting.used_by_pods, 3u) << "kept while the pods are being counted";
}

// Pitfall 145: by the day it was built.
TEST_F(JudgeTest, SaysWhenTheDatabaseIsStale) {
  stored_ = AStored(kDigest, {});
  stored_->match->database_built_at = "2026-11-01T00:00:00Z";
  EXPECT_EQ(Of(Run(), "DatabaseFresh").reason, "Stale");
  auto policy = APolicy("a", 1, NoCritical());
  policy["spec"]["maxDatabaseAge"] = "2h";
  policies_ = {Recorded(policy)};
  stored_->match->database_built_at = "2026-11-24T09:00:00Z";
  EXPECT_EQ(Of(Run(), "DatabaseFresh").reason, "Stale") << "the strictest policy counts";
  for (const char* no_time_yet : {"2046-01-01T00:00:00Z", "some day"}) {
    stored_->match->database_built_at = no_time_yet;
    const auto fresh = Of(Run(), "DatabaseFresh");
    EXPECT_EQ(fresh.reason, "Stale") << no_time_yet;
    EXPECT_NE(fresh.message.find("its age is not known"), std::string::npos) << fresh.message;
  }
}

// Admission pitfall 84.
TEST_F(JudgeTest, StaysBoundedWhateverAnImageHolds) {
  std::vector<Finding> findings;
  for (int i = 0; i < 2000; ++i) {
    Finding finding = AFinding("CVE-" + std::to_string(i), Severity::kCritical, "9");
    finding.path = std::string(4000, 'p');
    findings.push_back(std::move(finding));
  }
  stored_ = AStored(kDigest, std::move(findings));
  for (int i = 0; i < 70; ++i) {
    policies_.push_back(Recorded(APolicy("p" + std::to_string(i), 1, NoCritical())));
  }
  usage_ = Usage{100'000, {}, {}};
  for (int i = 0; i < 1000; ++i) {
    usage_->namespaces.push_back(std::string(60, 'n') + std::to_string(i));
    usage_->references.push_back("r.io/" + std::string(200, 'a') + ":" + std::to_string(i));
  }
  EXPECT_LT(DumpJson(resources::StatusToJson(Run())).size(), 64u * 1024);
}

}  // namespace
}  // namespace landwaiter::controller
