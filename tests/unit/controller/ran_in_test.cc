// Which namespaces a record keeps, and for how long.
#include <gtest/gtest.h>

#include "controller/scan_facts.h"
#include "controller/turned_bad.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using std::chrono::hours;

const Digest kRanImage = DigestOf("image");
const TimePoint kJudgedAt = *ParseTime("2026-11-24T12:00:00Z");
const TimePoint kMadeBefore = *ParseTime("2026-11-19T00:00:00Z");

resources::ImageScanStatus Begun(std::size_t policies) {
  resources::ImageScanStatus status;
  status.policies.resize(policies);
  for (auto& row : status.policies) {
    row.verdict = "Fail";
    row.turned_bad = {"2026-11-24T12:00:00Z", {}, true, ""};
  }
  return status;
}

std::vector<RunsIn> Many(std::size_t count, std::size_t length) {
  std::vector<RunsIn> out;
  for (std::size_t i = 0; i < count; ++i) {
    std::string ns = std::to_string(1'000'000 + i);
    out.push_back({ns + std::string(length - ns.size(), 'n'), kMadeBefore});
  }
  return out;
}

TEST(RunsImage, IsToldByWhatTheNodePulledOrByTheDigestThatIsWritten) {
  resources::ImageScanStatus status;
  status.digest = DigestOf("index").ToString();
  status.platforms.emplace_back();
  status.platforms[0].manifest_digest = DigestOf("manifest").ToString();
  status.platforms[0].image_id = DigestOf("config").ToString();
  const auto at = [](const char* what) { return "r.io/a@" + DigestOf(what).ToString(); };
  const struct {
    const char* name;
    std::string reference;
    std::string image_id;
    bool runs;
  } cases[] = {
      {"the digest was pulled", "r.io/a:1", at("index"), true},
      {"its platform's manifest was", "r.io/a:1", at("manifest"), true},
      {"the runtime tells the configuration alone", "r.io/a:1", DigestOf("config").ToString(),
       true},
      {"the pod names the digest", at("index"), "", true},
      {"a tag that was not pulled yet", "r.io/a:1", "", false},
      {"another image was pulled by the tag", "r.io/a:1", at("other"), false},
      {"an id that is none", "r.io/a:1", "latest", false},
  };
  for (const auto& c : cases) {
    PodProjector projector;
    const auto pod = projector(WithImage(APod("p"), c.reference, c.image_id));
    ASSERT_TRUE(pod);
    EXPECT_EQ(RunsImage(*pod, status), c.runs) << c.name;
  }
}

// Admission pitfall 84.
TEST(CountRunning, KeepsThoseThatRanItLongestWithinTheBounds) {
  auto early = Many(1000, 10);
  early.push_back({"zeal", *ParseTime("2026-11-01T00:00:00Z")});
  auto kept = Begun(1);
  CountRunning(early, kept);
  EXPECT_EQ(kept.policies[0].turned_bad->namespaces.back(), "zeal");
  EXPECT_EQ(kept.policies[0].turned_bad->namespaces.size(), resources::kMaxRanIn);

  auto status = Begun(1);
  CountRunning(Many(1000, 10), status);
  EXPECT_EQ(status.policies[0].turned_bad->namespaces.size(), resources::kMaxRanIn);
  EXPECT_EQ(status.policies[0].turned_bad->namespaces[0], "1000000nnn");
  EXPECT_FALSE(status.policies[0].turned_bad->counting);

  status = Begun(64);
  CountRunning(Many(1000, 63), status);
  const auto& first = status.policies.front().turned_bad->namespaces;
  EXPECT_EQ(first.size(), resources::kMaxRanInBytes / 64 / 66) << "each policy has its share";
  EXPECT_EQ(status.policies.back().turned_bad->namespaces, first);
  EXPECT_EQ(resources::StatusToJson(status)["policies"].back()["turnedBad"]["namespaces"].size(),
            first.size())
      << "nothing is cut when it is written";
}

TEST(CountRunning, TakesNothingFromRecordsThatAreThere) {
  auto status = Begun(2);
  status.policies[1].turned_bad = {"2026-11-01T00:00:00Z", {}};
  for (const auto& in : Many(resources::kMaxRanInBytes / 66, 63)) {
    status.policies[1].turned_bad->namespaces.push_back(in.ns);
  }
  const auto there = status.policies[1].turned_bad;
  CountRunning(Many(1000, 63), status);
  EXPECT_EQ(status.policies[1].turned_bad, there);
  EXPECT_TRUE(status.policies[0].turned_bad->namespaces.empty()) << "judged, as any other";
}

struct RetentionCase {
  const char* name;
  std::vector<std::string> ran_in = {"shop"};
  hours age{24 * 8};  // since it turned bad
  json running = json::object();
  const char* uid = "uid-p";
  bool outlived = false;
};

// Admission pitfall 33.
TEST(Outlived, NotWhileSomeoneWhoRanTheImageMayComeBack) {
  const RetentionCase cases[] = {
      {.name = "it ran somewhere"},
      {.name = "it ran nowhere", .ran_in = {}, .outlived = true},
      {.name = "its time is over", .age = hours(720), .outlived = true},
      {.name = "a shorter time is over", .running = {{"for", "7d"}}, .outlived = true},
      {.name = "the policy judges it", .running = {{"action", "Judge"}}, .outlived = true},
      {.name = "the policy is another", .uid = "gone", .outlived = true},
  };
  for (const RetentionCase& c : cases) {
    ScanRecord record;
    record.scan = AScan(kRanImage);
    record.managed = true;
    record.scan.status.conditions = {
        {"InUse", "False", "NoPods", "", 1, FormatTime(kJudgedAt - hours(24 * 7))}};
    auto& row = record.scan.status.policies.emplace_back();
    row.name = "p";
    row.uid = c.uid;
    row.verdict = "Fail";
    row.turned_bad = {FormatTime(kJudgedAt - c.age), c.ran_in};
    json policy = APolicy("p", 1, NoCritical());
    policy["spec"]["alreadyRunning"] = c.running;
    const Policies policies = {Recorded(policy)};
    EXPECT_EQ(Outlived(record, policies, hours(24 * 7), kJudgedAt), c.outlived) << c.name;
    EXPECT_FALSE(Outlived(record, policies, hours(24 * 8), kJudgedAt)) << c.name;
  }
}

}  // namespace
}  // namespace landwaiter::controller
