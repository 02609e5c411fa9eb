// What distributions' feeds can say besides "affected": states, flavours, products, statements that
// something is not affected, and facts that other feeds add.
#include <gtest/gtest.h>

#include "tests/unit/scanner/matching/state_database.h"

namespace landwaiter::matching {
namespace {

using advisories::OsvRecord;

/// "package id state fix", sorted.
std::vector<std::string> States(const MatchResult& result) {
  std::vector<std::string> states;
  for (const Finding& finding : result.findings) {
    std::string text = finding.package + " " + finding.id + " ";
    text += FindingStateName(finding.state);
    if (!finding.fixed_version.empty()) text += " " + finding.fixed_version;
    states.push_back(text);
  }
  std::sort(states.begin(), states.end());
  return states;
}

Package Rpm(const std::string& name, const std::string& version,
            const std::string& architecture = "x86_64") {
  Package package = APackage("rpm", name, version);
  package.architecture = architecture;
  return package;
}

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

// Pitfall 74. Pitfall 135: release and fix are of one row.
TEST_F(StatesTest, PitfallUbuntuProIsNoFixForWhoHasNone) {
  const auto base = [](const std::string& fix) {
    return Fixed("UBUNTU-CVE-2023-0001", "Ubuntu:18.04:LTS", "curl", fix);
  };
  const auto pro = [](const std::string& id, const std::string& fix) {
    return Fixed(id, "Ubuntu:Pro:18.04:LTS", "curl", fix);
  };
  const auto other = Fixed("UBUNTU-CVE-2023-0009", "Ubuntu:18.04:LTS", "other", "1");
  struct Case {
    std::string name;
    std::vector<OsvRecord> records;
    std::string installed;
    std::vector<std::string> states;
  };
  const Case cases[] = {
      {"a fix that only Pro has",
       {other, pro("UBUNTU-CVE-2023-0002", "2-1ubuntu1+esm1")},
       "2-1ubuntu1",
       {"curl UBUNTU-CVE-2023-0002 WillNotFix"}},
      {"the archive's own fix",
       {base("2-1ubuntu2")},
       "2-1ubuntu1",
       {"curl UBUNTU-CVE-2023-0001 Fixed 2-1ubuntu2"}},
      {"what the archive has mended is no matter of Pro's",
       {base("2-1ubuntu1"),
        pro("UBUNTU-CVE-2023-0001-X", "3-1+esm1").Names("aliases", {"UBUNTU-CVE-2023-0001"})},
       "2-1ubuntu1",
       {}},
      {"a package of Pro's is judged by Pro alone",
       {base("9-1"), pro("UBUNTU-CVE-2023-0002", "2-1ubuntu1+esm2")},
       "2-1ubuntu1+esm1",
       {"curl UBUNTU-CVE-2023-0002 Fixed 2-1ubuntu1+esm2"}},
  };
  for (const Case& c : cases) {
    const auto result = MatchWith(
        c.records, AnInventory("ubuntu", "18.04", {APackage("deb", "curl", c.installed)}));
    EXPECT_EQ(States(result), c.states) << c.name;
  }
}

// Pitfalls 75, 105.
TEST_F(StatesTest, PitfallFlavoursAreComparedWithinThemselves) {
  const std::vector<OsvRecord> oracle{
      Fixed("ELSA-1", "Oracle Linux:8", "openssl", "2:1.1.1g-15.el8_3"),
      Fixed("ELSA-2", "Oracle Linux:8:ksplice", "openssl", "2:1.1.1g-15.ksplice1.el8_3"),
      Fixed("ELSA-3", "Oracle Linux:8:fips", "openssl", "10:1.1.1g-15.el8_fips")};
  const std::pair<std::string, std::string> cases[] = {
      {"2:1.1.1g-14.el8_3", "openssl ELSA-1"},
      {"2:1.1.1g-14.ksplice1.el8_3", "openssl ELSA-2"},
      {"10:1.1.1g-14.el8_fips", "openssl ELSA-3"}};
  for (const auto& [version, finding] : cases) {
    EXPECT_EQ(Ids(MatchWith(oracle, AnInventory("ol", "8.9", {Rpm("openssl", version)}))),
              std::vector<std::string>{finding})
        << version;
  }
  const auto unknown = MatchWith(
      {oracle[0]},
      AnInventory("ol", "8.9", {Rpm("openssl", "1-1.el8_fips"), Rpm("openssl-libs", "1-1.el8")}));
  EXPECT_TRUE(unknown.findings.empty());
  const Coverage coverage = CoverageOf(unknown, "advisories");
  EXPECT_EQ(coverage.state, CoverageState::kFailed);
  EXPECT_NE(coverage.reason.find("1 of 2 packages: the advisory database has no feed for fips"),
            std::string::npos)
      << coverage.reason;
  const std::vector<OsvRecord> ubuntu{
      Fixed("USN-1", "Ubuntu:22.04:LTS", "openssl", "3.0.2-0ubuntu9"),
      Fixed("USN-2", "Ubuntu:Pro:FIPS-updates:22.04:LTS", "openssl", "3.0.2-0ubuntu1.15+Fips2")};
  EXPECT_EQ(
      Ids(MatchWith(ubuntu, AnInventory("ubuntu", "22.04",
                                        {APackage("deb", "openssl", "3.0.2-0ubuntu1.15+Fips1")}))),
      std::vector<std::string>{"openssl USN-2"});
}

// Pitfalls 96, 99. Pitfall 97: the usual products are of no architecture, "__9" is of no name.
TEST_F(StatesTest, PitfallRedHatSpeaksOfProductsAndRepositoriesLeadToThem) {
  const std::vector<OsvRecord> records{
      Fixed("RHSA-1", "Red Hat:enterprise_linux:9::baseos", "curl", "7-9.el9"),
      Fixed("RHSA-2", "Red Hat:enterprise_linux:9::appstream", "curl", "7-9.el9"),
      Unfixed("RHSA-3", "Red Hat:enterprise_linux:9", "curl"),
      Fixed("RHSA-4", "Red Hat:rhel_eus:9.0::baseos", "curl", "7-9.el9_0"),
      Fixed("RHSA-5", "Red Hat:enterprise_linux:8::baseos", "curl", "7-9.el8")};
  Inventory inventory = AnInventory("rhel", "9.3", {Rpm("curl", "7-1.el9")});
  EXPECT_EQ(Ids(MatchWith(records, inventory)),
            (std::vector<std::string>{"curl RHSA-1", "curl RHSA-2", "curl RHSA-3"}))
      << "an image that names no repository has those of its release";
  const File repositories{"redhat-cpe", "r.json",
                          R"({"data":{"rhel-9-for-x86_64-baseos-eus-rpms":)"
                          R"({"cpes":["cpe:/o:redhat:rhel_eus:9.0::baseos"]}}})"};
  inventory.layers.resize(3);
  inventory.layers[1].content_sets = {"rhel-9-for-x86_64-baseos-eus-rpms"};
  const std::pair<int, std::vector<std::string>> cases[] = {
      {0, {"curl RHSA-1", "curl RHSA-2", "curl RHSA-3"}},
      {1, {"curl RHSA-4"}},
      {2, {"curl RHSA-4"}}};
  for (const auto& [layer, ids] : cases) {
    inventory.packages[0].layer = layer;
    EXPECT_EQ(Ids(MatchWith(records, inventory, {repositories})), ids)
        << "PITFALL: layer " << layer << ": content sets go on to the layers above";
  }
  inventory.layers[1].content_sets = {"rhel-9-for-x86_64-baseos-eus-rpms__9"};
  EXPECT_EQ(Ids(MatchWith(records, inventory, {repositories})),
            std::vector<std::string>{"curl RHSA-4"})
      << "PITFALL: what a build appends is no part of a repository's name";
  inventory.layers[1].content_sets = {"rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_2"};
  EXPECT_EQ(Ids(MatchWith(records, inventory, {repositories})), cases[0].second)
      << "PITFALL: a minor release's repository is another one";
}

// Pitfalls 72, 103.
TEST_F(StatesTest, PitfallOtherVendorsPackagesAreNoMatterOfTheDistributionsFeeds) {
  Package own = Rpm("curl", "7-1.el9");
  own.vendor = "Red Hat, Inc.";
  Package foreign = Rpm("nginx", "1-1.el9");
  foreign.vendor = "Fedora Project";
  const auto result = MatchWith({Unfixed("RHSA-1", "Red Hat:enterprise_linux:9", "curl"),
                                 Unfixed("RHSA-2", "Red Hat:enterprise_linux:9", "nginx")},
                                AnInventory("rhel", "9.3", {own, foreign}));
  EXPECT_EQ(Ids(result), std::vector<std::string>{"curl RHSA-1"});
  const Coverage coverage = CoverageOf(result, "advisories");
  EXPECT_EQ(coverage.state, CoverageState::kRead);
  EXPECT_TRUE(
      coverage.reason.ends_with("1 of 2 packages are of other vendors, of whom no feed speaks"))
      << coverage.reason;
  Package bundled = APackage("npm", "left-pad", "1.0.0");
  bundled.owner = "nginx";
  EXPECT_EQ(Ids(MatchWith({Unfixed("RHSA-2", "Red Hat:enterprise_linux:9", "nginx"),
                           Unfixed("GHSA-1", "npm", "left-pad")},
                          AnInventory("rhel", "9.3", {foreign, bundled}))),
            std::vector<std::string>{"left-pad GHSA-1"})
      << "PITFALL: what they ship is looked at by the language's feed";
}

// Pitfall 72.
TEST_F(StatesTest, PitfallDebsOfOtherVendorsAreNoMatterOfTheDistributionsFeeds) {
  const std::vector<OsvRecord> records{Fixed("D-1", "Debian:12", "nodejs", "18.20.4+dfsg-1"),
                                       Unfixed("GHSA-1", "npm", "npm")};
  Package bundled = APackage("npm", "npm", "10.0.0");
  bundled.owner = "nodejs";
  struct Case {
    std::string name;
    std::string vendor;
    std::vector<std::string> found;
  };
  const Case cases[] = {
      {"NodeSource's", "NodeSource", {"npm GHSA-1"}},
      {"Debian's own say nothing", "", {"nodejs D-1", "npm GHSA-1"}},
      {"or that they are", "Debian", {"nodejs D-1", "npm GHSA-1"}},
  };
  for (const Case& c : cases) {
    Package nodejs = APackage("deb", "nodejs", "18.20.4-1nodesource1");
    nodejs.vendor = c.vendor;
    EXPECT_EQ(Ids(MatchWith(records, AnInventory("debian", "12", {nodejs, bundled}))), c.found)
        << c.name;
  }
}

// Pitfalls 128, 129.
TEST_F(StatesTest, PitfallNamesOfTheNvdFindProgramsAndFailNothing) {
  const std::vector<File> files{
      {"nvd", "nvd.json",
       R"({"vulnerabilities":[{"cve":{"id":"CVE-2023-0001","configurations":[{"nodes":[)"
       R"({"operator":"OR","cpeMatch":[{"vulnerable":true,)"
       R"("criteria":"cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*",)"
       R"("versionStartIncluding":"1.1.1","versionEndExcluding":"1.1.1k"}]}]}]}}]})"}};
  Package program = APackage("generic", "openssl", "1.1.1j");
  program.cpe = "cpe:2.3:a:openssl:openssl:1.1.1j:*:*:*:*:*:*:*";
  const std::vector<OsvRecord> debian{Fixed("D-1", "Debian:12", "zlib", "9-1")};
  const auto result = MatchWith(debian, AnInventory("debian", "12", {program}), files);
  EXPECT_EQ(States(result), std::vector<std::string>{"openssl CVE-2023-0001 Fixed 1.1.1k"});
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].confidence, Confidence::kCpe);
  EXPECT_EQ(CoverageOf(result, "advisories-generic").state, CoverageState::kRead);
  Package owned = program;
  owned.owner = "openssl";
  EXPECT_TRUE(MatchWith(debian, AnInventory("debian", "12", {owned}), files).findings.empty())
      << "PITFALL: a distribution's patches do not show in its programs' versions";
  Package mended = program;
  mended.version = "1.1.1k";
  EXPECT_TRUE(MatchWith(debian, AnInventory("debian", "12", {mended}), files).findings.empty());
  EXPECT_EQ(
      CoverageOf(MatchWith(debian, AnInventory("debian", "12", {program})), "advisories-generic")
          .state,
      CoverageState::kUnsupported);
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

// Pitfall 98.
TEST_F(StatesTest, PitfallArchitecturesOfAnAdvisoryCount) {
  const std::vector<File> files{
      {"rocky", "updateinfo.xml",
       "<updates><update type=\"security\"><id>RLSA-1</id><references><reference type=\"cve\" "
       "id=\"CVE-2023-0001\"/></references><pkglist><collection><name>Rocky Linux 9</name>"
       "<package name=\"a\" version=\"1\" release=\"2\" arch=\"x86_64\"/>"
       "<package name=\"a\" version=\"1\" release=\"9\" arch=\"aarch64\"/>"
       "</collection></pkglist></update></updates>"}};
  const std::tuple<std::string, std::string, bool> cases[] = {{"x86_64", "1-5", false},
                                                              {"aarch64", "1-5", true},
                                                              {"i686", "1-1", true},
                                                              {"noarch", "1-5", true},
                                                              {"s390x", "1-1", false}};
  for (const auto& [architecture, version, affected] : cases) {
    const auto result =
        MatchWith({}, AnInventory("rocky", "9.3", {Rpm("a", version, architecture)}), files);
    EXPECT_EQ(result.findings.size(), affected ? 1u : 0u) << architecture;
  }
}

// Pitfall 106.
TEST_F(StatesTest, SuseIsLookedUpInTheModulesOfItsServicePack) {
  const std::vector<OsvRecord> records{
      Fixed("SUSE-SU-1", "SUSE:Linux Enterprise Module for Basesystem 15 SP4", "curl", "8-9"),
      Fixed("SUSE-SU-2", "SUSE:Linux Enterprise Server 15 SP4", "curl", "8-9"),
      Fixed("SUSE-SU-3", "SUSE:Linux Enterprise Server 15 SP4-LTSS", "curl", "8-9"),
      Fixed("SUSE-SU-4", "SUSE:Linux Enterprise Module for Basesystem 15 SP5", "curl", "8-9")};
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("sles", "15.4", {Rpm("curl", "8-1")}))),
            (std::vector<std::string>{"curl SUSE-SU-1", "curl SUSE-SU-2"}));
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
  const Finding& b = result.findings[2];
  EXPECT_EQ(b.severity, Severity::kUnknown);
  EXPECT_FALSE(b.epss_score.has_value()) << "PITFALL: no score is not a score of 0";
  EXPECT_EQ(b.known_exploited, false);
}

}  // namespace
}  // namespace landwaiter::matching
