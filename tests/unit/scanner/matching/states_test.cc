// What distributions' feeds can say besides "affected": states, statements that something is not
// affected, and facts that other feeds add.
#include "tests/unit/scanner/matching/states.h"

#include <gtest/gtest.h>

#include "tests/unit/scanner/matching/state_database.h"

namespace landwaiter::matching {
namespace {

// Pitfall 134: no release without its suffix.
TEST_F(StatesTest, PitfallReleasesNeverMatchWithoutTheirSuffix) {
  const std::vector<OsvRecord> records{Fixed("DEBIAN-CVE-2023-0001", "Debian:11", "zlib", "9-1"),
                                       Fixed("DEBIAN-CVE-2023-0002", "Debian:12", "zlib", "9-1"),
                                       Fixed("DEBIAN-CVE-2023-0003", "Debian:1", "zlib", "9-1"),
                                       Fixed("DEBIAN-CVE-2023-0004", "Debian", "zlib", "9-1")};
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("debian", "12", {APackage("deb", "zlib", "1-1")}))),
            (std::vector<std::string>{"zlib DEBIAN-CVE-2023-0002", "zlib DEBIAN-CVE-2023-0004"}))
      << "a record without a release speaks of every release";
  const auto other =
      MatchWith({records[3]}, AnInventory("debian", "12", {APackage("deb", "zlib", "1-1")}));
  EXPECT_TRUE(other.findings.empty());
  EXPECT_EQ(CoverageOf(other, "advisories").state, CoverageState::kUnsupported)
      << "it is no feed of this release";
}

// Pitfalls 69, 81, 100.
TEST_F(StatesTest, PitfallNotAffectedIsDataAndSilencesOtherRecords) {
  const auto result = MatchWith({Unfixed("DSA-1-1", "Debian:12", "zlib")
                                     .Names("upstream", {"CVE-2023-0001", "CVE-2023-0002"}),
                                 Fixed("DEBIAN-CVE-2023-0001", "Debian:12", "zlib", "0")
                                     .Names("upstream", {"CVE-2023-0001"})},
                                AnInventory("debian", "12", {APackage("deb", "zlib", "1-1")}));
  EXPECT_EQ(States(result), std::vector<std::string>{"zlib CVE-2023-0002 Affected"});
}

// Pitfalls 80, 82.
TEST_F(StatesTest, PitfallAlpineRejectionsOverrideItsSecfixes) {
  const std::vector<File> files{
      {"alpine", "main.json",
       R"({"distroversion":"v3.18","reponame":"main","packages":[{"pkg":{"name":"dnsmasq",)"
       R"("secfixes":{"9-r0":["CVE-2021-45951","CVE-2021-0001"]}}}]})"},
      {"alpine-rejections", "rejected.yaml", "dnsmasq: [CVE-2021-45951]\n"}};
  const auto result =
      MatchWith({}, AnInventory("alpine", "3.18.4", {APackage("apk", "dnsmasq", "1-r0")}), files);
  EXPECT_EQ(States(result), std::vector<std::string>{"dnsmasq CVE-2021-0001 Fixed 9-r0"});
  EXPECT_NE(CoverageOf(result, "advisories").reason.find("no finding may mean"), std::string::npos)
      << "PITFALL: secdb lists fixes and says nothing of what has none";
}

// Pitfall 109.
TEST_F(StatesTest, PitfallTheOwnersWordGoesBeforeALanguagesFeed) {
  const auto pypi = Unfixed("PYSEC-1", "PyPI", "django").Names("aliases", {"CVE-2023-0001"});
  Package owned = APackage("pypi", "Django", "3.2.0");
  owned.owner = "python3-django";
  const auto os = [](const std::string& version) {
    return FromSource(APackage("deb", "python3-django", version), "python-django", version);
  };
  const auto debian = [](const std::string& fix) {
    return Fixed("DEBIAN-CVE-2023-0001", "Debian:12", "python-django", fix)
        .Names("upstream", {"CVE-2023-0001"});
  };
  struct Case {
    std::string name;
    std::string installed;
    std::string fix;
    std::vector<std::string> states;
  };
  const Case cases[] = {
      {"not affected, though it bundles another version", "9.9-1", "0", {}},
      {"mended by a patch", "9.9-1", "9.8-1", {}},
      {"another bundled version of which it says nothing but that it is affected",
       "9.9-1",
       "9.10-1",
       {"Django CVE-2023-0001 Affected", "python3-django CVE-2023-0001 Fixed 9.10-1"}},
      {"the same software is reported once",
       "3.2.0-1",
       "3.2.0-2",
       {"python3-django CVE-2023-0001 Fixed 3.2.0-2"}},
  };
  for (const Case& c : cases) {
    const auto result =
        MatchWith({pypi, debian(c.fix)}, AnInventory("debian", "12", {os(c.installed), owned}));
    EXPECT_EQ(States(result), c.states) << c.name;
  }
}

// Pitfall 80: it is the feeds in the database that list what has no fix, or do not.
TEST_F(StatesTest, PitfallTheNoteOfFixesOnlyFollowsTheFeedsOfTheDatabase) {
  const std::string arch =
      R"([{"name":"AVG-1","packages":["curl"],"status":"Vulnerable","fixed":null,)"
      R"("issues":["CVE-2023-0001"]}])";
  struct Case {
    std::string name;
    std::vector<OsvRecord> records;
    Inventory inventory;
    std::vector<File> files;
    bool fixes_only;
  };
  const auto alpm = [] { return AnInventory("arch", "", {APackage("alpm", "curl", "8-1")}); };
  const Case cases[] = {
      {"Arch's groups list what is vulnerable", {}, alpm(), {{"arch", "all.json", arch}}, false},
      {"OSV has SUSE's errata",
       {Fixed("SUSE-SU-1", "SUSE:Linux Enterprise Server 15 SP4", "curl", "8-9")},
       AnInventory("sles", "15.4", {Rpm("curl", "8-1")}),
       {},
       true},
      {"OSV has Azure Linux's fixes",
       {Fixed("AZL-1", "Azure Linux:3", "curl", "8-9")},
       AnInventory("azurelinux", "3.0", {Rpm("curl", "8-1")}),
       {},
       true},
      {"OSV has Red Hat's errata",
       {Fixed("RHSA-1", "Red Hat:enterprise_linux:9", "curl", "8-9")},
       AnInventory("rhel", "9.3", {Rpm("curl", "8-1")}),
       {},
       true},
      {"OSV has Debian's tracker",
       {Fixed("D-1", "Debian:12", "curl", "8-9")},
       AnInventory("debian", "12", {APackage("deb", "curl", "8-1")}),
       {},
       false},
  };
  for (const Case& c : cases) {
    const auto result = MatchWith(c.records, c.inventory, c.files);
    EXPECT_EQ(result.findings.size(), 1u) << c.name;
    const Coverage coverage = CoverageOf(result, "advisories");
    EXPECT_EQ(coverage.state, CoverageState::kRead) << c.name;
    EXPECT_EQ(coverage.reason.find("no finding may mean") != std::string::npos, c.fixes_only)
        << c.name << ": " << coverage.reason;
  }
}

// Pitfalls 109, 80.
TEST_F(StatesTest, PitfallWhereFeedsListOnlyFixesTheLanguagesFeedStillCounts) {
  Package owned = APackage("pypi", "Django", "3.2.0");
  owned.owner = "py3-django";
  const auto os = FromSource(APackage("apk", "py3-django", "3.2.0-r0"), "py3-django", "3.2.0-r0");
  const auto result =
      MatchWith({Unfixed("PYSEC-1", "PyPI", "django").Names("aliases", {"CVE-2023-0001"}),
                 Unfixed("PYSEC-2", "PyPI", "django").Names("aliases", {"CVE-2023-0002"}),
                 Fixed("ALPINE-CVE-2023-0001", "Alpine:v3.18", "py3-django", "3.2.0-r9")
                     .Names("upstream", {"CVE-2023-0001"})},
                AnInventory("alpine", "3.18.0", {os, owned}));
  EXPECT_EQ(States(result), (std::vector<std::string>{"Django CVE-2023-0002 Affected",
                                                      "py3-django CVE-2023-0001 Fixed 3.2.0-r9"}))
      << "what secdb does not know is no less there; what it knows is reported once";
}

// Pitfalls 93, 101.
TEST_F(StatesTest, SourceNamesAreAskedWhereARowNamesASource) {
  // Rocky's OSV records name source packages, its errata binary ones.
  const std::vector<OsvRecord> records{
      Fixed("RLSA-1", "Rocky Linux:9", "openssl", "1:3.0.7-25.el9"),
      Fixed("RLSA-2", "Rocky Linux:9", "perl", "4:5.32.1-481.el9")};
  Package libs = Rpm("openssl-libs", "1:3.0.7-24.el9");
  libs.source_name = "openssl";
  libs.source_version = "3.0.7-24.el9";
  Package part = Rpm("perl-Errno", "0:1.30-481.el9");
  part.source_name = "perl";
  part.source_version = "5.32.1-481.el9";
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("rocky", "9.3", {libs, part}))),
            std::vector<std::string>{"openssl-libs RLSA-1"})
      << "PITFALL: a source version without its epoch is not below one with";
}

TEST_F(StatesTest, AVersionThatNobodyCanReadFailsItsPackageAndNothingElse) {
  const std::vector<OsvRecord> records{Fixed("GHSA-1", "npm", "odd", "nightly.2026-03-10.0"),
                                       Fixed("GHSA-2", "npm", "plain", "2.0.0")};
  const auto plain = MatchWith(records, AnInventory("", "", {APackage("npm", "plain", "1.0.0")}));
  EXPECT_EQ(Ids(plain), (std::vector<std::string>{"plain GHSA-2"}));
  EXPECT_EQ(CoverageOf(plain, "advisories-npm").state, CoverageState::kRead);
  const auto odd = MatchWith(
      records,
      AnInventory("", "", {APackage("npm", "odd", "1.0.0"), APackage("npm", "plain", "1.0.0")}));
  EXPECT_EQ(Ids(odd), (std::vector<std::string>{"plain GHSA-2"}));
  const Coverage coverage = CoverageOf(odd, "advisories-npm");
  EXPECT_EQ(coverage.state, CoverageState::kFailed);
  EXPECT_NE(coverage.reason.find("nightly.2026-03-10.0"), std::string::npos) << coverage.reason;
}

// Pitfalls 139, 142.
TEST_F(StatesTest, FactsOfOtherFeedsJoinByTheCve) {
  const std::vector<File> files{
      {"kev", "kev.json", R"({"vulnerabilities":[{"cveID":"CVE-2023-0001"}]})"},
      {"epss", "epss.csv", "cve,epss,percentile\nCVE-2023-0001,0.12345,0.9\n"},
      {"nvd", "nvd.json",
       R"({"vulnerabilities":[{"cve":{"id":"CVE-2023-0001","metrics":{"cvssMetricV31":[)"
       R"({"type":"Primary","cvssData":{"vectorString":)"
       R"("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]},)"
       R"("weaknesses":[{"description":[{"value":"CWE-79"}]}]}}]})"}};
  const auto result =
      MatchWith({Unfixed("GHSA-1", "npm", "a").Names("aliases", {"CVE-2023-0001"}),
                 Unfixed("GHSA-2", "npm", "b"),
                 Unfixed("GHSA-3", "npm", "c").Names("aliases", {"CVE-2023-0001"}).Word("LOW")},
                AnInventory("", "",
                            {APackage("npm", "a", "1.0.0"), APackage("npm", "b", "1.0.0"),
                             APackage("npm", "c", "1.0.0")}),
                files);
  ASSERT_EQ(result.findings.size(), 3u);
  const Finding& a = result.findings[0];
  EXPECT_EQ(a.package, "a");
  EXPECT_EQ(a.severity, Severity::kCritical);
  EXPECT_EQ(a.severity_source, "CVSS_V3 of NVD");
  EXPECT_EQ(a.cvss_score, 9.8);
  EXPECT_EQ(a.epss_score, 0.12345);
  EXPECT_EQ(a.epss_percentile, 0.9);
  EXPECT_EQ(a.weaknesses, std::vector<std::string>{"CWE-79"});
  EXPECT_EQ(a.known_exploited, true);
  const Finding& c = result.findings[1];
  EXPECT_EQ(c.severity, Severity::kLow) << "the advisory's own word goes before NVD's";
  EXPECT_EQ(c.nvd_severity, Severity::kCritical);
  EXPECT_EQ(c.nvd_score, 9.8);
  EXPECT_EQ(c.highest_severity, Severity::kCritical);
  EXPECT_EQ(c.highest_score, 9.8);
  const Finding& b = result.findings[2];
  EXPECT_EQ(b.severity, Severity::kUnknown);
  EXPECT_FALSE(b.epss_score.has_value()) << "PITFALL: no score is not a score of 0";
  EXPECT_EQ(b.known_exploited, false);
  EXPECT_EQ(b.nvd_severity, std::nullopt);
  EXPECT_EQ(b.highest_severity, std::nullopt);
}

TEST_F(StatesTest, AFixIsAsOldAsTheFirstAdvisoryThatNamesOne) {
  const auto of = [](const char* id, const char* published) {
    return OsvRecord(id, "npm", "a")
        .Names("aliases", {"CVE-2023-0001"})
        .Field("\"published\":\"" + std::string(published) + "\"");
  };
  const auto result =
      MatchWith({of("GHSA-1", "2023-01-01T00:00:00Z").Introduced("0"),
                 of("GHSA-2", "2023-02-01T00:00:00Z").Introduced("0").Fixed("2.0.0"),
                 of("GHSA-3", "2023-03-01T00:00:00Z").Introduced("0").Fixed("2.0.0")},
                AnInventory("", "", {APackage("npm", "a", "1.0.0")}), {});
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].published, "2023-01-01T00:00:00Z");
  EXPECT_EQ(result.findings[0].fix_published, "2023-02-01T00:00:00Z");
}

}  // namespace
}  // namespace landwaiter::matching
