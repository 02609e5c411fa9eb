// What is told of what runs: the facts for Falco, running fails, policy reports.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controller/runtime/falco_facts.h"
#include "controller/runtime/policy_reports.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

const TimePoint kNow = *ParseTime("2026-11-24T12:00:00Z");
const Digest kDigest = DigestOf("cart");
const NamespaceLabels kNamespaces = {{"bank", {{"team", "money"}}}, {"shop", {{"team", "web"}}}};

json For(json policy, const std::string& team) {
  policy["spec"]["match"] = {{"namespaceSelector", {{"matchLabels", {{"team", team}}}}}};
  return policy;
}

json NoTag(const std::string& tag) {
  return {{{"name", "no-tag"}, {"reference", {{"deniedTags", {tag}}}}}};
}

/// Judged by each policy as is said; "" for one that has not judged.
std::shared_ptr<const ScanRecord> Judgements(const std::map<std::string, std::string>& verdicts,
                                             const std::vector<std::string>& references = {
                                                 "r.io/shop/cart:1.4"}) {
  ScanRecord record;
  record.scan = AScan(kDigest);
  auto& status = record.scan.status;
  status.digest = kDigest.ToString();
  status.references = references;
  status.display_name = "shop/cart:1.4";
  if (!verdicts.empty()) status.scanned_at = "2026-11-24T10:00:00Z";
  status.matched_at = status.scanned_at;
  resources::PlatformStatus platform;
  platform.platform = "linux/amd64";
  platform.manifest_digest = DigestOf("manifest").ToString();
  platform.image_id = DigestOf("config").ToString();
  status.platforms.push_back(std::move(platform));
  for (const auto& [policy, verdict] : verdicts) {
    resources::PolicyStatus row;
    row.name = policy;
    row.generation = 1;
    row.verdict = verdict;
    row.uid = "uid-" + policy;
    if (verdict == "Fail") row.violations = {{"no-critical", 2, true, "CVE-1 in openssl"}};
    if (verdict == "Warn") row.violations = {{"no-critical", 1, false, "CVE-1 in openssl"}};
    if (verdict == "Unknown") row.unknown = {"rule no-critical: coverage dpkg: Failed"};
    status.policies.push_back(std::move(row));
  }
  return std::make_shared<const ScanRecord>(std::move(record));
}

TEST(FalcoFacts, SayWhereAnImageFails) {
  const auto everywhere = Recorded(APolicy("all", 1, NoCritical()));
  const auto web = Recorded(For(APolicy("web", 1, NoCritical()), "web"));
  const auto money = Recorded(For(APolicy("money", 1, NoCritical()), "money"));
  const auto names = Recorded(For(APolicy("names", 1, NoTag("1.4")), "web"));
  const struct {
    const char* name;
    Policies policies;
    std::shared_ptr<const ScanRecord> scan;
    bool listed;
    bool fails;
    report::FalcoNamespaces where;
    report::FalcoNamespaces watched;
  } cases[] = {
      {"no policy", {}, Judgements({{"all", "Fail"}}), true, false, {}, {}},
      {"one that passes", {everywhere}, Judgements({{"all", "Pass"}}), true, false, {}, {true, {}}},
      {"one that warns", {everywhere}, Judgements({{"all", "Warn"}}), true, false, {}, {true, {}}},
      {"one that fails everywhere",
       {everywhere},
       Judgements({{"all", "Fail"}}),
       true,
       true,
       {true, {}},
       {true, {}}},
      {"one that fails for a team",
       {web},
       Judgements({{"web", "Fail"}}),
       true,
       true,
       {false, {"shop"}},
       {false, {"shop"}}},
      {"one that fails for two teams",
       {money, web},
       Judgements({{"money", "Fail"}, {"web", "Fail"}}),
       true,
       true,
       {false, {"bank", "shop"}},
       {false, {"bank", "shop"}}},
      {"one that fails for one of two",
       {money, web},
       Judgements({{"money", "Pass"}, {"web", "Fail"}}),
       true,
       true,
       {false, {"shop"}},
       {false, {"bank", "shop"}}},
      {"one that was never scanned", {everywhere}, Judgements({}), false, false, {}, {true, {}}},
      {"one that fails by its name, before it is scanned",
       {names},
       Judgements({}),
       true,
       true,
       {false, {"shop"}},
       {}},
      {"one of another name",
       {names},
       Judgements({{"names", "Pass"}}, {"r.io/shop/cart:2"}),
       true,
       false,
       {},
       {}},
  };
  for (const auto& c : cases) {
    const auto facts = FalcoFacts(c.policies, {c.scan}, kNamespaces, kNow);
    EXPECT_EQ(facts.watched, c.watched) << c.name;
    ASSERT_EQ(facts.images.size(), c.listed ? 1 : 0) << c.name;
    if (!c.listed) continue;
    EXPECT_EQ(facts.images[0].fails, c.fails) << c.name;
    EXPECT_EQ(facts.images[0].where, c.where) << c.name;
    EXPECT_EQ(facts.images[0].digests,
              (std::vector{kDigest, DigestOf("manifest"), DigestOf("config")}))
        << c.name;
  }
}

std::vector<ReportResult> ResultsOf(const json& policy,
                                    const std::shared_ptr<const ScanRecord>& scan,
                                    const std::string& reference = "r.io/shop/cart:1.4") {
  std::vector<ReportResult> results;
  AddResults({Recorded(policy)},
             {{"apps/v1", "ReplicaSet", "shop", "cart", "uid-cart"}, reference, scan, 3}, kNow,
             results);
  return results;
}

TEST(AddResults, SaysOfEachRuleWhatCameOfIt) {
  json two = NoCritical();
  two.push_back(NotRoot()[0]);
  const struct {
    const char* name;
    json policy;
    std::shared_ptr<const ScanRecord> scan;
    std::vector<std::string> said;  // "rule: outcome severity message"
  } cases[] = {
      {"an image that passes",
       APolicy("p", 1, two),
       Judgements({{"p", "Pass"}}),
       {"no-critical: pass  ", "not-root: pass  "}},
      {"a rule that fails beside one that does not",
       APolicy("p", 1, two),
       Judgements({{"p", "Fail"}}),
       {"no-critical: fail medium 2: CVE-1 in openssl", "not-root: pass  "}},
      {"a rule that warns",
       APolicy("p", 1, NoCritical()),
       Judgements({{"p", "Warn"}}),
       {"no-critical: warn medium 1: CVE-1 in openssl"}},
      {"a rule that could not be decided beside one that was",
       APolicy("p", 1, two),
       Judgements({{"p", "Unknown"}}),
       {"no-critical: error  coverage dpkg: Failed", "not-root: pass  "}},
      {"an image that was not scanned",
       APolicy("p", 1, NoCritical()),
       Judgements({}),
       {"no-critical: skip  not judged yet"}},
      {"a name that is refused, of one that was not scanned",
       APolicy("p", 1, NoTag("1.4")),
       Judgements({}),
       {"no-tag: fail medium "}},
      {"a policy for other images",
       [] {
         json policy = APolicy("p", 1, NoCritical());
         policy["spec"]["match"] = {{"images", {"other/**"}}};
         return policy;
       }(),
       Judgements({{"p", "Fail"}}),
       {}},
  };
  for (const auto& c : cases) {
    std::vector<std::string> said;
    for (const auto& result : ResultsOf(c.policy, c.scan)) {
      std::string line = result.rule + ": " + std::string(OutcomeName(result.outcome)) + " " +
                         result.severity + " ";
      if (result.rule != "no-tag") line += result.message;
      said.push_back(std::move(line));
    }
    EXPECT_EQ(said, c.said) << c.name;
  }
}

TEST(AddResults, MakesWhatAnImageSaysFitForEyes) {
  auto record = std::make_shared<ScanRecord>(*Judgements({{"p", "Fail"}}));
  record->scan.status.policies[0].violations[0].message = "in \x1b[2J" + std::string(5000, 'x');
  const auto results = ResultsOf(APolicy("p", 1, NoCritical()), record);
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results[0].message.find('\x1b'), std::string::npos);
  EXPECT_LE(results[0].message.size(), kMaxReportMessage);
}

TEST(SplitResults, PutsTheWorstFirstAndBoundsEachReport) {
  std::vector<ReportResult> results;
  const auto add = [&](ReportOutcome outcome, std::size_t count, std::size_t message) {
    for (std::size_t i = 0; i < count; ++i) {
      ReportResult result;
      result.owner = {"apps/v1", "ReplicaSet", "shop", "web-" + std::to_string(i), ""};
      result.outcome = outcome;
      result.message = std::string(message, '"');
      results.push_back(std::move(result));
    }
  };
  add(ReportOutcome::kPass, 9000, 0);
  add(ReportOutcome::kFail, 600, kMaxReportMessage);
  add(ReportOutcome::kWarn, 3, 0);
  const auto split = SplitResults(std::move(results));
  EXPECT_EQ(split.parts.size(), kMaxReports);
  EXPECT_GT(split.left_out, 0);
  std::size_t kept = 0;
  ReportOutcome last = ReportOutcome::kFail;
  for (std::size_t part = 0; part < split.parts.size(); ++part) {
    EXPECT_LE(split.parts[part].size(), kMaxReportResults);
    kept += split.parts[part].size();
    for (const auto& result : split.parts[part]) {
      EXPECT_LE(last, result.outcome) << "sorted";
      last = result.outcome;
    }
    const json object =
        ReportObject(kReportKinds[0], "shop", part, split.parts[part], SeverityWords::kAll);
    EXPECT_LE(object.dump().size(), 2 * kMaxReportBytes);
    EXPECT_EQ(object["metadata"]["name"], ReportName(part));
    int summed = 0;
    for (const auto& [word, count] : object["summary"].items()) summed += count.get<int>();
    EXPECT_EQ(summed, static_cast<int>(split.parts[part].size()));
  }
  EXPECT_EQ(kept + split.left_out, 9603);
}

TEST(ReportObject, HasTheWordsOfItsKindAndOfItsSchema) {
  ReportResult result{{"apps/v1", "ReplicaSet", "shop", "cart", "uid-cart"},
                      "r.io/shop/cart:1.4",
                      "p",
                      "no-critical",
                      ReportOutcome::kFail,
                      "critical",
                      "2: CVE-1",
                      1'764'000'000,
                      {{"digest", kDigest.ToString()}}};
  const json all = ReportObject(kReportKinds[1], "shop", 0, {result}, SeverityWords::kAll);
  EXPECT_EQ(all["apiVersion"], "openreports.io/v1alpha1");
  EXPECT_EQ(all["kind"], "Report");
  EXPECT_EQ(all["source"], "landwaiter");
  EXPECT_EQ(all["results"][0]["severity"], "critical");
  EXPECT_EQ(all["results"][0]["timestamp"], json({{"seconds", 1'764'000'000}, {"nanos", 0}}));
  const json three = ReportObject(kReportKinds[0], "shop", 1, {result}, SeverityWords::kThree);
  EXPECT_EQ(three["apiVersion"], "wgpolicyk8s.io/v1alpha2");
  EXPECT_EQ(three["kind"], "PolicyReport");
  EXPECT_EQ(three["metadata"]["name"], "landwaiter-2");
  EXPECT_FALSE(three.contains("source"));
  EXPECT_EQ(three["results"][0]["severity"], "high");
  EXPECT_EQ(three["results"][0]["resources"][0]["name"], "cart");
}

}  // namespace
}  // namespace landwaiter::controller
