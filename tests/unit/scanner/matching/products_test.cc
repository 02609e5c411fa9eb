// Whose packages a feed speaks of: flavours, products, vendors, architectures.
#include <gtest/gtest.h>

#include "tests/unit/scanner/matching/state_database.h"
#include "tests/unit/scanner/matching/states.h"

namespace landwaiter::matching {
namespace {

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
  const std::vector<std::string> usual{"curl RHSA-1", "curl RHSA-2", "curl RHSA-3"};
  const std::tuple<int, std::vector<std::string>, std::string> cases[] = {
      {0, {"curl RHSA-4"}, "layers below the first take its sets: older bases bring them on top"},
      {1, {"curl RHSA-4"}, "the layer's own"},
      {2, {"curl RHSA-4"}, "content sets go on to the layers above"},
      {-1, usual, "a package of no layer has those of the release"}};
  for (const auto& [layer, ids, name] : cases) {
    inventory.packages[0].layer = layer;
    EXPECT_EQ(Ids(MatchWith(records, inventory, {repositories})), ids) << "PITFALL: " << name;
  }
  inventory.packages[0].layer = 2;
  inventory.layers[1].content_sets = {"rhel-9-for-x86_64-baseos-eus-rpms__9"};
  EXPECT_EQ(Ids(MatchWith(records, inventory, {repositories})),
            std::vector<std::string>{"curl RHSA-4"})
      << "PITFALL: what a build appends is no part of a repository's name";
  inventory.layers[1].content_sets = {"rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_2"};
  EXPECT_EQ(Ids(MatchWith(records, inventory, {repositories})), usual)
      << "PITFALL: a minor release's repository is another one";
}

// Pitfalls 96, 99.
TEST_F(StatesTest, PitfallFixesOfRhel10NameMinorReleasesAndAreFoundFromAll) {
  const std::vector<OsvRecord> records{
      Fixed("RHSA-1", "Red Hat:enterprise_linux:10.0", "curl", "8-4.el10_0"),
      Unfixed("RHSA-2", "Red Hat:enterprise_linux:10", "curl"),
      Fixed("RHSA-3", "Red Hat:enterprise_linux_eus:10.0", "curl", "8-9.el10_0"),
      Fixed("RHSA-4", "Red Hat:enterprise_linux:9", "curl", "8-9.el9")};
  const File repositories{"redhat-cpe", "r.json",
                          R"({"data":{"rhel-10-for-x86_64-baseos-rpms":{"cpes":[)"
                          R"("cpe:/o:redhat:enterprise_linux:10.0",)"
                          R"("cpe:/o:redhat:enterprise_linux:10.1"]},)"
                          R"("rhel-10-for-x86_64-baseos-eus-rpms":{"cpes":[)"
                          R"("cpe:/o:redhat:enterprise_linux_eus:10.0"]}}})"};
  struct Case {
    std::string name;
    std::string release, installed;
    std::vector<std::string> content_sets;
    std::vector<std::string> found;
  };
  const std::vector<std::string> both{"curl RHSA-1", "curl RHSA-2"};
  const Case cases[] = {
      {"the minor release of the fix", "10.0", "8-3.el10", {}, both},
      {"a later one whose package is older than the fix", "10.1", "8-3.el10", {}, both},
      {"os-release without a minor", "10", "8-3.el10", {}, both},
      {"mended", "10.1", "8-5.el10", {}, {"curl RHSA-2"}},
      {"by its repository", "10.1", "8-3.el10", {"rhel-10-for-x86_64-baseos-rpms"}, both},
      {"extended updates alone",
       "10.0",
       "8-3.el10",
       {"rhel-10-for-x86_64-baseos-eus-rpms"},
       {"curl RHSA-3"}},
      {"the release before", "9.6", "8-3.el9", {}, {"curl RHSA-4"}},
  };
  for (const Case& c : cases) {
    Inventory inventory = AnInventory("rhel", c.release, {Rpm("curl", c.installed)});
    inventory.layers.resize(1);
    inventory.layers[0].content_sets = c.content_sets;
    inventory.packages[0].layer = 0;
    const auto result = MatchWith(records, inventory, {repositories});
    EXPECT_EQ(Ids(result), c.found) << c.name;
    EXPECT_EQ(CoverageOf(result, "advisories").state, CoverageState::kRead) << c.name;
  }
}

// Pitfall 96: what an add-on brings is asked where no content set says what was enabled.
TEST_F(StatesTest, PitfallAddOnsOfRedHatAreAskedWhereNoRepositoryIsNamed) {
  for (const char* channel :
       {"baseos", "highavailability", "resilientstorage", "nfv", "realtime", "supplementary"}) {
    const std::vector<OsvRecord> records{
        Fixed("RHSA-1", std::string("Red Hat:enterprise_linux:9::") + channel, "pacemaker", "2-9")};
    EXPECT_EQ(Ids(MatchWith(records, AnInventory("rhel", "9.3", {Rpm("pacemaker", "2-1")}))),
              std::vector<std::string>{"pacemaker RHSA-1"})
        << channel;
  }
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

// Pitfalls 72, 103, 159: a line that nobody was asked for is not Read.
TEST_F(StatesTest, PitfallAnImageOfOtherVendorsPackagesAloneIsNotLookedAt) {
  const auto of = [](const std::string& name, const std::string& vendor) {
    Package package = Rpm(name, "1-1.el9");
    package.vendor = vendor;
    return package;
  };
  struct Case {
    std::string name;
    std::string release;
    std::vector<Package> packages;
    CoverageState state;
    std::string reason;
  };
  const Case cases[] = {
      {"all are of others",
       "9.3",
       {of("nginx", "Fedora Project"), of("docker-ce", "Docker")},
       CoverageState::kUnsupported,
       "all 2 packages are of other vendors, of whom no feed speaks"},
      {"the only one is",
       "9.3",
       {of("nginx", "Fedora Project")},
       CoverageState::kUnsupported,
       "its one package is of other vendors"},
      {"all are, of a release without a feed",
       "8.9",
       {of("nginx", "Fedora Project")},
       CoverageState::kUnsupported,
       "of other vendors"},
      {"some are: the others were looked at",
       "9.3",
       {of("nginx", "Fedora Project"), of("curl", "Red Hat, Inc.")},
       CoverageState::kRead,
       "1 of 2 packages are of other vendors"},
      {"nobody says who built it: it may be the distribution's",
       "9.3",
       {of("nginx", "")},
       CoverageState::kRead,
       ""},
  };
  for (const Case& c : cases) {
    const auto result = MatchWith({Unfixed("RHSA-1", "Red Hat:enterprise_linux:9", "other")},
                                  AnInventory("rhel", c.release, c.packages));
    const Coverage coverage = CoverageOf(result, "advisories");
    EXPECT_EQ(coverage.state, c.state) << c.name;
    EXPECT_NE(coverage.reason.find(c.reason), std::string::npos)
        << c.name << ": " << coverage.reason;
  }
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

// Pitfalls 66, 72, 85: of whom the feed does not speak, and whose versions all the same are in its
// order. Nobody publishes what mends them, so what is below the fix is reported, and what is above
// is not.
TEST_F(StatesTest, PitfallWhatContinuesTheDistributionsVersionsIsComparedWithThem) {
  struct Case {
    const char* name;
    const char *family, *release, *type, *version;
    bool found;
  };
  const std::vector<OsvRecord> records{
      Fixed("DSA-1", "Debian:12", "postgresql-15", "15.8-0+deb12u1"),
      Fixed("ALPINE-1", "Alpine:v3.18", "postgresql-15", "15.8-r0")};
  for (const Case& c :
       {Case{"a backport of the version that mends it", "debian", "12", "deb",
             "15.8-0+deb12u1~bpo11+1", true},
        Case{"a backport of a later one", "debian", "12", "deb", "15.10-1~bpo12+1", false},
        Case{"a rebuild of PGDG's below the fix", "debian", "12", "deb", "15.6-1.pgdg120+2", true},
        Case{"and above it", "debian", "12", "deb", "15.10-1.pgdg120+1", false},
        Case{"a package kept from an older release", "alpine", "3.18.4", "apk", "13.2-r0", true}}) {
    const auto package =
        FromSource(APackage(c.type, "libpq5", c.version), "postgresql-15", c.version);
    const auto result = MatchWith(records, AnInventory(c.family, c.release, {package}));
    EXPECT_EQ(result.findings.size(), c.found ? 1u : 0u) << c.name;
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

}  // namespace
}  // namespace landwaiter::matching
