// SARIF, CycloneDX, SPDX and GitLab's report: what each says of the facts. Their schemas are asked
// by tests/e2e/test_outputs.py.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "policy/facts.h"
#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

json Parsed(std::string_view format, const ScanReport& report) {
  return json::parse(Rendered(format, report));
}

ScanReport WithExcused() {
  ScanReport report = AReport();
  report.excused.push_back(
      {policy::ViolationId(report.platforms[0].findings[0]), "baseline: not reachable"});
  return report;
}

TEST(Documents, TheSameFactsAreTheSameBytes) {
  for (const Format& format : Formats()) {
    EXPECT_EQ(Rendered(format.name, AReport()), Rendered(format.name, AReport())) << format.name;
  }
}

TEST(Documents, AnotherDatabaseMakesAnotherDocument) {
  ScanReport other = AReport();
  other.database.id = "def456";
  EXPECT_NE(Parsed("cyclonedx", AReport())["serialNumber"],
            Parsed("cyclonedx", other)["serialNumber"]);
  EXPECT_NE(Parsed("spdx", AReport())["documentNamespace"],
            Parsed("spdx", other)["documentNamespace"]);
}

struct DateCase {
  const char* name;
  const char* dated;
  const char* built_at;
  const char* expected;
};

class DateTest : public testing::TestWithParam<DateCase> {};

TEST_P(DateTest, Is) {
  ScanReport report = AReport();
  report.dated = GetParam().dated;
  report.database.built_at = GetParam().built_at;
  EXPECT_EQ(Parsed("spdx", report)["creationInfo"]["created"], GetParam().expected);
  EXPECT_EQ(Parsed("cyclonedx", report)["metadata"]["timestamp"], GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Documents, DateTest,
    testing::Values(DateCase{"TheCallers", "2026-01-02T03:04:05Z", "2026-11-24T00:00:00Z",
                             "2026-01-02T03:04:05Z"},
                    DateCase{"TheDatabases", "", "2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"},
                    DateCase{"TheFirstWhereNeitherIsKnown", "", "", "1970-01-01T00:00:00Z"},
                    DateCase{"TheFirstWhereTheDatabaseLies", "", "soon", "1970-01-01T00:00:00Z"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Sarif, AResultPointsAtItsRule) {
  const json run = Parsed("sarif", AReport())["runs"][0];
  ASSERT_EQ(run["results"].size(), 3u) << "the host kernel's is left out";
  for (const json& result : run["results"]) {
    EXPECT_EQ(run["tool"]["driver"]["rules"][result["ruleIndex"].get<std::size_t>()]["id"],
              result["ruleId"]);
  }
}

struct ScoreCase {
  const char* name;
  Severity severity;
  std::optional<double> score;
  const char* expected;  // null: none
};

class ScoreTest : public testing::TestWithParam<ScoreCase> {};

TEST_P(ScoreTest, IsInTheBandOfTheSeverity) {
  ScanReport report = AReport();
  report.platforms[0].findings.resize(1);
  report.platforms[0].findings[0].severity = GetParam().severity;
  report.platforms[0].findings[0].cvss_score = GetParam().score;
  const json properties =
      Parsed("sarif", report)["runs"][0]["tool"]["driver"]["rules"][0]["properties"];
  if (GetParam().expected == nullptr) {
    EXPECT_FALSE(properties.contains("security-severity"));
  } else {
    EXPECT_EQ(properties["security-severity"], GetParam().expected);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sarif, ScoreTest,
    testing::Values(ScoreCase{"TheScoreWhereItSaysTheSame", Severity::kCritical, 9.8, "9.8"},
                    ScoreCase{"TheBandsWhereTheDistributionSaysOtherwise", Severity::kLow, 9.8,
                              "0.1"},
                    ScoreCase{"TheBandsWithoutAScore", Severity::kHigh, {}, "7.0"},
                    ScoreCase{"NoneWhereNothingIsKnown", Severity::kUnknown, {}, nullptr}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Sarif, AnUpdatedPackageIsTheSameAlert) {
  ScanReport updated = AReport();
  for (Finding& finding : updated.platforms[0].findings) finding.installed_version = "3.0.1-2";
  const auto prints = [](const ScanReport& report) {
    std::vector<std::string> all;
    const json document = Parsed("sarif", report);
    for (const json& result : document["runs"][0]["results"]) {
      all.push_back(result["partialFingerprints"]["landwaiter/v1"]);
    }
    return all;
  };
  EXPECT_EQ(prints(AReport()), prints(updated));
  ScanReport twice = AReport();
  twice.platforms[0].findings[1] = twice.platforms[0].findings[0];
  const auto of_twice = prints(twice);
  EXPECT_EQ(std::set<std::string>(of_twice.begin(), of_twice.end()).size(), of_twice.size());
}

TEST(Sarif, WhatExceptionsExcuseIsSuppressed) {
  const json results = Parsed("sarif", WithExcused())["runs"][0]["results"];
  for (const json& result : results) {
    EXPECT_EQ(result.contains("suppressions"), result["ruleId"] == "CVE-2023-0002");
  }
}

TEST(Sarif, WhatWasNotReadIsANotificationAndNoSuccess) {
  ScanReport report = AReport();
  EXPECT_EQ(Parsed("sarif", report)["runs"][0]["invocations"][0]["executionSuccessful"], true);
  report.inventory.platforms[0].coverage.push_back({"npm", CoverageState::kFailed, "cut", 0});
  const json invocation = Parsed("sarif", report)["runs"][0]["invocations"][0];
  EXPECT_EQ(invocation["executionSuccessful"], false);
  EXPECT_NE(invocation["toolExecutionNotifications"][0]["message"]["text"].get<std::string>().find(
                "npm is Failed: cut"),
            std::string::npos);
}

TEST(Sarif, ListsNoMoreThanServicesTakeAndSaysSo) {
  ScanReport report = AReport();
  Finding finding = report.platforms[0].findings[0];
  report.platforms[0].findings.assign(25'010, finding);
  const json run = Parsed("sarif", report)["runs"][0];
  EXPECT_EQ(run["results"].size(), 25'000u);
  EXPECT_NE(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
                .get<std::string>()
                .find("10 more results are left out"),
            std::string::npos);
}

TEST(Sarif, PoliciesRulesOtherThanVulnerabilitiesAreResults) {
  ScanReport report = AReport();
  PolicyVerdict policy = AVerdict(Verdict::kFail);
  policy.violations.push_back({"root", "image", false, "USER", "image|USER", "runs as root"});
  report.policies.push_back(policy);
  const json run = Parsed("sarif", report)["runs"][0];
  ASSERT_EQ(run["results"].size(), 4u);
  EXPECT_EQ(run["results"][0]["ruleId"], "policy/baseline/root");
  EXPECT_EQ(run["results"][0]["level"], "warning");
}

TEST(CycloneDx, VulnerabilitiesPointAtComponents) {
  const json bom = Parsed("cyclonedx", AReport());
  std::set<std::string> refs = {bom["metadata"]["component"]["bom-ref"]};
  for (const json& component : bom["components"]) {
    EXPECT_TRUE(refs.insert(component["bom-ref"]).second);
  }
  // The builder's findings are of a package at a path that its inventory has not: of the image
  // then.
  for (const json& vulnerability : bom["vulnerabilities"]) {
    for (const json& affected : vulnerability["affects"]) {
      EXPECT_TRUE(refs.contains(affected["ref"])) << affected;
    }
  }
}

TEST(CycloneDx, AFindingAffectsItsPackage) {
  ScanReport report = AReport();
  report.inventory.platforms[0].packages[0].path = report.platforms[0].findings[0].path;
  const json bom = Parsed("cyclonedx", report);
  EXPECT_EQ(bom["vulnerabilities"][0]["affects"][0]["ref"], bom["components"][1]["bom-ref"]);
}

TEST(CycloneDx, TheSameVulnerabilityOfTwoPackagesIsOneEntry) {
  ScanReport report = AReport();
  Finding other = report.platforms[0].findings[0];
  Package package = report.inventory.platforms[0].packages[0];
  package.name = other.package = "openssl-dev";
  report.inventory.platforms[0].packages.push_back(package);
  other.path = package.path = report.inventory.platforms[0].packages[0].path =
      report.platforms[0].findings[0].path;
  report.inventory.platforms[0].packages[1].path = other.path;
  report.platforms[0].findings = {report.platforms[0].findings[0], other};
  const json bom = Parsed("cyclonedx", report);
  ASSERT_EQ(bom["vulnerabilities"].size(), 1u);
  EXPECT_EQ(bom["vulnerabilities"][0]["affects"].size(), 2u);
}

TEST(CycloneDx, ComponentsKeepTheirReferenceFromImageToImage) {
  ScanReport report = AReport();
  Package first;
  first.type = "deb";
  first.name = "adduser";
  report.inventory.platforms[0].packages.insert(report.inventory.platforms[0].packages.begin(),
                                                first);
  EXPECT_EQ(Parsed("cyclonedx", AReport())["components"][1]["bom-ref"],
            Parsed("cyclonedx", report)["components"][2]["bom-ref"]);
}

TEST(CycloneDx, TheImagesPurlNamesRegistryDigestAndTag) {
  ScanReport report = AReport();
  report.reference = "registry.example.com:5000/shop/cart:1.4";
  EXPECT_EQ(Parsed("cyclonedx", report)["metadata"]["component"]["purl"],
            "pkg:oci/cart@sha256%3A" + std::string(64, '4') +
                "?repository_url=registry.example.com%3A5000/shop/cart&tag=1.4");
}

TEST(Spdx, TheImageContainsEachPackage) {
  const json document = Parsed("spdx", AReport());
  ASSERT_EQ(document["relationships"].size(), 2u);
  EXPECT_EQ(document["relationships"][0]["relationshipType"], "DESCRIBES");
  EXPECT_EQ(document["relationships"][1]["relationshipType"], "CONTAINS");
  EXPECT_EQ(document["relationships"][1]["relatedSpdxElement"], document["packages"][1]["SPDXID"]);
}

TEST(Gitlab, TheFirstIdentifierIsTheVulnerabilitys) {
  ScanReport report = AReport();
  report.platforms[0].findings[1].aliases = {"GHSA-xxxx", "odd one"};
  const json first = Parsed("gitlab", report)["vulnerabilities"][0];
  EXPECT_EQ(first["identifiers"][0]["type"], "cve");
  EXPECT_EQ(first["identifiers"][0]["value"], "CVE-2023-0001");
  EXPECT_EQ(first["identifiers"][1]["type"], "ghsa");
  EXPECT_EQ(first["identifiers"][2]["type"], "advisory");
  EXPECT_EQ(first["solution"], "Update `openssl` to `3.0.2-1`");
}

TEST(Junit, WithoutAPolicyEachFindingFails) {
  const std::string text = Rendered("junit", WithExcused());
  EXPECT_NE(text.find("tests=\"5\" failures=\"2\" errors=\"0\">"), std::string::npos) << text;
  EXPECT_NE(
      text.find("<skipped message=\"CVE-2023-0002 (Low) in openssl 3.0.1-1, no fixed version, "
                "excused by baseline: not reachable\"/>"),
      std::string::npos)
      << text;
}

TEST(Junit, WithPoliciesARuleIsATestCase) {
  ScanReport report = AReport();
  report.policies.push_back(AVerdict(Verdict::kFail));
  report.rules = {{"no-critical", "no-root"}};
  const std::string text = Rendered("junit", report);
  EXPECT_NE(text.find("<testcase classname=\"policy.baseline\" name=\"no-root\" time=\"0\"/>"),
            std::string::npos);
  EXPECT_NE(text.find("tests=\"4\" failures=\"1\" errors=\"0\">"), std::string::npos) << text;
}

TEST(Junit, WhatWasNotReadIsAnError) {
  ScanReport report = AReport();
  report.inventory.platforms[0].coverage.push_back({"npm", CoverageState::kFailed, "cut", 0});
  EXPECT_NE(
      Rendered("junit", report).find("<error message=\"npm is Failed: cut\" type=\"Failed\">"),
      std::string::npos);
}

TEST(Markdown, IsNeverLongerThanAComment) {
  ScanReport report = AReport();
  Finding finding = report.platforms[0].findings[0];
  finding.package = std::string(4000, 'p');
  report.platforms[0].findings.assign(2000, finding);
  const std::string text = Rendered("markdown", report);
  EXPECT_LE(text.size(), 60'000u);
  EXPECT_NE(text.find("lines left out"), std::string::npos);
}

TEST(Markdown, LinksOnlyToAddresses) {
  ScanReport report = AReport();
  report.platforms[0].findings.resize(1);
  report.platforms[0].findings[0].url = "https://security.example/CVE-2023-0002";
  EXPECT_NE(Rendered("markdown", report)
                .find("[`CVE-2023-0002`](https://security.example/CVE-2023-0002)"),
            std::string::npos);
  for (const char* url :
       {"javascript:alert(1)", "https://a) [b](c", "http://", "https:///x", "ftp://x"}) {
    report.platforms[0].findings[0].url = url;
    EXPECT_NE(Rendered("markdown", report).find("| `CVE-2023-0002` |"), std::string::npos) << url;
  }
}

TEST(Gitlab, AScanThatCouldNotReadEverythingIsNoSuccess) {
  ScanReport report = AReport();
  report.inventory.platforms[0].coverage = {{"dpkg", CoverageState::kRead, "", 1}};
  for (PlatformFindings& platform : report.platforms) platform.coverage.clear();
  EXPECT_EQ(Parsed("gitlab", report)["scan"]["status"], "success");
  report.inventory.platforms[0].coverage.push_back({"npm", CoverageState::kFailed, "cut", 0});
  const json scan = Parsed("gitlab", report)["scan"];
  EXPECT_EQ(scan["status"], "failure");
  EXPECT_EQ(scan["messages"].size(), 1u);
  report.inventory.platforms.clear();
  report.platforms.clear();
  EXPECT_EQ(Parsed("gitlab", report)["scan"]["status"], "failure");
}

}  // namespace
}  // namespace landwaiter::report
