// What could not be matched is told.
#include <gtest/gtest.h>

#include "scanner/matching/match.h"
#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/matching/inventories.h"
#include "tests/unit/scanner/matching/match_fixture.h"

namespace landwaiter::matching {
namespace {

struct CoverageCase {
  std::string name;
  Inventory inventory;
  std::string source;
  CoverageState state;
  std::string reason;
};

// Pitfalls 54, 61, 159: nothing looked at is not clean.
TEST_F(MatchTest, WhatNoFeedSpeaksOfIsSaidAndNeverClean) {
  const auto deb = APackage("deb", "zlib", "1-1");
  const CoverageCase cases[] = {
      {"a feed for the release", AnInventory("debian", "12", {deb}), "advisories",
       CoverageState::kRead, ""},
      {"another release", AnInventory("debian", "11", {deb}), "advisories",
       CoverageState::kUnsupported, "no feed for debian 11 (Debian:11)"},
      {"testing has no number", AnInventory("debian", "", {deb}), "advisories",
       CoverageState::kUnsupported, "no feed is known for debian"},
      {"another distribution", AnInventory("ubuntu", "22.04", {deb}), "advisories",
       CoverageState::kUnsupported, "no feed for ubuntu 22.04 (Ubuntu:22.04:LTS)"},
      {"Alpine edge", AnInventory("alpine", "3.17_alpha20220715", {APackage("apk", "a", "1")}),
       "advisories", CoverageState::kUnsupported,
       "no feed for alpine 3.17_alpha20220715 (Alpine:edge)"},
      // Pitfall 108.
      {"Fedora", AnInventory("fedora", "39", {APackage("rpm", "a", "1-1")}), "advisories",
       CoverageState::kUnsupported, "no feed is known for fedora 39"},
      {"a derivative", AnInventory("raspbian", "12", {deb}), "advisories",
       CoverageState::kUnsupported, "no feed is known for raspbian 12"},
      {"packages of another kind", AnInventory("debian", "12", {APackage("rpm", "a", "1-1")}),
       "advisories", CoverageState::kUnsupported, "debian 12 has no feed for rpm packages"},
      {"no operating system", AnInventory("", "", {deb}), "advisories", CoverageState::kUnsupported,
       "names no operating system"},
      {"a language without a feed", AnInventory("", "", {APackage("pypi", "django", "3.2")}),
       "advisories-pypi", CoverageState::kUnsupported, "no feed for PyPI"},
      {"a language that no feed is known for",
       AnInventory("", "", {APackage("luarocks", "lpeg", "1")}), "advisories-luarocks",
       CoverageState::kUnsupported, "no feed is known for luarocks"},
      {"a language with a feed", AnInventory("", "", {APackage("npm", "left-pad", "1.0.0")}),
       "advisories-npm", CoverageState::kRead, ""},
  };
  const std::vector<OsvRecord> records{
      OsvRecord("DEBIAN-CVE-1", "Debian:12", "zlib").Introduced("0").Fixed("1-1"), Minimist()};
  for (const CoverageCase& c : cases) {
    const auto result = MatchWith(records, c.inventory);
    const Coverage coverage = CoverageOf(result, c.source);
    EXPECT_EQ(coverage.state, c.state) << c.name;
    EXPECT_NE(coverage.reason.find(c.reason), std::string::npos)
        << c.name << ": " << coverage.reason;
    EXPECT_EQ(coverage.packages, 1u) << c.name;
    EXPECT_EQ(result.coverage.size(), 1u) << c.name;
    EXPECT_TRUE(result.findings.empty()) << c.name;
  }
}

// Pitfalls 56, 63, 159: Ubuntu's feeds speak of source packages; chisel, and some makers of SBOMs,
// do not know them.
TEST_F(MatchTest, PitfallAPackageWhoseSourceNobodyRecordsIsNotLookedAt) {
  const auto assumed = [](const std::string& type, const std::string& name) {
    Package package = FromSource(APackage(type, name, "1-1"), name, "1-1");
    package.source_assumed = true;
    return package;
  };
  const auto recorded = FromSource(APackage("deb", "base-files", "1-1"), "base-files", "1-1");
  struct Case {
    std::string name;
    std::string family, release;
    std::vector<Package> packages;
    std::vector<std::string> found;
    CoverageState state;
    std::string reason;
  };
  const std::string why = ": nothing records their source packages";
  const Case cases[] = {
      {"a name that no source has",
       "ubuntu",
       "24.04",
       {assumed("deb", "libssl3t64")},
       {},
       CoverageState::kFailed,
       "1 of 1 packages" + why},
      {"one that is the source's, too",
       "ubuntu",
       "24.04",
       {assumed("deb", "openssl")},
       {"openssl UBUNTU-CVE-1"},
       CoverageState::kRead,
       ""},
      {"one that is, and of which this version is mended",
       "ubuntu",
       "24.04",
       {assumed("deb", "zlib")},
       {},
       CoverageState::kRead,
       ""},
      {"they are counted, and the others are matched",
       "ubuntu",
       "24.04",
       {assumed("deb", "libc6"), assumed("deb", "openssl"), assumed("deb", "libssl3t64"), recorded},
       {"openssl UBUNTU-CVE-1"},
       CoverageState::kFailed,
       "2 of 4 packages" + why},
      {"a source that is recorded is not looked for by another name",
       "ubuntu",
       "24.04",
       {recorded},
       {},
       CoverageState::kRead,
       ""},
      {"feeds by binary package need no source",
       "almalinux",
       "9.3",
       {assumed("rpm", "libcurl")},
       {},
       CoverageState::kRead,
       ""},
  };
  const std::vector<OsvRecord> records{
      OsvRecord("UBUNTU-CVE-1", "Ubuntu:24.04:LTS", "openssl").Introduced("0"),
      OsvRecord("UBUNTU-CVE-2", "Ubuntu:24.04:LTS", "zlib").Introduced("0").Fixed("1-1"),
      OsvRecord("ALSA-1", "AlmaLinux:9", "curl").Introduced("0").Fixed("1-9")};
  for (const Case& c : cases) {
    const auto result = MatchWith(records, AnInventory(c.family, c.release, c.packages));
    EXPECT_EQ(Ids(result), c.found) << c.name;
    const Coverage coverage = CoverageOf(result, "advisories");
    EXPECT_EQ(coverage.state, c.state) << c.name << ": " << coverage.reason;
    EXPECT_NE(coverage.reason.find(c.reason), std::string::npos)
        << c.name << ": " << coverage.reason;
  }
}

// Pitfalls 56, 63: what chisel leaves out, Ubuntu's feed tells.
TEST_F(MatchTest, AChiselledPackageIsMatchedByTheSourceThatUbuntusFeedNames) {
  const auto slice = [](const std::string& name, const std::string& version) {
    Package package = FromSource(APackage("deb", name, version), name, version);
    package.source_assumed = true;
    return package;
  };
  const std::string noble = "Ubuntu:24.04:LTS";
  const auto record = [&](const std::string& id, const std::string& source, const std::string& fix,
                          const std::string& binary) {
    return OsvRecord(id, noble, source).Introduced("0").Fixed(fix).Binaries({{binary, fix}});
  };
  const std::vector<OsvRecord> records{
      record("UBUNTU-CVE-1", "openssl", "3.0.13-0ubuntu3.4", "libssl3t64"),
      record("UBUNTU-CVE-2", "one", "2-1", "libmoved"),
      record("UBUNTU-CVE-3", "other", "3-1", "libmoved"),
      record("UBUNTU-CVE-4", "own", "4-1", "libother"),
      record("UBUNTU-CVE-5", "another", "5-1", "own")};
  struct Case {
    std::string name;
    std::vector<Package> packages;
    std::vector<std::string> found;
    CoverageState state;
  };
  const Case cases[] = {
      {"an old one",
       {slice("libssl3t64", "3.0.13-0ubuntu3.1")},
       {"libssl3t64 UBUNTU-CVE-1"},
       CoverageState::kRead},
      {"a mended one", {slice("libssl3t64", "3.0.13-0ubuntu3.4")}, {}, CoverageState::kRead},
      {"one that two sources were built to",
       {slice("libmoved", "1-1")},
       {},
       CoverageState::kFailed},
      {"one of which nothing is told", {slice("libunknown", "1-1")}, {}, CoverageState::kFailed},
      {"a name that is a source's is that source's",
       {slice("own", "1-1")},
       {"own UBUNTU-CVE-4"},
       CoverageState::kRead}};
  for (const Case& c : cases) {
    const auto result = MatchWith(records, AnInventory("ubuntu", "24.04", c.packages));
    EXPECT_EQ(Ids(result), c.found) << c.name;
    const Coverage coverage = CoverageOf(result, "advisories");
    EXPECT_EQ(coverage.state, c.state) << c.name << ": " << coverage.reason;
  }
  const auto result = MatchWith(
      records, AnInventory("ubuntu", "24.04", {slice("libssl3t64", "3.0.13-0ubuntu3.1")}));
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].source_package, "openssl");
  const auto recorded = FromSource(APackage("deb", "libssl3t64", "1-1"), "libssl3t64", "1-1");
  EXPECT_TRUE(MatchWith(records, AnInventory("ubuntu", "24.04", {recorded})).findings.empty())
      << "what is recorded is believed";
}

// Pitfall 109: an owner that nobody could be asked about has no word to say.
TEST_F(MatchTest, PitfallAnOwnerWithoutASourceSilencesNoLanguagePackage) {
  Package owner =
      FromSource(APackage("deb", "python3-jinja2", "3.1.0-1"), "python3-jinja2", "3.1.0-1");
  Package owned = APackage("pypi", "jinja2", "3.1.0");
  owned.owner = owner.name;
  const std::vector<OsvRecord> records{
      OsvRecord("UBUNTU-CVE-1", "Ubuntu:24.04:LTS", "other").Introduced("0"),
      OsvRecord("PYSEC-1", "PyPI", "jinja2").Introduced("0")};
  EXPECT_TRUE(MatchWith(records, AnInventory("ubuntu", "24.04", {owner, owned})).findings.empty());
  owner.source_assumed = true;
  EXPECT_EQ(Ids(MatchWith(records, AnInventory("ubuntu", "24.04", {owner, owned}))),
            std::vector<std::string>{"jinja2 PYSEC-1"});
}

// Pitfalls 83, 159.
TEST_F(MatchTest, VersionsThatCannotBeComparedAreFailedCoverageAndTheOthersAreStillMatched) {
  std::vector<Package> packages{APackage("npm", "minimist", "1.2.0")};
  for (int i = 0; i < 7; ++i) {
    packages.push_back(APackage("npm", "minimist", "not-a-version-" + std::to_string(i)));
  }
  packages.push_back(APackage("npm", "unknown-to-the-feed", "also no version"));
  const auto result = MatchWith({Minimist()}, AnInventory("", "", packages));
  EXPECT_EQ(result.findings.size(), 1u);
  const Coverage coverage = CoverageOf(result, "advisories-npm");
  EXPECT_EQ(coverage.state, CoverageState::kFailed);
  for (const char* part :
       {"package minimist version \"not-a-version-0\"", "GHSA-xvch-5gv4-984h", "and 2 more"}) {
    EXPECT_NE(coverage.reason.find(part), std::string::npos) << coverage.reason;
  }
  EXPECT_EQ(coverage.reason.find("unknown-to-the-feed"), std::string::npos)
      << "nothing is said of it, so nothing had to be compared";
}

}  // namespace
}  // namespace landwaiter::matching
