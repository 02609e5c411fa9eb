// Since when an image is bad, and where it ran then.
#include "controller/turned_bad.h"

#include <gtest/gtest.h>

#include "controller/judge.h"
#include "lib/base/json.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using resources::TurnedBad;
using std::chrono::hours;

const Digest kTurning = DigestOf("image");
const TimePoint kStart = *ParseTime("2026-11-24T12:00:00Z");
constexpr const char* kPolicyMade = "2026-11-20T00:00:00Z";
const TimePoint kOlder = *ParseTime("2026-11-19T00:00:00Z");
const TimePoint kYounger = *ParseTime("2026-11-21T00:00:00Z");

const std::vector<Finding> kCritical = {AFinding("CVE-1", Severity::kCritical)};
const std::vector<Finding> kLow = {AFinding("CVE-2", Severity::kLow)};
const std::vector<Finding> kHigh = {AFinding("CVE-3", Severity::kHigh)};

/// One image through its days, as the reconciler judges it and writes what comes of it.
class TurnedBadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    json rules = NoCritical();
    rules.push_back(
        {{"name", "high"}, {"action", "Warn"}, {"vulnerabilities", {{"severityAtLeast", "High"}}}});
    policy_ = APolicy("p", 1, rules);
    policy_["metadata"]["creationTimestamp"] = kPolicyMade;
    scan_.created_at = kPolicyMade;
  }
  void Runs(const std::string& ns, TimePoint oldest = kYounger) {
    running_.push_back({ns, oldest});
    std::sort(running_.begin(), running_.end(),
              [](const auto& a, const auto& b) { return a.ns < b.ns; });
  }
  /// A minute later.
  void Look() {
    now_ += std::chrono::minutes(1);
    const Policies policies = {Recorded(policy_)};
    resources::ImageScanStatus status =
        Judge({.scan = &scan_,
               .stored = stored_ ? &*stored_ : nullptr,
               .policies = &policies,
               .usage = counted_ ? std::optional<Usage>(Usage{}) : std::nullopt},
              now_);
    if (counted_) CountRunning(running_, status);
    // What is written and read again is all that a restart leaves.
    json object = resources::ImageScanToJson(scan_);
    object["metadata"]["generation"] = scan_.generation;
    object["metadata"]["creationTimestamp"] = scan_.created_at;
    object["status"] = resources::StatusToJson(status);
    scan_ = ProjectScan(object)->scan;
  }
  void Look(std::vector<Finding> findings) {
    stored_ = AStored(kTurning, std::move(findings));
    Look();
  }
  void Unreadable() {
    stored_ = AStored(kTurning, {});
    stored_->inventory.platforms[0].coverage[0].state = CoverageState::kFailed;
    Look();
  }
  std::optional<TurnedBad> Record() const {
    return scan_.status.policies.empty() ? std::nullopt : scan_.status.policies[0].turned_bad;
  }
  std::vector<std::string> Where() const {
    const auto record = Record();
    if (!record || record->counting) return {record ? "still counting" : "no record"};
    return record->namespaces;
  }
  using Names = std::vector<std::string>;

  resources::ImageScan scan_ = AScan(kTurning);
  std::optional<StoredImage> stored_;
  json policy_;
  std::vector<RunsIn> running_;
  bool counted_ = true;
  TimePoint now_ = kStart;
};

TEST_F(TurnedBadTest, NothingIsRecordedOfWhatIsGood) {
  Runs("shop");
  Look(kLow);
  EXPECT_FALSE(Record());
  Look(kHigh);
  EXPECT_EQ(scan_.status.policies[0].verdict, "Warn");
  EXPECT_FALSE(Record());
}

TEST_F(TurnedBadTest, AllThatRunItWhenItTurnsBadAreRecorded) {
  Runs("shop");
  Runs("bank", kOlder);
  Look(kLow);
  Look(kCritical);
  EXPECT_EQ(Where(), (Names{"bank", "shop"}));
  EXPECT_EQ(Record()->since, FormatTime(now_));
}

TEST_F(TurnedBadTest, AWarningWasGoodToo) {
  Runs("shop");
  Look(kHigh);
  Look(kCritical);
  EXPECT_EQ(Where(), Names{"shop"});
}

// Admission pitfall 33.
TEST_F(TurnedBadTest, ItStaysAsItIsWhateverRunsLater) {
  Runs("shop");
  Look(kLow);
  Look(kCritical);
  const auto record = Record();
  Runs("dev");
  Look(kCritical);
  EXPECT_EQ(Record(), record) << "what came later earns nothing";
  running_.clear();
  Look(kCritical);
  EXPECT_EQ(Record(), record) << "scaled to nothing";
  policy_["metadata"]["generation"] = 2;
  policy_["spec"]["enforcement"] = "Warn";
  Look(kCritical);
  EXPECT_EQ(Record(), record) << "another generation";
  Unreadable();
  EXPECT_EQ(scan_.status.policies[0].verdict, "Unknown");
  EXPECT_EQ(Record(), record) << "Unknown is no better";
  counted_ = false;
  Look(kCritical);
  EXPECT_EQ(Record(), record) << "a restart";
  stored_.reset();
  Look();
  EXPECT_EQ(Record(), record) << "the store is lost";
  Look(kCritical);
  EXPECT_EQ(Record(), record) << "and the image scanned again";
}

TEST_F(TurnedBadTest, AGoodVerdictEndsItAndTheNextTurnIsAnotherOne) {
  Runs("shop");
  Look(kLow);
  Look(kCritical);
  const std::string first = Record()->since;
  Look(kLow);
  EXPECT_FALSE(Record());
  running_.clear();
  Runs("dev");
  Look(kCritical);
  EXPECT_EQ(Where(), Names{"dev"});
  EXPECT_NE(Record()->since, first);
}

TEST_F(TurnedBadTest, ItTurnsWhenItCannotBeDecidedAnyMore) {
  Runs("shop");
  Look(kLow);
  Unreadable();
  Runs("dev");
  Look(kCritical);
  EXPECT_EQ(Where(), Names{"shop"}) << "what onIncomplete let in earns nothing";
}

TEST_F(TurnedBadTest, ATightenedPolicyTurnsIt) {
  Runs("shop");
  Look(kHigh);
  policy_["metadata"]["generation"] = 2;
  policy_["spec"]["rules"][1]["action"] = "Fail";
  Look(kHigh);
  EXPECT_EQ(Where(), Names{"shop"});
}

TEST_F(TurnedBadTest, AtTheFirstLookOnlyWhatIsOlderThanThePolicyIsRecorded) {
  Runs("dev", kYounger);
  Runs("shop", kOlder);
  Runs("test", *ParseTime(kPolicyMade));
  Runs("unknown", TimePoint{});
  Look(kCritical);
  EXPECT_EQ(Where(), Names{"shop"}) << "what slipped in while it was not scanned earns nothing";
}

// A tag of an old pod may mean another image by now, and a node pulls it again without asking.
TEST_F(TurnedBadTest, AnImageThatCameAfterThePolicyIsNotExcusedByOldPods) {
  scan_.created_at = "2026-11-20T01:00:01Z";
  Runs("shop", kOlder);
  Look(kCritical);
  ASSERT_TRUE(Record());
  EXPECT_EQ(Where(), Names{});
}

TEST_F(TurnedBadTest, AnInstallationHasAnHourToSeeWhatRuns) {
  scan_.created_at = "2026-11-20T01:00:00Z";
  Runs("shop", kOlder);
  Look(kCritical);
  EXPECT_EQ(Where(), Names{"shop"});
}

TEST_F(TurnedBadTest, ANewImageHasARecordThatExcusesNobody) {
  Look(kCritical);
  ASSERT_TRUE(Record());
  EXPECT_EQ(Where(), Names{});
  Runs("shop", kOlder);
  Look(kCritical);
  EXPECT_EQ(Where(), Names{}) << "a pod that came after earns nothing";
}

TEST_F(TurnedBadTest, APolicyMadeAnewBeginsAnew) {
  Runs("shop");
  Look(kLow);
  Look(kCritical);
  policy_["metadata"]["uid"] = "another";
  policy_["metadata"]["creationTimestamp"] = "2026-11-24T12:02:30Z";
  Runs("dev", *ParseTime("2026-11-24T12:02:29Z"));
  Runs("late", *ParseTime("2026-11-24T12:02:31Z"));
  Look(kCritical);
  EXPECT_EQ(Where(), (Names{"dev", "shop"})) << "what ran before there was this policy";
  EXPECT_EQ(Record()->since, FormatTime(now_));
}

TEST_F(TurnedBadTest, APolicyWithoutATimeExcusesNobodyAtTheFirstLook) {
  policy_["metadata"].erase("creationTimestamp");
  Runs("shop", kOlder);
  Look(kCritical);
  EXPECT_EQ(Where(), Names{});
}

TEST_F(TurnedBadTest, OneThatFailedBeforeThereWereRecordsIsAFirstLook) {
  Runs("dev", kYounger);
  Runs("shop", kOlder);
  Look(kCritical);
  scan_.status.policies[0].turned_bad.reset();
  Look(kCritical);
  EXPECT_EQ(Where(), Names{"shop"});
}

// Admission pitfall 33.
TEST_F(TurnedBadTest, ItTurnsWhilePodsAreCountedAndIsFilledInAfterwards) {
  Runs("shop", kYounger);
  Look(kLow);
  counted_ = false;
  Look(kCritical);
  EXPECT_EQ(scan_.status.policies[0].verdict, "Fail") << "no verdict waits for that";
  EXPECT_EQ(Where(), Names{"still counting"});
  const std::string since = Record()->since;
  Look(kCritical);
  Unreadable();
  EXPECT_EQ(Where(), Names{"still counting"}) << "another restart";
  Runs("dev", now_ + std::chrono::seconds(1));
  Runs("same", *ParseTime(since));
  counted_ = true;
  Look(kCritical);
  EXPECT_EQ(Where(), Names{"shop"}) << "what came after it turned earns nothing";
  EXPECT_EQ(Record()->since, since);
  EXPECT_TRUE(Record()->made_before.empty());
}

TEST_F(TurnedBadTest, AFirstLookWhilePodsAreCountedStillGoesByThePolicysTime) {
  counted_ = false;
  Look(kCritical);
  Runs("dev", kYounger);
  Runs("shop", kOlder);
  counted_ = true;
  Look(kCritical);
  EXPECT_EQ(Where(), Names{"shop"});
}

TEST_F(TurnedBadTest, ItIsFilledInAlsoWhereTheStoreIsLost) {
  Runs("shop", kYounger);
  Look(kLow);
  counted_ = false;
  Look(kCritical);
  stored_.reset();
  counted_ = true;
  Look();
  EXPECT_EQ(Where(), Names{"shop"});
}

TEST_F(TurnedBadTest, IsWrittenOnce) {
  Runs("shop");
  Look(kLow);
  Look(kCritical);
  const auto before = HashOfStatus(scan_.status);
  Look(kCritical);
  EXPECT_EQ(HashOfStatus(scan_.status), before);
}

}  // namespace
}  // namespace landwaiter::controller
