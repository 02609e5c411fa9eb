#include <gtest/gtest.h>

#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

TEST(Table, ShowsTheWholeReport) {
  ScanReport report = AReport();
  report.policies.push_back(AVerdict(Verdict::kFail));
  const std::string digest = "sha256:" + std::string(64, '4');
  EXPECT_EQ(
      Rendered("table", report),
      "Image:     registry.example.com/shop/cart:1.4\n"
      "Digest:    " +
          digest +
          "\n"
          "Database:  abc123, built 2026-11-24T00:00:00Z; osv:Debian 2026-11-23T20:00:00Z\n"
          "Platform:  linux/amd64, debian 12, 1 package, 127.7 MB\n"
          "\n"
          "Vulnerabilities: 1 critical, 0 high, 0 medium, 1 low, 0 negligible, 1 unknown; "
          "1 fixable\n"
          "\n"
          "SEVERITY  ID             PACKAGE  INSTALLED  FIXED    PATH\n"
          "Critical  CVE-2023-0001  openssl  3.0.1-1    3.0.2-1  var/lib/dpkg/status\n"
          "Low       CVE-2023-0002  openssl  3.0.1-1    -        var/lib/dpkg/status\n"
          "Unknown   CVE-2023-0003  openssl  3.0.1-1    -        var/lib/dpkg/status\n"
          "1 finding is not shown: in kernel headers, where the host's kernel decides\n"
          "\n"
          "Policy baseline: Fail\n"
          "  Fail  no-critical: CVE-2023-0001 (Critical) in openssl 3.0.1-1, fixed in 3.0.2-1\n"
          "\n"
          "Verdict: Fail, policy baseline has 1 violation\n");
}

TEST(Table, TellsTheBaseAndWhatCameWithIt) {
  ScanReport report = AReport();
  Inventory& image = report.inventory.platforms[0];
  image.layers.push_back(image.layers[0]);
  image.declared_base = DeclaredBase{"registry.example.com/de\x1b[2Jbian", "sha256:x"};
  report.platforms[0].findings[0].layer = 1;
  report.bases = {BaseImage{"debian:12", report.inventory.digest, 1}};
  const std::string table = Rendered("table", report);
  EXPECT_NE(table.find("Base:      debian:12 (sha256:" + std::string(64, '4') +
                       "), 1 of 2 layers\n"
                       "Declared:  built on registry.example.com/de?[2Jbian (sha256:x), as its "
                       "builder says\n"),
            std::string::npos)
      << table;
  EXPECT_NE(table.find("Of the base:     2 findings\n"), std::string::npos) << table;
  EXPECT_NE(table.find("CVE-2023-0001  openssl (base)"), std::string::npos) << table;
  EXPECT_NE(table.find("CVE-2023-0002  openssl  "), std::string::npos) << table;
}

TEST(Table, WhatCouldNotBeReadStandsBeforeTheFindings) {
  ScanReport report = AReport();
  report.inventory.platforms[0].coverage.push_back(
      {"npm", CoverageState::kFailed, "app/package.json: breaks off", 0});
  const std::string table = Rendered("table", report);
  const auto gap = table.find("NOT EVERYTHING COULD BE READ");
  ASSERT_NE(gap, std::string::npos);
  EXPECT_NE(table.find("  npm: Failed: app/package.json: breaks off\n"), std::string::npos);
  EXPECT_LT(gap, table.find("SEVERITY"));
  EXPECT_TRUE(
      table.ends_with("Verdict: Unknown, no policy was given and not everything could be read\n"));
}

TEST(Table, SaysWhatAFilterHides) {
  ScanReport report = AReport();
  report.filter = {Severity::kMedium, true};
  const std::string table = Rendered("table", report);
  EXPECT_EQ(table.find("CVE-2023-0002"), std::string::npos);
  EXPECT_NE(table.find("1 finding is not shown: below Medium\n"), std::string::npos);
  EXPECT_NE(table.find("1 finding is not shown: no fixed version\n"), std::string::npos);
  EXPECT_NE(table.find("1 low"), std::string::npos) << "counts see everything";
}

// Pitfall 141.
TEST(Table, AnUnknownSeverityIsNeverHiddenBySeverity) {
  ScanReport report = AReport();
  report.filter.severity_at_least = Severity::kCritical;
  EXPECT_NE(Rendered("table", report).find("CVE-2023-0003"), std::string::npos);
}

TEST(Table, ColourOnlyWhenAsked) {
  EXPECT_EQ(Rendered("table", AReport()).find('\x1b'), std::string::npos);
  EXPECT_NE(Rendered("table", AReport(), {.colour = true}).find("\x1b[1;31mCritical\x1b[0m"),
            std::string::npos);
}

TEST(Table, WhatAnAuthorWroteCannotMoveTheCursor) {
  ScanReport report = AReport();
  report.image = "a\x1b[2J";
  report.platforms[0].findings[0].package = "evil\x1b]0;x\x07\nname";
  report.inventory.platforms[0].os->family = "deb\ran";
  report.inventory.platforms[0].coverage[0] = {"dpkg", CoverageState::kFailed, "\x1b[31mred", 0};
  const std::string table = Rendered("table", report);
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_EQ(table.find('\r'), std::string::npos);
  EXPECT_EQ(table.find('\x07'), std::string::npos);
}

std::size_t Columns(const std::string& line) {
  std::size_t columns = 0;
  for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return columns;
}

std::vector<std::string> Rows(const std::string& table) {
  std::vector<std::string> rows;
  std::size_t at = table.find("SEVERITY");
  while (at != std::string::npos && table[at] != '1') {
    const std::size_t end = table.find('\n', at);
    rows.push_back(table.substr(at, end - at));
    at = end + 1;
  }
  return rows;
}

TEST(Table, RowsFitTheTerminal) {
  ScanReport report = AReport();
  report.platforms[0].findings[0].path = std::string(300, 'p');
  report.platforms[0].findings[1].installed_version = std::string(300, '1');
  report.platforms[0].findings[2].package = std::string(300, 'n');
  for (const std::size_t width : {80u, 100u, 132u}) {
    for (const std::string& row :
         Rows(Rendered("table", report, {.colour = false, .width = width}))) {
      EXPECT_LE(Columns(row), width) << row;
    }
  }
}

TEST(Table, WithoutATerminalPathsAreNotCut) {
  ScanReport report = AReport();
  report.platforms[0].findings[0].path = std::string(300, 'p');
  EXPECT_NE(Rendered("table", report).find(std::string(300, 'p')), std::string::npos);
}

TEST(Table, ManyViolationsOfARuleAreCutAndCounted) {
  ScanReport report = AReport();
  PolicyVerdict policy = AVerdict(Verdict::kFail);
  policy.violations.resize(25, policy.violations[0]);
  report.policies.push_back(policy);
  const std::string table = Rendered("table", report);
  EXPECT_NE(table.find("no-critical: and 15 more\n"), std::string::npos);
  EXPECT_NE(table.find("has 25 violations"), std::string::npos);
}

TEST(Table, AnUndecidedPolicySaysWhy) {
  ScanReport report = AReport();
  report.policies.push_back(AVerdict(Verdict::kUnknown));
  const std::string table = Rendered("table", report);
  EXPECT_NE(table.find("  Unknown  rule no-critical: coverage npm is Failed"), std::string::npos);
  EXPECT_TRUE(table.ends_with("Verdict: Unknown, policy baseline cannot be decided (1 reason)\n"));
}

TEST(Table, NoPlatformIsSaidAloud) {
  ScanReport report = AReport();
  report.inventory.platforms.clear();
  report.platforms.clear();
  EXPECT_NE(Rendered("table", report).find("no platform of the image was read"), std::string::npos);
}

struct OverallCase {
  const char* name;
  std::vector<Verdict> policies;
  bool complete;
  Verdict verdict;
};
class OverallTest : public testing::TestWithParam<OverallCase> {};
TEST_P(OverallTest, IsTheWorst) {
  ScanReport report = AReport();
  for (const Verdict verdict : GetParam().policies) report.policies.push_back(AVerdict(verdict));
  if (!GetParam().complete) {
    report.inventory.platforms[0].coverage.push_back({"npm", CoverageState::kSkipped, "x", 0});
  }
  EXPECT_EQ(VerdictName(OverallVerdict(report)), VerdictName(GetParam().verdict));
}
INSTANTIATE_TEST_SUITE_P(
    Table, OverallTest,
    testing::Values(OverallCase{"NoPolicyAndAllRead", {}, true, Verdict::kPass},
                    OverallCase{"NoPolicyAndNotAllRead", {}, false, Verdict::kUnknown},
                    OverallCase{
                        "PoliciesDecideWhatWasNotRead", {Verdict::kPass}, false, Verdict::kPass},
                    OverallCase{"FailIsTheWorst",
                                {Verdict::kPass, Verdict::kFail, Verdict::kUnknown},
                                true,
                                Verdict::kFail},
                    OverallCase{"UnknownIsWorseThanWarn",
                                {Verdict::kWarn, Verdict::kUnknown},
                                true,
                                Verdict::kUnknown}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::report
