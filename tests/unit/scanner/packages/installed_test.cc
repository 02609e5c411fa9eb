// Package sources with one small record a package: conda, R, LuaRocks, Dart and Swift.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct WantCase {
  const char* name;
  const char* path;
  const char* by;
};

class InstalledWantTest : public testing::TestWithParam<WantCase> {};

TEST_P(InstalledWantTest, IsAskedForBy) { EXPECT_EQ(WantedBy(GetParam().path), GetParam().by); }

INSTANTIATE_TEST_SUITE_P(
    Table, InstalledWantTest,
    testing::Values(
        WantCase{"CondaRecord", "opt/conda/conda-meta/zlib-1.2.11-0.json", "conda"},
        WantCase{"CondaHistory", "opt/conda/conda-meta/history", ""},
        WantCase{"CondaCache", "opt/conda/pkgs/zlib-1.2.11-0/info/index.json", ""},
        WantCase{"RPackage", "usr/lib/R/site-library/stringr/DESCRIPTION", "r"},
        WantCase{"RBase", "usr/lib/R/library/base/DESCRIPTION", "r"},
        WantCase{"RenvPackage", "app/renv/library/R-4.3/x86_64-pc-linux-gnu/cli/DESCRIPTION", "r"},
        WantCase{"RSource", "app/DESCRIPTION", ""},
        WantCase{"Rock", "usr/local/lib/luarocks/rocks-5.1/lpeg/1.0.2-1/lpeg-1.0.2-1.rockspec",
                 "lua"},
        WantCase{"RockOfLuaRocks1", "usr/lib/luarocks/rocks/lpeg/1.0.2-1/lpeg-1.0.2-1.rockspec",
                 "lua"},
        WantCase{"RockUnderAnotherName", "lib/luarocks/rocks-5.1/lpeg/1.0.2-1/a-1.0.2-1.rockspec",
                 ""},
        WantCase{"RockspecOfSources", "app/kong-3.7.0-0.rockspec", ""},
        WantCase{"PubPackage", "root/.pub-cache/hosted/pub.dev/args-2.4.2/pubspec.yaml", "dart"},
        WantCase{"PubExample", "root/.pub-cache/hosted/pub.dev/a-1.0.0/example/pubspec.yaml", ""},
        WantCase{"PubFromGit", "root/.pub-cache/git/args-0f3c/pubspec.yaml", ""},
        WantCase{"DartApplication", "app/pubspec.yaml", ""},
        WantCase{"DartLockFile", "app/pubspec.lock", "pubspec-lock"},
        WantCase{"SwiftState", "build/.build/workspace-state.json", "swift"},
        WantCase{"SwiftLockFile", "build/Package.resolved", "swift-resolved"}),
    [](const auto& info) { return info.param.name; });

constexpr char kCondaPath[] = "opt/conda/conda-meta/libgomp-11.2.0-h1234567_1.json";

TEST(CondaTest, TakesNameVersionAndPlatform) {
  const FileReading reading = Read("conda", kCondaPath,
                                   R"({"build":"h1234567_1","name":"libgomp","version":"11.2.0",)"
                                   R"("subdir":"linux-64","license":"GPL-3.0-only",)"
                                   R"("link":{"name":"x","version":"9"},"files":["lib/x"]})");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  ASSERT_THAT(NamesOf(reading), ElementsAre("libgomp 11.2.0"));
  EXPECT_EQ(reading.packages[0].type, "conda");
  EXPECT_EQ(reading.packages[0].architecture, "linux-64");
  EXPECT_THAT(reading.packages[0].licenses, ElementsAre("GPL-3.0-only"));
}

TEST(CondaTest, RecordsThatNameNothingFail) {
  EXPECT_THAT(Read("conda", kCondaPath, "not json").reason, HasSubstr("is no JSON"));
  EXPECT_THAT(Read("conda", kCondaPath, "{}").reason, HasSubstr("has no name"));
  EXPECT_THAT(Read("conda", kCondaPath, "null").reason, HasSubstr("has no name"));
  EXPECT_THAT(Read("conda", kCondaPath, R"(["name"])").reason, HasSubstr("has no name"));
  EXPECT_THAT(Read("conda", kCondaPath, R"({"name":"a"})").reason, HasSubstr("has no version"));
}

constexpr char kRPath[] = "usr/lib/R/site-library/stringr/DESCRIPTION";
constexpr char kRNested[] = "app/renv/library/R-4.3/x86_64-pc-linux-gnu/stringr/DESCRIPTION";
constexpr char kDescription[] =
    "Package: stringr\nVersion: 1.5.0.9000\nAuthors@R: \n    person(\"Hadley\")\n"
    "License: MIT + file LICENSE\nBuilt: R 4.3.0; ; 2023-04-21 11:33:09 UTC; unix\n";

TEST(RTest, TakesPackageAndVersion) {
  for (const char* path : {kRPath, kRNested}) {
    const FileReading reading = Read("r", path, kDescription);
    EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
    ASSERT_THAT(NamesOf(reading), ElementsAre("stringr 1.5.0.9000"));
    EXPECT_EQ(reading.packages[0].type, "cran");
    EXPECT_THAT(reading.packages[0].licenses, ElementsAre("MIT + file LICENSE"));
  }
}

// Pitfall 124, as R has it: packages bring the sources of others along, to test with.
TEST(RTest, BelowAPackageOnlyWhatRHasBuiltCounts) {
  const char* const source = "Package: sample\nVersion: 0.0.1\n";
  EXPECT_EQ(Read("r", "usr/lib/R/library/pkgload/tests/sample/DESCRIPTION", source).state,
            ReadingState::kNotOurs);
  EXPECT_EQ(Read("r", "usr/lib/R/library/pkgload/tests/sample/DESCRIPTION", "no field").state,
            ReadingState::kNotOurs);
  EXPECT_THAT(NamesOf(Read("r", "usr/lib/R/library/sample/DESCRIPTION", source)),
              ElementsAre("sample 0.0.1"));
}

TEST(RTest, RecordsThatNameNothingFail) {
  EXPECT_THAT(Read("r", kRPath, "").reason, HasSubstr("DESCRIPTION: has no Package"));
  EXPECT_THAT(Read("r", kRPath, "Version: 1\n").reason, HasSubstr("has no Package"));
  EXPECT_THAT(Read("r", kRPath, "Package: a\n").reason, HasSubstr("has no Version"));
  EXPECT_THAT(Read("r", kRPath, "MissingColon\n").reason, HasSubstr("line 1 is no"));
  EXPECT_THAT(Read("r", kRPath, "Package: a b\nVersion: 1\n").reason, HasSubstr("printable"));
}

constexpr char kRockPath[] =
    "usr/local/lib/luarocks/rocks-5.1/luasyslog/2.0.1-1/luasyslog-2.0.1-1.rockspec";

// The rockspec computes its version; LuaRocks goes by the folders.
TEST(LuaTest, TakesNameAndVersionFromTheFolders) {
  const FileReading reading = Read("lua", kRockPath,
                                   "local v = \"9\"\npackage = name\nversion = v..\"-1\"\n"
                                   "description = {\n  license = 'MIT/X11',\n}\n");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  ASSERT_THAT(NamesOf(reading), ElementsAre("luasyslog 2.0.1-1"));
  EXPECT_EQ(reading.packages[0].type, "luarocks");
  EXPECT_THAT(reading.packages[0].licenses, ElementsAre("MIT/X11"));
  EXPECT_THAT(Read("lua", kRockPath, "license = \"MIT").packages[0].licenses, IsEmpty());
  EXPECT_THAT(Read("lua", kRockPath, "license = nil\n").packages[0].licenses, IsEmpty());
}

TEST(DartTest, TakesNameAndVersionFromTheFolder) {
  const FileReading reading = SourceNamed("dart").parse(
      FactsOf("root/.pub-cache/hosted/pub.dev/http_parser-4.0.2+1/pubspec.yaml", 10), {});
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  ASSERT_THAT(NamesOf(reading), ElementsAre("http_parser 4.0.2+1"));
  EXPECT_EQ(reading.packages[0].type, "pub");
}

constexpr char kStatePath[] = "build/.build/workspace-state.json";

std::string StateWith(std::string_view reference, std::string_view state) {
  return R"({"object":{"artifacts":[],"dependencies":[{"basedOn":null,"packageRef":)" +
         std::string(reference) + R"(,"state":)" + std::string(state) +
         R"(,"subpath":"x"}]},"version":6})";
}

struct SwiftCase {
  const char* name;
  const char* reference;
  const char* state;
  std::vector<std::string> packages;
};

class SwiftStateTest : public testing::TestWithParam<SwiftCase> {};

TEST_P(SwiftStateTest, ListsWhatWasCheckedOut) {
  const SwiftCase& c = GetParam();
  const FileReading reading = Read("swift", kStatePath, StateWith(c.reference, c.state));
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(NamesOf(reading), c.packages);
}

constexpr char kNio[] =
    R"({"identity":"swift-nio","kind":"remoteSourceControl","location":"https://github.com/apple/swift-nio.git","name":"swift-nio"})";
constexpr char kVersion[] =
    R"({"name":"sourceControlCheckout","checkoutState":{"revision":"0f3c","version":"2.62.0"}})";

INSTANTIATE_TEST_SUITE_P(
    Table, SwiftStateTest,
    testing::Values(
        SwiftCase{"Checkout", kNio, kVersion, {"github.com/apple/swift-nio 2.62.0"}},
        SwiftCase{"OfSwift54",
                  R"({"identity":"vapor","kind":"remote","path":"git@GitHub.com:vapor/vapor.git"})",
                  R"({"name":"checkout","checkoutState":{"version":"4.89.0","revision":"a"}})",
                  {"github.com/vapor/vapor 4.89.0"}},
        SwiftCase{"AddressWithUserAndPort",
                  R"({"kind":"remoteSourceControl","location":"ssh://git:x@example.com:22/a/b/"})",
                  kVersion,
                  {"example.com/a/b 2.62.0"}},
        SwiftCase{
            "BranchWithoutVersion",
            kNio,
            R"({"name":"sourceControlCheckout","checkoutState":{"branch":"main","revision":"0f3c"}})",
            {"github.com/apple/swift-nio 0f3c"}},
        SwiftCase{
            "FromARegistry",
            R"({"kind":"registry","location":"apple.swift-log","identity":"apple.swift-log"})",
            R"({"name":"registryDownload","version":"1.5.3"})",
            {"apple.swift-log 1.5.3"}},
        SwiftCase{"FolderOfTheProject",
                  R"({"kind":"fileSystem","location":"/build/Local"})",
                  R"({"name":"fileSystem","path":"/build/Local"})",
                  {}},
        SwiftCase{"Edited", kNio, R"({"name":"edited","path":"/build/Packages/swift-nio"})", {}}),
    [](const auto& info) { return info.param.name; });

TEST(SwiftTest, StatesThatCannotBeReadFail) {
  EXPECT_THAT(Read("swift", kStatePath, "").reason, HasSubstr("is no JSON"));
  EXPECT_THAT(Read("swift", kStatePath, "{}").reason, HasSubstr("no list of dependencies"));
  EXPECT_THAT(Read("swift", kStatePath, R"({"object":{"dependencies":null}})").reason,
              HasSubstr("no list of dependencies"));
  EXPECT_THAT(Read("swift", kStatePath, StateWith(kNio, "{}")).reason, HasSubstr("version"));
  const std::string whole = StateWith(kNio, kVersion);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Read("swift", kStatePath, whole.substr(0, size)).state, ReadingState::kFailed)
        << size;
  }
}

}  // namespace
}  // namespace landwaiter::packages
