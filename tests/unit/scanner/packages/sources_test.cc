#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scanner/packages/purl.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(SourcesTest, AreSortedAndWhole) {
  std::string_view last;
  for (const PackageSource& source : AllSources()) {
    EXPECT_LT(last, source.name);
    last = source.name;
    EXPECT_GE(source.version, 1);
    EXPECT_NE(source.wants, nullptr);
    EXPECT_NE(source.parse, nullptr);
    EXPECT_THAT(SourceVersions(), HasSubstr(std::string(source.name) + "="));
  }
}

FileReading Reading(std::string source, std::string path, ReadingState state,
                    std::string reason = "", std::size_t packages = 0) {
  FileReading reading{.source = std::move(source), .path = std::move(path), .state = state};
  reading.reason = std::move(reason);
  reading.packages.resize(packages);
  return reading;
}

TEST(CoverageTest, OneLineASourceTheWorstStateCounts) {
  const std::vector<FileReading> readings = {
      Reading("npm", "b", ReadingState::kRead, "", 2),
      Reading("npm", "a", ReadingState::kFailed, "a: broken"),
      Reading("dpkg", "s", ReadingState::kRead, "", 3),
      Reading("go", "x", ReadingState::kNotOurs),
      Reading("rpm", "r", ReadingState::kUnsupported, "r: unread"),
  };
  EXPECT_THAT(CombineCoverage(readings),
              ElementsAre(Coverage{"dpkg", CoverageState::kRead, "", 3},
                          Coverage{"npm", CoverageState::kFailed, "a: broken", 2},
                          Coverage{"rpm", CoverageState::kUnsupported, "r: unread", 0}));
  EXPECT_THAT(CombineCoverage({}), IsEmpty());
}

TEST(CoverageTest, WhatWasLeftOutIsCounted) {
  std::vector<FileReading> readings = {Reading("uv-lock", "a", ReadingState::kRead, "", 2),
                                       Reading("uv-lock", "b", ReadingState::kRead, "", 1)};
  readings[0].left_out = 3;
  readings[1].left_out = 1;
  readings[1].development_left_out = 5;
  EXPECT_THAT(CombineCoverage(readings),
              ElementsAre(Coverage{"uv-lock", CoverageState::kRead,
                                   "4 without a published version left out, 5 for development "
                                   "left out",
                                   3}));
  readings[1].reason = "b: 2 without a name left out";
  EXPECT_EQ(CombineCoverage(readings)[0].reason,
            "4 without a published version left out, 5 for development left out; b: 2 without a "
            "name left out");
}

TEST(CoverageTest, ReasonsAreSortedAndFew) {
  std::vector<FileReading> readings;
  for (const char* path : {"e", "c", "a", "d", "b"}) {
    readings.push_back(Reading("npm", path, ReadingState::kFailed, std::string(path) + ": x"));
  }
  EXPECT_EQ(CombineCoverage(readings)[0].reason, "a: x; b: x; c: x; and 2 more");
}

// Pitfall 159: lists of files without the database that they belong to are no empty database.
TEST(CoverageTest, OwnershipAloneIsAFault) {
  std::vector<FileReading> readings = {Reading("dpkg", "info/a.list", ReadingState::kRead)};
  readings[0].kind = ReadingKind::kOwnership;
  EXPECT_EQ(CombineCoverage(readings)[0].state, CoverageState::kFailed);
}

// Pitfall 25: what is too large was not read, and says so.
TEST(LimitTest, NamesFileAndLimit) {
  const FileReading reading =
      ExceedsLimit(SourceNamed("dpkg"), FactsOf("var/lib/dpkg/status", 99), 64);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_EQ(reading.reason, "var/lib/dpkg/status: has 99 bytes, the limit is 64");
  EXPECT_EQ(NotReached(SourceNamed("dpkg"), "var/lib/dpkg/status", "srv/status").state,
            ReadingState::kFailed);
}

TEST(OwnerTest, LanguagePackagesGetTheirSystemPackage) {
  std::vector<Package> packages = {{.type = "pypi", .name = "six", .version = "1", .path = "a"},
                                   {.type = "alpm", .name = "x", .version = "1", .path = "a"},
                                   {.type = "npm", .name = "y", .version = "1", .path = "b"}};
  const std::vector<OwnedFile> owned = {{"a", "python3-six"}};
  AssignOwners(owned, packages);
  EXPECT_EQ(packages[0].owner, "python3-six");
  EXPECT_EQ(packages[1].owner, "");
  EXPECT_EQ(packages[2].owner, "");
}

// Pitfall 128: what is only a guess gives way to the OS package that owns the file.
TEST(OwnerTest, GuessesGiveWayToTheOwner) {
  std::vector<FileReading> readings = {
      Reading("binaries", "usr/bin/perl", ReadingState::kRead),
      Reading("binaries", "usr/local/bin/perl", ReadingState::kRead),
      Reading("go", "usr/bin/perl", ReadingState::kRead)};
  const std::vector<OwnedFile> owned = {{"usr/bin/perl", "perl-base"}};
  YieldToOwners(owned, readings);
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[0].path, "usr/local/bin/perl");
  EXPECT_EQ(readings[1].source, "go");
}

struct PurlCase {
  const char* name;
  const char* type;
  const char* package;
  const char* version;
  const char* architecture;
  const char* family;
  const char* release;
  const char* purl;
};

class PurlTest : public testing::TestWithParam<PurlCase> {};

TEST_P(PurlTest, IsWrittenAsTheSpecificationSays) {
  const PurlCase& c = GetParam();
  const Package package{
      .type = c.type, .name = c.package, .version = c.version, .architecture = c.architecture};
  std::optional<OperatingSystem> os;
  if (*c.family != 0) os = OperatingSystem{c.family, c.release, "", ""};
  EXPECT_EQ(BuildPurl(package, os), c.purl);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PurlTest,
    testing::Values(
        PurlCase{"Deb", "deb", "base-files", "12.4+deb12u15", "amd64", "debian", "12",
                 "pkg:deb/debian/base-files@12.4%2Bdeb12u15?arch=amd64&distro=debian-12"},
        PurlCase{"DebWithEpoch", "deb", "attr", "1:2.5.1-4", "amd64", "debian", "12",
                 "pkg:deb/debian/attr@1:2.5.1-4?arch=amd64&distro=debian-12"},
        PurlCase{"DebWithoutSystem", "deb", "a", "1", "all", "", "", "pkg:deb/a@1?arch=all"},
        PurlCase{"Apk", "apk", "musl", "1.2.4-r2", "x86_64", "alpine", "3.18.4",
                 "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.18.4"},
        PurlCase{"Rpm", "rpm", "openssl", "1:3.0.7-24.el9", "x86_64", "almalinux", "9.3",
                 "pkg:rpm/almalinux/"
                 "openssl@3.0.7-24.el9?arch=x86_64&distro=almalinux-9.3&epoch=1"},
        PurlCase{"RpmOfRedHat", "rpm", "bash", "5.1.8-6.el9", "x86_64", "rhel", "9.4",
                 "pkg:rpm/redhat/bash@5.1.8-6.el9?arch=x86_64&distro=rhel-9.4"},
        PurlCase{"RpmOfOpenSuse", "rpm", "bash", "4.4-1", "x86_64", "opensuse-leap", "15.5",
                 "pkg:rpm/opensuse/bash@4.4-1?arch=x86_64&distro=opensuse-leap-15.5"},
        PurlCase{"Alpm", "alpm", "Pacman", "1:6.0.1-1", "x86_64", "arch", "",
                 "pkg:alpm/arch/pacman@1:6.0.1-1?arch=x86_64&distro=arch"},
        PurlCase{"Opkg", "opkg", "libuci20130104", "2023.08.10~5781664d-r1", "x86_64", "openwrt",
                 "23.05.5",
                 "pkg:opkg/openwrt/libuci20130104@2023.08.10~5781664d-r1?arch=x86_64&"
                 "distro=openwrt-23.05.5"},
        PurlCase{"Ebuild", "ebuild", "dev-perl/Getopt-Long", "2.580.0-r1", "", "gentoo", "2.15",
                 "pkg:ebuild/dev-perl/Getopt-Long@2.580.0-r1?distro=gentoo-2.15"},
        PurlCase{"Npm", "npm", "lodash", "4.17.20", "", "debian", "12", "pkg:npm/lodash@4.17.20"},
        PurlCase{"ScopedNpm", "npm", "@babel/core", "7.0.0-beta+1", "", "", "",
                 "pkg:npm/%40babel/core@7.0.0-beta%2B1"},
        // Pitfall 114: names of PyPI are compared without case and separators.
        PurlCase{"Pypi", "pypi", "Django_Package", "1.11.1.dev1", "", "", "",
                 "pkg:pypi/django-package@1.11.1.dev1"},
        PurlCase{"Golang", "golang", "golang.org/x/text", "v0.3.5", "", "", "",
                 "pkg:golang/golang.org/x/text@v0.3.5"},
        PurlCase{"GolangIncompatible", "golang", "github.com/BurntSushi/toml",
                 "v3.2.0+incompatible", "", "", "",
                 "pkg:golang/github.com/burntsushi/toml@v3.2.0%2Bincompatible"},
        PurlCase{"Cargo", "cargo", "RustCrypto_x", "0.1.0", "", "debian", "12",
                 "pkg:cargo/RustCrypto_x@0.1.0"},
        PurlCase{"Composer", "composer", "Symfony/HTTP-Kernel", "v5.4.0", "", "", "",
                 "pkg:composer/symfony/http-kernel@v5.4.0"},
        PurlCase{"Conda", "conda", "absl-py", "0.4.1", "linux-64", "debian", "12",
                 "pkg:conda/absl-py@0.4.1?subdir=linux-64"},
        PurlCase{"Cocoapods", "cocoapods", "AFNetworking", "4.0.1", "", "", "",
                 "pkg:cocoapods/AFNetworking@4.0.1"},
        PurlCase{"Cran", "cran", "rJava", "1.0-4", "", "", "", "pkg:cran/rJava@1.0-4"},
        PurlCase{"Gem", "gem", "RedCloth", "4.2.9", "", "", "", "pkg:gem/RedCloth@4.2.9"},
        // Pitfall 127: the platform is no part of the version.
        PurlCase{"GemOfAPlatform", "gem", "nokogiri", "1.16.2", "aarch64-linux", "", "",
                 "pkg:gem/nokogiri@1.16.2?platform=aarch64-linux"},
        PurlCase{"Hex", "hex", "Phoenix_HTML", "2.13.3", "", "", "", "pkg:hex/phoenix_html@2.13.3"},
        PurlCase{"Luarocks", "luarocks", "LuaSocket", "3.1.0-1", "", "", "",
                 "pkg:luarocks/luasocket@3.1.0-1"},
        PurlCase{"Nuget", "nuget", "Newtonsoft.Json", "13.0.1", "", "", "",
                 "pkg:nuget/Newtonsoft.Json@13.0.1"},
        PurlCase{"Otp", "otp", "stdlib", "3.11.2", "", "", "", "pkg:otp/stdlib@3.11.2"},
        PurlCase{"Pub", "pub", "characters", "1.2.0", "", "", "", "pkg:pub/characters@1.2.0"},
        PurlCase{"Swift", "swift", "github.com/Alamofire/Alamofire", "5.4.3", "", "", "",
                 "pkg:swift/github.com/Alamofire/Alamofire@5.4.3"},
        PurlCase{"Maven", "maven", "org.apache.xerces:xercesImpl", "2.12.0", "", "", "",
                 "pkg:maven/org.apache.xerces/xercesImpl@2.12.0"},
        PurlCase{"Generic", "generic", "redis", "7.2.4", "", "debian", "12",
                 "pkg:generic/redis@7.2.4"},
        PurlCase{"GolangMain", "golang", "example.com/app", "(devel)", "", "", "",
                 "pkg:golang/example.com/app@%28devel%29"}),
    [](const auto& info) { return info.param.name; });

TEST(SystemTypeTest, AreThoseOfOperatingSystems) {
  for (const char* type : {"deb", "apk", "rpm", "alpm", "opkg", "ebuild"}) {
    EXPECT_TRUE(IsSystemType(type)) << type;
  }
  for (const char* type : {"npm", "pypi", "cargo", "gem", "conda", "maven", ""}) {
    EXPECT_FALSE(IsSystemType(type)) << type;
  }
}

TEST(PypiNameTest, IsNormalised) {
  EXPECT_EQ(NormalizePypiName("Zope.Interface"), "zope-interface");
  EXPECT_EQ(NormalizePypiName("a-_.b__C"), "a-b-c");
}

}  // namespace
}  // namespace landwaiter::packages
