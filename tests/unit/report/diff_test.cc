#include "report/diff.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "report/diff_format.h"
#include "report/read_json.h"
#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

Package APackage(std::string name, std::string version, std::string path = "var/lib/dpkg/status") {
  Package package;
  package.type = "deb";
  package.name = std::move(name);
  package.version = std::move(version);
  package.path = std::move(path);
  return package;
}

Finding Of(std::string id, std::string package, std::string version,
           std::string path = "var/lib/dpkg/status") {
  Finding finding = AFinding(std::move(id), Severity::kHigh, "");
  finding.package = std::move(package);
  finding.installed_version = std::move(version);
  finding.path = std::move(path);
  return finding;
}

ScanReport With(std::vector<Package> packages, std::vector<Finding> findings) {
  ScanReport report = AReport();
  report.inventory.platforms[0].packages = std::move(packages);
  report.platforms[0].findings = std::move(findings);
  return report;
}

std::vector<std::string> Said(const std::vector<DiffPackage>& packages) {
  std::vector<std::string> said;
  for (const DiffPackage& p : packages) said.push_back(p.name + " " + p.before + ">" + p.after);
  return said;
}

std::vector<std::string> Said(const std::vector<DiffFinding>& findings) {
  std::vector<std::string> said;
  for (const DiffFinding& f : findings) {
    said.push_back(f.finding->id + " " + f.finding->package + " " + f.finding->path);
  }
  return said;
}

using Words = std::vector<std::string>;

TEST(Diff, PackagesAreAddedRemovedAndChanged) {
  const ScanReport before = With({APackage("a", "1"), APackage("b", "1"), APackage("c", "1")}, {});
  const ScanReport after = With({APackage("b", "1"), APackage("c", "2"), APackage("d", "1")}, {});
  const ScanDiff diff = Compare(before, after);
  EXPECT_EQ(Said(diff.added), Words{"d >1"});
  EXPECT_EQ(Said(diff.removed), Words{"a 1>"});
  EXPECT_EQ(Said(diff.changed), Words{"c 1>2"});
}

TEST(Diff, APackageThatMovedIsTheSame) {
  const ScanDiff diff =
      Compare(With({APackage("a", "1", "opt/x")}, {}), With({APackage("a", "1", "opt/y")}, {}));
  EXPECT_TRUE(diff.added.empty() && diff.removed.empty() && diff.changed.empty());
}

TEST(Diff, AmongSeveralVersionsThoseAtTheSamePathBelongTogether) {
  const ScanDiff diff = Compare(
      With({APackage("a", "1", "x"), APackage("a", "5", "y")}, {}),
      With({APackage("a", "2", "x"), APackage("a", "6", "y"), APackage("a", "9", "z")}, {}));
  EXPECT_EQ(Said(diff.changed), (Words{"a 1>2", "a 5>6"}));
  EXPECT_EQ(Said(diff.added), Words{"a >9"});
}

TEST(Diff, FindingsAreBroughtInFixedOrStay) {
  const ScanReport before = With({}, {Of("CVE-1", "a", "1"), Of("CVE-2", "b", "1")});
  const ScanReport after = With({}, {Of("CVE-2", "b", "1"), Of("CVE-3", "c", "1")});
  const ScanDiff diff = Compare(before, after);
  EXPECT_EQ(Said(diff.brought), Words{"CVE-3 c var/lib/dpkg/status"});
  EXPECT_EQ(Said(diff.fixed), Words{"CVE-1 a var/lib/dpkg/status"});
  EXPECT_EQ(Said(diff.stayed), Words{"CVE-2 b var/lib/dpkg/status"});
}

TEST(Diff, AnUpdateThatFixesNothingBringsNothingIn) {
  const ScanReport before = With({}, {Of("CVE-1", "a", "1", "usr/lib/python3.11/a")});
  const ScanReport after = With({}, {Of("CVE-1", "a", "2", "usr/lib/python3.12/a")});
  const ScanDiff diff = Compare(before, after);
  EXPECT_TRUE(diff.brought.empty() && diff.fixed.empty());
  ASSERT_EQ(diff.stayed.size(), 1u);
  EXPECT_EQ(diff.stayed[0].finding->installed_version, "2") << "as it is in the new image";
}

TEST(Diff, ASecondCopyIsBroughtIn) {
  const ScanReport before = With({}, {Of("CVE-1", "a", "1", "x")});
  const ScanReport after = With({}, {Of("CVE-1", "a", "1", "x"), Of("CVE-1", "a", "1", "y")});
  const ScanDiff diff = Compare(before, after);
  EXPECT_EQ(Said(diff.brought), Words{"CVE-1 a y"});
}

TEST(Diff, TheHostsKernelIsLeftOut) {
  ScanReport after = With({}, {Of("CVE-1", "linux-libc-dev", "1")});
  after.platforms[0].findings[0].host_kernel = true;
  EXPECT_TRUE(Compare(With({}, {}), after).brought.empty());
}

TEST(Diff, PlatformsAreComparedByNameWhereThereAreSeveral) {
  ScanReport before = With({APackage("a", "1")}, {});
  ScanReport arm = before;
  arm.inventory.platforms[0].platform = {"linux", "arm64"};
  EXPECT_TRUE(Compare(before, arm).added.empty()) << "one each: these are meant";
  ScanReport both = before;
  both.inventory.platforms.push_back(arm.inventory.platforms[0]);
  both.platforms.push_back(arm.platforms[0]);
  const ScanDiff diff = Compare(before, both);
  ASSERT_EQ(diff.added.size(), 1u);
  EXPECT_EQ(diff.added[0].platform, "linux/arm64");
}

TEST(Diff, WhatLimitsTheComparisonIsSaid) {
  ScanReport after = AReport();
  EXPECT_TRUE(DiffWarnings(Compare(AReport(), after)).empty());
  after.database.id = "other";
  after.inventory.platforms[0].coverage.push_back({"npm", CoverageState::kFailed, "cut", 0});
  const ScanDiff diff = Compare(AReport(), after);
  EXPECT_FALSE(diff.Complete());
  EXPECT_EQ(DiffWarnings(diff).size(), 2u);
}

TEST(Diff, AReportThatIsReadAgainIsTheSame) {
  ScanReport report = AReport();
  auto read = ReadJsonReport(Rendered("json", report));
  ASSERT_TRUE(read) << read.error().message;
  const ScanDiff diff = Compare(report, *read);
  EXPECT_TRUE(diff.added.empty() && diff.removed.empty() && diff.changed.empty());
  EXPECT_TRUE(diff.brought.empty() && diff.fixed.empty());
  EXPECT_EQ(diff.stayed.size(), 3u);
  EXPECT_TRUE(diff.Complete());
  EXPECT_EQ(diff.before.database, diff.after.database);
}

struct BadReport {
  const char* name;
  void (*change)(json&);
  const char* word;
};

class BadReportTest : public testing::TestWithParam<BadReport> {};

TEST_P(BadReportTest, IsRefusedByName) {
  json value = json::parse(Rendered("json", AReport()));
  GetParam().change(value);
  const auto read = ReadJsonReport(value.dump());
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find(GetParam().word), std::string::npos) << read.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Diff, BadReportTest,
    testing::Values(
        BadReport{"NoObject", [](json& v) { v = json::array(); }, "object"},
        BadReport{"AnotherDocument",
                  [](json& v) {
                    v = {{"bomFormat", "CycloneDX"}};
                  },
                  "schemaVersion"},
        BadReport{"AnotherVersion", [](json& v) { v["schemaVersion"] = 2; }, "schemaVersion"},
        BadReport{"NoDigest", [](json& v) { v["digest"] = "x"; }, "digest"},
        BadReport{"AFilteredOne", [](json& v) { v["platforms"][0]["hiddenFindings"] = 1; },
                  "--severity"},
        BadReport{"ABillOfMaterials", [](json& v) { v["platforms"][0].erase("findings"); },
                  "findings: is missing"},
        BadReport{"OneThatDoesNotSayWhatWasRead",
                  [](json& v) { v["platforms"][0].erase("coverage"); }, "coverage: is missing"},
        BadReport{"APackageWithoutAName",
                  [](json& v) { v["platforms"][0]["packages"][0]["name"] = ""; }, "name"},
        BadReport{"ASeverityThatIsNone",
                  [](json& v) { v["platforms"][0]["findings"][0]["severity"] = "Bad"; },
                  "severity"},
        BadReport{"AStateThatIsNone",
                  [](json& v) { v["platforms"][0]["coverage"][0]["state"] = "Fine"; }, "state"},
        BadReport{"PackagesThatAreNoList", [](json& v) { v["platforms"][0]["packages"] = 5; },
                  "packages"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Diff, ATruncatedReportIsRefusedWhereverItEnds) {
  const std::string text = Rendered("json", AReport());
  for (std::size_t size = 0; size + 2 < text.size(); size += 7) {
    EXPECT_FALSE(ReadJsonReport(std::string_view(text).substr(0, size))) << size;
  }
  EXPECT_FALSE(ReadJsonReport(std::string(100'000, '[')));
}

std::string Written(std::string_view format, const ScanDiff& diff) {
  std::ostringstream out;
  for (const DiffFormat& one : DiffFormats()) {
    if (one.name == format) one.write(diff, out);
  }
  return std::move(out).str();
}

TEST(Diff, EveryFormatKeepsNamesInTheirPlace) {
  for (const std::string& evil :
       {std::string("\x1b[2J\n::error::x"), std::string("##[error]x"),
        std::string("a|b`c<script>@x"), std::string("\xff\xE2\x80\xAE")}) {
    ScanReport after = With({APackage(evil, evil, evil)}, {Of(evil, evil, evil, evil)});
    after.image = evil;
    const ScanReport before = With({}, {});
    const ScanDiff diff = Compare(before, after);
    EXPECT_TRUE(json::accept(Written("json", diff)));
    for (const std::string_view format : {"table", "markdown", "json"}) {
      const std::string text = Written(format, diff);
      for (std::size_t at = 0; at < text.size(); ++at) {
        ASSERT_TRUE(text[at] == '\n' || static_cast<unsigned char>(text[at]) >= 0x20) << format;
      }
      EXPECT_EQ(text.find("\n::"), std::string::npos) << format;
      if (format != "json") EXPECT_EQ(text.find("##["), std::string::npos) << format;
    }
  }
}

TEST(Diff, AnImageOfTwoHundredThousandPackagesIsCompared) {
  std::vector<Package> packages;
  for (int i = 0; i < 200'000; ++i) packages.push_back(APackage("p" + std::to_string(i), "1"));
  const ScanReport before = With(packages, {});
  packages[7].version = "2";
  const ScanReport after = With(std::move(packages), {});
  EXPECT_EQ(Said(Compare(before, after).changed), Words{"p7 1>2"});
}

}  // namespace
}  // namespace landwaiter::report
