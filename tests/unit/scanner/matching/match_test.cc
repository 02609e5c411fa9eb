#include "scanner/matching/match.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/matching/inventories.h"
#include "tests/unit/scanner/matching/match_fixture.h"

namespace landwaiter::matching {
namespace {

TEST_F(MatchTest, AFindingTellsAllThatARuleAndAPersonNeed) {
  Package package = APackage("npm", "minimist", "1.2.0");
  package.layer = 3;
  const auto result = MatchWith({Minimist()
                                     .Word("CRITICAL")
                                     .Cvss("CVSS_V3", kCritical)
                                     .Field(R"("summary":"Prototype pollution")")},
                                AnInventory("", "", {package}));
  ASSERT_EQ(result.findings.size(), 1u);
  const Finding& finding = result.findings[0];
  EXPECT_EQ(finding.id, "CVE-2021-44906");
  EXPECT_EQ(finding.aliases, std::vector<std::string>{"GHSA-xvch-5gv4-984h"});
  EXPECT_EQ(finding.advisory, "GHSA-xvch-5gv4-984h");
  EXPECT_EQ(finding.severity, Severity::kCritical);
  EXPECT_EQ(finding.severity_source, "OSV database_specific.severity");
  EXPECT_EQ(finding.cvss_vector, kCritical);
  EXPECT_EQ(finding.state, FindingState::kFixed);
  EXPECT_EQ(finding.fixed_version, "1.2.6");
  EXPECT_EQ(finding.title, "Prototype pollution");
  EXPECT_EQ(finding.feed, "osv");
  EXPECT_EQ(finding.package, "minimist");
  EXPECT_EQ(finding.installed_version, "1.2.0");
  EXPECT_EQ(finding.purl, package.purl);
  EXPECT_EQ(finding.path, package.path);
  EXPECT_EQ(finding.layer, 3);
  EXPECT_FALSE(finding.known_exploited.has_value());
  EXPECT_FALSE(finding.host_kernel);
}

// Pitfall 63: source names and source versions. 78: the source that was asked for is told.
TEST_F(MatchTest, DebianIsMatchedBySourceNameAndSourceVersion) {
  const std::vector<OsvRecord> records{
      OsvRecord("DEBIAN-CVE-2023-1", "Debian:12", "gcc-12").Introduced("0").Fixed("12.2.0-14"),
      OsvRecord("DEBIAN-CVE-2023-2", "Debian:11", "gcc-12").Introduced("0"),
      OsvRecord("DEBIAN-CVE-2023-3", "Debian:12", "libgcc-s1").Introduced("0")};
  const auto result = MatchWith(
      records,
      AnInventory("debian", "12",
                  {FromSource(APackage("deb", "libgcc-s1", "1:9"), "gcc-12", "12.2.0-13")}));
  EXPECT_EQ(Ids(result), std::vector<std::string>{"libgcc-s1 DEBIAN-CVE-2023-1"});
  EXPECT_EQ(result.findings[0].source_package, "gcc-12");
  EXPECT_EQ(result.findings[0].installed_version, "1:9");
}

TEST_F(MatchTest, ADebianRecordIsNamedByTheCveUpstream) {
  const auto result =
      MatchWith({OsvRecord("DEBIAN-CVE-2023-1", "Debian:12", "zlib")
                     .Introduced("0")
                     .Names("upstream", {"CVE-2023-1"})},
                AnInventory("debian", "12.4", {APackage("deb", "zlib", "1:1.2-1")}));
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].id, "CVE-2023-1");
  EXPECT_EQ(result.findings[0].aliases, std::vector<std::string>{"DEBIAN-CVE-2023-1"});
  EXPECT_EQ(result.findings[0].state, FindingState::kAffected);
  EXPECT_EQ(result.findings[0].fixed_version, "");
}

TEST_F(MatchTest, AnAdvisoryOfSeveralCvesGivesOneFindingForEachAndMeetsTheOthers) {
  const auto result = MatchWith({OsvRecord("DSA-1-1", "Debian:12", "curl")
                                     .Introduced("0")
                                     .Fixed("7.88-2")
                                     .Names("upstream", {"CVE-2023-1", "CVE-2023-2"}),
                                 OsvRecord("DEBIAN-CVE-2023-1", "Debian:12", "curl")
                                     .Introduced("0")
                                     .Fixed("7.88-2")
                                     .Names("upstream", {"CVE-2023-1"})},
                                AnInventory("debian", "12", {APackage("deb", "curl", "7.88-1")}));
  EXPECT_EQ(Ids(result), (std::vector<std::string>{"curl CVE-2023-1", "curl CVE-2023-2"}));
}

// Pitfalls 136, 137: one finding a vulnerability.
TEST_F(MatchTest, SeveralAdvisoriesOfOneVulnerabilityAreOneFinding) {
  const auto result = MatchWith({OsvRecord("GHSA-1", "PyPI", "django")
                                     .Introduced("0")
                                     .Fixed("3.2.13")
                                     .Names("aliases", {"CVE-2022-28346", "PYSEC-2022-190"}),
                                 OsvRecord("PYSEC-2022-190", "PyPI", "Django")
                                     .Introduced("0")
                                     .Fixed("3.2.14")
                                     .Names("aliases", {"CVE-2022-28346"}),
                                 OsvRecord("PYSEC-2022-191", "PyPI", "Django")
                                     .Introduced("0")
                                     .Names("related", {"CVE-2022-28346"})},
                                AnInventory("", "", {APackage("pypi", "Django", "3.2.12")}));
  ASSERT_EQ(result.findings.size(), 2u) << "related is no alias";
  const Finding& merged = result.findings[0];
  EXPECT_EQ(merged.id, "CVE-2022-28346");
  EXPECT_EQ(merged.aliases, (std::vector<std::string>{"GHSA-1", "PYSEC-2022-190"}));
  EXPECT_EQ(merged.fixed_version, "3.2.14") << "3.2.13 is still affected by the other's word";
}

// Pitfall 143: the lowest fix of the same branch.
TEST_F(MatchTest, TheFixIsTheLowestThatMendsTheInstalledVersion) {
  const auto record = OsvRecord("PYSEC-1", "PyPI", "django")
                          .Introduced("4.0")
                          .Fixed("4.0.4")
                          .Introduced("3.2")
                          .Fixed("3.2.13")
                          .Introduced("2.2")
                          .Fixed("2.2.28");
  const std::pair<std::string, std::string> cases[] = {
      {"2.2.1", "2.2.28"}, {"3.2.12", "3.2.13"}, {"4.0", "4.0.4"}};
  for (const auto& [installed, fix] : cases) {
    const auto result =
        MatchWith({record}, AnInventory("", "", {APackage("pypi", "django", installed)}));
    ASSERT_EQ(result.findings.size(), 1u) << installed;
    EXPECT_EQ(result.findings[0].fixed_version, fix) << installed;
  }
}

// A new database takes an old one's name, but a full disk or a person may cut the old one itself.
TEST_F(MatchTest, ADatabaseThatIsCutShortWhileItIsOpenIsAnErrorAndNotTheEndOfTheProcess) {
  const auto database = advisories::DatabaseOf(folder_, {Minimist()});
  ASSERT_TRUE(database);
  const Inventory inventory = AnInventory("", "", {APackage("npm", "minimist", "1.2.0")});
  ASSERT_EQ(MatchOrFail(inventory, *database).findings.size(), 1u);
  std::filesystem::resize_file(folder_.Path("db/" + database->Info().file), 4096);
  const auto result = Match(inventory, *database);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kDataLoss);
  EXPECT_NE(result.error().message.find("cut short"), std::string::npos) << result.error().message;
}

// Echo is built from Debian's packages and says itself what it has mended.
TEST_F(MatchTest, EchoIsMatchedByItsOwnRecordsAndNotByDebians) {
  const std::vector<OsvRecord> records{
      OsvRecord("ECHO-84eb-3f66-73a1", "Echo", "curl").Introduced("0").Fixed("8.14.1-2+e3"),
      OsvRecord("DEBIAN-CVE-2025-1", "Debian:13", "curl").Introduced("0")};
  for (const auto& [version, found] :
       {std::pair("8.14.1-2+e2", std::vector<std::string>{"libcurl4t64 ECHO-84eb-3f66-73a1"}),
        std::pair("8.14.1-2+e3", std::vector<std::string>{})}) {
    const auto result = MatchWith(
        records,
        AnInventory("echo", "1",
                    {FromSource(APackage("deb", "libcurl4t64", version), "curl", version)}));
    EXPECT_EQ(Ids(result), found) << version;
    EXPECT_EQ(CoverageOf(result, "advisories").state, CoverageState::kRead);
  }
}

// Pitfall 79: origins. 85: a fix speaks of its own branch; the older one is another origin.
TEST_F(MatchTest, AlpineIsMatchedByOriginWithinItsRelease) {
  const std::vector<OsvRecord> records{
      OsvRecord("ALPINE-CVE-2023-1", "Alpine:v3.18", "openssl").Introduced("0").Fixed("3.1.2-r0"),
      OsvRecord("ALPINE-CVE-2023-2", "Alpine:v3.18", "openssl").Introduced("0").Fixed("0"),
      OsvRecord("ALPINE-CVE-2023-3", "Alpine:v3.17", "openssl").Introduced("0")};
  const auto result = MatchWith(
      records,
      AnInventory("alpine", "3.18.4",
                  {FromSource(APackage("apk", "libssl3", "3.1.1-r0"), "openssl", "3.1.1-r0"),
                   FromSource(APackage("apk", "libssl1.1", "1.1.1u-r0"), "openssl1.1-compat",
                              "1.1.1u-r0")}));
  EXPECT_EQ(Ids(result), std::vector<std::string>{"libssl3 ALPINE-CVE-2023-1"})
      << "fixed 0 says not affected";
}

// Pitfalls 95, 102: module streams; Alma's own fixes.
TEST_F(MatchTest, AlmaLinuxIsMatchedByBinaryNameAndModuleStream) {
  const auto modular = [](const std::string& id, const std::string& stream) {
    return OsvRecord(id, "AlmaLinux:8", "nodejs")
        .Introduced("0")
        .Fixed("1:99.0-1.module_el8.3.0+1+a")
        .Field("\"summary\":\"Important: nodejs:" + stream + " security update\"");
  };
  const std::vector<OsvRecord> records{
      modular("ALSA-1", "14"), modular("ALSA-2", "16"),
      OsvRecord("ALSA-3", "AlmaLinux:8", "nodejs").Introduced("0").Fixed("1:99.0-1.el8")};
  Package package = APackage("rpm", "nodejs", "1:14.0-1.module_el8.3.0+1+a");
  package.module = "nodejs:14:8030020210316:229f0a1c";
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("almalinux", "8.9", {package}))),
            std::vector<std::string>{"nodejs ALSA-1"});
  package.module = "";
  package.version = "1:14.0-1.el8";
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("almalinux", "8.9", {package}))),
            std::vector<std::string>{"nodejs ALSA-3"});
}

// Pitfall 117: the toolchain is matched by Go's own feed.
TEST_F(MatchTest, GoModulesAndTheStandardLibraryAreMatchedAsSemver) {
  const std::vector<OsvRecord> records{
      OsvRecord("GO-2021-0113", "Go", "golang.org/x/text").Introduced("0").Fixed("0.3.7"),
      OsvRecord("GO-2024-2887", "Go", "stdlib")
          .Introduced("0")
          .Fixed("1.21.11")
          .Introduced("1.22.0-0")
          .Fixed("1.22.4")};
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("", "",
                                               {APackage("golang", "golang.org/x/text", "v0.3.5"),
                                                APackage("golang", "stdlib", "go1.22.3")}))),
            (std::vector<std::string>{"golang.org/x/text GO-2021-0113", "stdlib GO-2024-2887"}));
  EXPECT_TRUE(Ids(MatchWith(records, AnInventory("", "",
                                                 {APackage("golang", "stdlib", "go1.21.11"),
                                                  APackage("golang", "stdlib", "1.26.0")})))
                  .empty());
}

// Pitfall 114.
TEST_F(MatchTest, PyPiNamesMeetWhateverTheirSpelling) {
  const auto result =
      MatchWith({OsvRecord("PYSEC-1", "PyPI", "flask-sqlalchemy").Introduced("0")},
                AnInventory("", "", {APackage("pypi", "Flask_SQLAlchemy", "2.5.1")}));
  EXPECT_EQ(Ids(result), std::vector<std::string>{"Flask_SQLAlchemy PYSEC-1"});
}

// Pitfall 77.
TEST_F(MatchTest, KernelHeadersAreTheHosts) {
  const auto result = MatchWith(
      {OsvRecord("DEBIAN-CVE-2023-1", "Debian:12", "linux").Introduced("0")},
      AnInventory("debian", "12",
                  {FromSource(APackage("deb", "linux-libc-dev", "6.1.0-1"), "linux", "6.1.0-1")}));
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_TRUE(result.findings[0].host_kernel);
}

// Pitfall 109.
TEST_F(MatchTest, ALanguagePackageThatIsAnOsPackageIsReportedOnce) {
  const std::vector<OsvRecord> records{
      OsvRecord("PYSEC-1", "PyPI", "django").Introduced("0").Names("aliases", {"CVE-1"}),
      OsvRecord("DEBIAN-CVE-1", "Debian:12", "python-django")
          .Introduced("0")
          .Names("upstream", {"CVE-1"})};
  const auto os = FromSource(APackage("deb", "python3-django", "3:3.2.12-1+deb12u1"),
                             "python-django", "3:3.2.12-1+deb12u1");
  Package owned = APackage("pypi", "Django", "3.2.12");
  owned.owner = "python3-django";
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("debian", "12", {os, owned}))),
            std::vector<std::string>{"python3-django CVE-1"});
  owned.version = "3.2.1";
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("debian", "12", {os, owned}))),
            (std::vector<std::string>{"Django CVE-1", "python3-django CVE-1"}))
      << "another version is bundled software that the feed does not speak of";
  owned.version = "3.2.12";
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("debian", "11", {os, owned}))),
            std::vector<std::string>{"Django CVE-1"})
      << "without a feed for the distribution nobody else would report it";
}

// Pitfall 154.
TEST_F(MatchTest, FindingsComeWorstFirstAndTheSameEachTime) {
  std::vector<OsvRecord> records;
  for (int i = 0; i < 20; ++i) {
    auto record = OsvRecord("GHSA-" + std::to_string(i), "npm", "p" + std::to_string(i % 3));
    record.Introduced("0").Cvss("CVSS_V3", i % 2 == 0 ? kCritical : kHigh);
    if (i % 5 == 0) record.Fixed("2.0.0");
    records.push_back(record);
  }
  std::vector<Package> packages;
  for (int i = 0; i < 3; ++i) packages.push_back(APackage("npm", "p" + std::to_string(i), "1.0.0"));
  const auto first = MatchWith(records, AnInventory("", "", packages));
  std::reverse(packages.begin(), packages.end());
  const auto second = MatchWith(records, AnInventory("", "", packages));
  EXPECT_EQ(first.findings, second.findings);
  ASSERT_EQ(first.findings.size(), 20u);
  EXPECT_TRUE(std::is_sorted(first.findings.begin(), first.findings.end(), WorseThan));
  EXPECT_EQ(first.findings.front().severity, Severity::kCritical);
}

TEST_F(MatchTest, CopiesOfOnePackageAreFindingsOfTheirOwn) {
  Package first = APackage("npm", "minimist", "1.2.0");
  Package second = first;
  second.path = "another/place";
  const auto result = MatchWith({Minimist()}, AnInventory("", "", {first, second}));
  ASSERT_EQ(result.findings.size(), 2u);
  EXPECT_NE(result.findings[0].path, result.findings[1].path);
}

}  // namespace
}  // namespace landwaiter::matching
