// A report judged again: each kind of rule says of what was stored what it says of the scan, or is
// told that the report does not hold what it asks about.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/secret_rules.h"
#include "policy/content.h"
#include "policy/kinds.h"
#include "report/read_json.h"
#include "tests/unit/policy/builders.h"
#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;
using policy::Fact;

/// A report with something for every rule to find.
ScanReport Rich() {
  ScanReport report = AReport();
  Inventory& image = report.inventory.platforms[0];
  image.config.exposed_ports = {"22/tcp"};
  image.config.labels = {{"team", "red"}};
  image.config.volumes = {"/data"};
  image.config.created = "2020-01-01T00:00:00Z";
  image.packages[0].licenses = {"GPL-3.0-only"};
  image.packages[0].source_name = "openssl-src";
  image.packages[0].layer = 0;
  image.coverage.push_back({"npm", CoverageState::kFailed, "app/package.json: cut", 0});
  image.secrets.push_back(
      {"aws-access-key-id", "app/key", 3, 0, true, SecretConfidence::kHigh, "AKIA…", "h"});
  report.inventory.collected.secrets = kSecretRulesVersion;
  Finding& worst = report.platforms[0].findings[1];
  worst.nvd_severity = Severity::kHigh;
  worst.nvd_score = 8.1;
  worst.highest_severity = Severity::kCritical;
  worst.highest_score = 9.8;
  worst.fix_published = "2026-01-01T00:00:00Z";
  worst.published = "2025-12-01T00:00:00Z";
  worst.aliases = {"MAL-2023-1"};
  worst.known_exploited = true;
  worst.epss_score = 0.5;
  worst.epss_percentile = 0.9;
  report.platforms[0].os_end_of_life = "2026-01-01";
  report.bases = {BaseImage{"base:1", report.inventory.digest, 1}};
  report.reference = "registry.example.com/shop/cart:1.4";
  return report;
}

PolicyVerdict JudgedBy(const policy::ScanPolicy& policy, const ScanReport& scan) {
  policy::ContentInput input =
      policy::ContentOf(scan.inventory, scan.platforms, scan.database.built_at, nullptr);
  for (std::size_t i = 0; i < scan.bases.size(); ++i) input.platforms[i].base = scan.bases[i];
  return policy::EvaluateContent(policy, input, policy::kNow);
}

struct KindCase {
  const char* kind;
  const char* rule;
  std::optional<Fact> missing = {};  // what no report holds of it
};

constexpr Verdict kAny[] = {Verdict::kFail, Verdict::kUnknown};

const KindCase kCases[] = {
    {"vulnerabilities", "vulnerabilities: {severityAtLeast: High}"},
    {"vulnerabilities", "vulnerabilities: {severityAtLeast: High, severitySource: NVD}"},
    {"vulnerabilities", "vulnerabilities: {cvssAtLeast: 9.5, severitySource: Highest}"},
    {"vulnerabilities", "vulnerabilities: {fixAvailable: true, fixAvailableFor: 30d}"},
    {"vulnerabilities", "vulnerabilities: {publishedFor: 30d, knownExploited: true}"},
    {"vulnerabilities", "vulnerabilities: {epssAtLeast: 0.4, epssPercentileAtLeast: 0.8}"},
    {"vulnerabilities", "vulnerabilities: {origin: Base, ids: [CVE-2023-0001]}"},
    {"vulnerabilities", "vulnerabilities: {packages: {names: [openssl], types: [deb]}}"},
    {"image", "image: {runsAsRoot: true, deniedUsers: [app]}"},
    {"image", "image: {deniedPorts: [22], requiredLabels: [{name: org}]}"},
    {"image", "image: {deniedVolumes: [/data]}"},
    {"image", "image: {maxAge: 30d}"},
    {"image", "image: {maxSize: 1Mi}"},
    {"image", "image: {platforms: [linux/arm64]}"},
    {"image", "image: {healthcheckRequired: true}"},
    {"image", "image: {deniedEnv: [{name: PASSWORD}]}", Fact::kEnvironment},
    {"image", "image: {instructions: [{name: ADD}]}", Fact::kHistory},
    {"packages", "packages: {denied: [{name: openssl-src}]}"},
    {"malicious", "malicious: {}"},
    {"licenses", "licenses: {denied: [GPL-3.0-only]}"},
    {"os", "os: {allowed: [{family: alpine}]}"},
    {"os", "os: {endOfLife: true}"},
    {"coverage", "coverage: {require: [LanguagePackages], maxDatabaseAge: 1h}"},
    {"files", "files: {paths: [etc/shadow], mustNotExist: true}", Fact::kFiles},
    {"passwd", "passwd: {deniedUsers: [games]}", Fact::kPasswd},
    {"secrets", "secrets: {}"},
    {"coverage", "coverage: {require: [Malware]}"},
    {"malware", "malware: {}", Fact::kMalware},
    {"integrity", "integrity: {}", Fact::kIntegrity},
    {"vulnerabilities", "vulnerabilities: {knownExploited: true, knownExploitedDueWithin: 7d}",
     Fact::kDueDates},
    {"vulnerabilities", "vulnerabilities: {severityAtLeast: High, firstSeenFor: 30d}",
     Fact::kFirstSeen},
    {"image", "image: {maxLayersFromUnknownBase: 3}", Fact::kBases},
    {"base", "base: {unknown: Count}", Fact::kBases},
};

TEST(StoredReport, EveryKindIsJudgedAsOfTheScanOrIsToldWhatIsMissing) {
  const ScanReport report = Rich();
  const auto stored = ReadStoredReport(Rendered("json", report));
  ASSERT_TRUE(stored) << stored.error().message;
  std::set<std::string_view> seen = {"always", "reference"};  // look at no content
  for (const KindCase& one : kCases) {
    SCOPED_TRACE(one.rule);
    seen.insert(one.kind);
    const policy::ScanPolicy policy = policy::ARule(one.rule);
    const auto missing = policy::MissingFacts(policy, stored->lacking);
    ASSERT_EQ(missing.size(), one.missing ? 1u : 0u);
    if (one.missing) {
      EXPECT_EQ(missing[0].fact, *one.missing);
      EXPECT_FALSE(policy::FactName(missing[0].fact).empty());
      continue;
    }
    const PolicyVerdict of_scan = JudgedBy(policy, report);
    const PolicyVerdict of_report = JudgedBy(policy, stored->scan);
    EXPECT_NE(std::find(std::begin(kAny), std::end(kAny), of_scan.verdict), std::end(kAny))
        << "the case finds nothing, so that its equal says nothing";
    EXPECT_EQ(of_report, of_scan) << policy::Messages(of_report) << policy::Messages(of_scan);
  }
  for (const policy::RuleKind* kind : policy::RuleKinds()) {
    EXPECT_TRUE(seen.contains(kind->name)) << kind->name << " has no case here";
  }
}

TEST(StoredReport, WhatTheDayOfTheScanSaidOfTheDatabaseIsNotJudgedAgain) {
  ScanReport report = Rich();
  report.platforms[0].coverage.push_back({"database", CoverageState::kStale, "old", 0});
  const auto stored = ReadStoredReport(Rendered("json", report));
  ASSERT_TRUE(stored);
  ASSERT_EQ(stored->scan.platforms[0].coverage.size(), 1u);
  EXPECT_EQ(stored->scan.platforms[0].coverage[0].source, "advisories");
  EXPECT_EQ(stored->scan.reference, report.reference);
}

struct OlderReport {
  const char* name;
  void (*change)(json&);
  Fact missing;
};

class OlderReportTest : public testing::TestWithParam<OlderReport> {};

TEST_P(OlderReportTest, LacksWhatItDoesNotHold) {
  json value = json::parse(Rendered("json", Rich()));
  const auto before = ReadStoredReport(value.dump());
  ASSERT_TRUE(before);
  EXPECT_FALSE(before->lacking.contains(GetParam().missing));
  GetParam().change(value);
  const auto stored = ReadStoredReport(value.dump());
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_TRUE(stored->lacking.contains(GetParam().missing));
}

INSTANTIATE_TEST_SUITE_P(
    StoredReport, OlderReportTest,
    testing::Values(
        OlderReport{"WithoutSecrets", [](json& v) { v["platforms"][0]["secrets"] = nullptr; },
                    Fact::kSecrets},
        OlderReport{"WithSecretsOfNobodyKnowsWhichRules", [](json& v) { v.erase("secretRules"); },
                    Fact::kSecrets},
        OlderReport{"WithoutDatesOfFixes",
                    [](json& v) { v["platforms"][0]["findings"][0].erase("fixPublished"); },
                    Fact::kFixDates},
        OlderReport{"WithoutTheNvdsWord",
                    [](json& v) { v["platforms"][0]["findings"][0].erase("nvdSeverity"); },
                    Fact::kOtherSeverities},
        OlderReport{"WithoutVolumes", [](json& v) { v["platforms"][0]["config"].erase("volumes"); },
                    Fact::kVolumes},
        OlderReport{"WithoutTheSystemsEnd", [](json& v) { v["platforms"][0].erase("osEndOfLife"); },
                    Fact::kEndOfLife}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(StoredReport, AFieldThatEveryReportHasMustBeThere) {
  const json whole = json::parse(Rendered("json", Rich()));
  const auto refused = [](const json& value, const std::string& word) {
    const auto stored = ReadStoredReport(value.dump());
    ASSERT_FALSE(stored) << word;
    EXPECT_NE(stored.error().message.find(word), std::string::npos) << stored.error().message;
  };
  for (const char* name :
       {"base", "config", "coverage", "findings", "layers", "os", "packages", "sizeBytes"}) {
    json value = whole;
    value["platforms"][0].erase(name);
    refused(value, name);
  }
  for (const char* name : {"exposedPorts", "healthcheck", "labels", "uid", "user", "created"}) {
    json value = whole;
    value["platforms"][0]["config"].erase(name);
    refused(value, name);
  }
  for (const char* name : {"config", "coverage", "findings", "layers", "packages"}) {
    json value = whole;
    value["platforms"][0][name] = nullptr;
    refused(value, name);
  }
  for (const char* name :
       {"aliases", "cvssScore", "fixedVersion", "hostKernel", "installedVersion", "knownExploited",
        "layer", "package", "packageType", "published", "severity"}) {
    json value = whole;
    value["platforms"][0]["findings"][0].erase(name);
    refused(value, name);
  }
  json value = whole;
  value["platforms"][0]["packages"][0].erase("licenses");
  refused(value, "licenses");
  value = whole;
  value["platforms"][0]["secrets"][0]["confidence"] = "Sure";
  refused(value, "confidence");
  value = whole;
  value["platforms"][0]["layers"][0]["digest"] = "sha256:1";
  refused(value, "digest");
  value = whole;
  value.erase("database");
  refused(value, "database");
}

struct LyingReport {
  const char* name;
  void (*change)(json&);
  const char* refused;  // with this word; nullptr: it is no lie
};

class LyingReportTest : public testing::TestWithParam<LyingReport> {};

TEST_P(LyingReportTest, IsRefusedAndNeverAPass) {
  json value = json::parse(Rendered("json", Rich()));
  GetParam().change(value);
  const auto stored = ReadStoredReport(value.dump());
  ASSERT_EQ(static_cast<bool>(stored), GetParam().refused == nullptr);
  if (stored) {
    EXPECT_NE(JudgedBy(policy::ARule("vulnerabilities: {}"), stored->scan).verdict, Verdict::kPass);
  } else {
    EXPECT_NE(stored.error().message.find(GetParam().refused), std::string::npos)
        << stored.error().message;
  }
}

void ClaimNoFindings(json& value) { value["platforms"][0]["findings"] = json::array(); }

INSTANTIATE_TEST_SUITE_P(
    StoredReport, LyingReportTest,
    testing::Values(
        LyingReport{"CoverageOfNothing",
                    [](json& v) {
                      ClaimNoFindings(v);
                      v["platforms"][0]["coverage"] = json::array();
                    },
                    "were matched"},
        LyingReport{
            "CoverageOfTheDatabaseAlone",
            [](json& v) {
              ClaimNoFindings(v);
              v["platforms"][0]["coverage"] = {
                  {{"source", "database"}, {"state", "Read"}, {"reason", ""}, {"packages", 1}}};
            },
            "were matched"},
        LyingReport{"ABaseOfMoreLayersThanThereAre",
                    [](json& v) { v["platforms"][0]["base"]["layers"] = 10'000; }, "base.layers"},
        LyingReport{"NoPlatforms", [](json& v) { v["platforms"] = json::array(); }, nullptr},
        LyingReport{"APlatformTwiceTheSecondTimeWithoutFindings",
                    [](json& v) {
                      v["platforms"].push_back(v["platforms"][0]);
                      v["platforms"][1]["findings"] = json::array();
                    },
                    nullptr}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace landwaiter::report
