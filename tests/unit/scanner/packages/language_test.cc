#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kLodash[] = "app/node_modules/lodash/package.json";

struct WantCase {
  const char* name;
  const char* path;
  const char* by;
};

class WantTest : public testing::TestWithParam<WantCase> {};

TEST_P(WantTest, IsAskedForBy) { EXPECT_EQ(WantedBy(GetParam().path), GetParam().by); }

// Pitfall 124: only installed packages count, not the samples that they bring along.
// Pitfall 126: Python's records have many shapes. Pitfalls 56, 89: chisel's manifest and rpm's
// three databases are at least seen.
INSTANTIATE_TEST_SUITE_P(
    Table, WantTest,
    testing::Values(
        WantCase{"NodePackage", kLodash, "npm"},
        WantCase{"ScopedNodePackage", "node_modules/@babel/core/package.json", "npm"},
        WantCase{"NestedNodePackage", "a/node_modules/b/node_modules/c/package.json", "npm"},
        WantCase{"VendoredNodePackage", "node_modules/next/dist/compiled/ws/package.json", "npm"},
        // pnpm keeps each package in a folder of its own and links to it.
        WantCase{"PnpmPackage",
                 "app/node_modules/.pnpm/lodash@4.17.20/node_modules/lodash/package.json", "npm"},
        WantCase{"ScopedPnpmPackage",
                 "app/node_modules/.pnpm/@babel+core@7.0.0_peer@1.0.0/node_modules/@babel/core/"
                 "package.json",
                 "npm"},
        WantCase{"NodeTestSample", "node_modules/resolve/test/resolver/x/package.json", ""},
        WantCase{"NodeApplication", "app/package.json", ""},
        WantCase{"NodeModulesItself", "app/node_modules/package.json", ""},
        WantCase{"ScopeWithoutName", "app/node_modules/@babel/package.json", ""},
        WantCase{"DistInfo", "usr/lib/python3/site-packages/a-1.dist-info/METADATA", "python"},
        WantCase{"EggInfoFolder", "x/a.egg-info/PKG-INFO", "python"},
        WantCase{"EggInfoFile", "x/a-1.0.egg-info", "python"},
        WantCase{"UpperCaseDistInfo", "x/A.DIST-INFO/METADATA", "python"},
        WantCase{"EggFolder", "x/a-1.0-py3.8.egg/EGG-INFO/PKG-INFO", "python"},
        // An editable install: the sources that the link leads to have an egg-info.
        WantCase{"EggLink", "usr/lib/python3/site-packages/a.egg-link", ""},
        WantCase{"SourcesOfAnEggLink", "app/src/a.egg-info/PKG-INFO", "python"},
        WantCase{"OtherMetadata", "x/METADATA", ""},
        WantCase{"OtherFileOfDistInfo", "x/a-1.dist-info/RECORD", ""},
        WantCase{"JavaArchive", "opt/app.jar", "java"},
        WantCase{"WebArchive", "opt/tomcat/webapps/ROOT.WAR", "java"},
        WantCase{"EnterpriseArchive", "opt/app.ear", "java"},
        WantCase{"PersistenceArchive", "opt/app.par", "java"},
        WantCase{"JarOfAnotherName", "opt/app.jar.original", ""},
        WantCase{"RpmDatabase", "var/lib/rpm/rpmdb.sqlite", "rpm"},
        WantCase{"ImmutableRpmDatabase", "usr/share/rpm/Packages", "rpm"},
        WantCase{"PacmanRecord", "var/lib/pacman/local/a-1/desc", "pacman"},
        WantCase{"ChiselManifest", "var/lib/chisel/manifest.wall", "chisel"},
        WantCase{"RubyGem", "usr/lib/ruby/gems/3.1.0/specifications/a-1.gemspec", "ruby"},
        WantCase{"DotnetDependencies", "app/App.deps.json", "dotnet"},
        WantCase{"YarnMap", "app/.pnp.cjs", "yarn"}),
    [](const auto& info) { return info.param.name; });

// Pitfall 125: what is declared or locked is not what is installed.
TEST(LockFileTest, SaysNothingOfWhatIsInstalled) {
  for (
      const char* path :
      {"app/package.json",       "app/package-lock.json",  "app/yarn.lock",    "app/pnpm-lock.yaml",
       "app/requirements.txt",   "app/Pipfile.lock",       "app/poetry.lock",  "app/uv.lock",
       "app/pyproject.toml",     "app/Gemfile.lock",       "app/app.gemspec",  "app/Cargo.lock",
       "app/composer.json",      "app/composer.lock",      "app/go.mod",       "app/go.sum",
       "app/mix.lock",           "app/rebar.lock",         "app/pubspec.yaml", "app/pubspec.lock",
       "app/Package.resolved",   "app/packages.lock.json", "app/app.csproj",   "app/renv.lock",
       "app/app-1.0-1.rockspec", "app/environment.yml"}) {
    for (const PackageSource& source : AllSources()) {
      const bool wanted = source.wants(FactsOf(path, 1)) != Need::kNothing;
      EXPECT_TRUE(!wanted || source.says == Says::kDeclared) << source.name << " of " << path;
    }
  }
}

TEST(NpmTest, TakesNameAndVersion) {
  const FileReading reading = Read(
      "npm", kLodash,
      R"({"scripts":{"name":"x","version":"9"},"name":"lodash","version":"4.17.20","license":"MIT"})");
  EXPECT_EQ(reading.state, ReadingState::kRead);
  EXPECT_THAT(NamesOf(reading), ElementsAre("lodash 4.17.20"));
  EXPECT_THAT(reading.packages[0].licenses, ElementsAre("MIT"));
  EXPECT_EQ(reading.packages[0].type, "npm");
}

TEST(NpmTest, TheLastOfEqualKeysCounts) {
  EXPECT_THAT(NamesOf(Read("npm", kLodash, R"({"name":"a","version":"1.0.0","version":"2.0.0"})")),
              ElementsAre("a 2.0.0"));
}

// Pitfall 124: a package.json without name or version is no package.
TEST(NpmTest, WithoutNameOrVersionItIsNoPackage) {
  for (const char* json :
       {R"({"type":"module"})", R"({"name":"a"})", R"({"name":"a","version":""})",
        R"({"name":{"a":"b"},"version":"1"})", R"({})"}) {
    EXPECT_EQ(Read("npm", kLodash, json).state, ReadingState::kNotOurs) << json;
  }
}

TEST(NpmTest, ReadsWhatNodeReads) {
  EXPECT_THAT(NamesOf(Read("npm", kLodash, "\xEF\xBB\xBF{\"name\":\"a\",\"version\":\"1.0.0\"}")),
              ElementsAre("a 1.0.0"));
  EXPECT_THAT(NamesOf(Read("npm", kLodash,
                           "{\"author\":\"Andr\xE9\",\"name\":\"a\",\"version\":\"1.0.0\"}")),
              ElementsAre("a 1.0.0"));
}

TEST(NpmTest, BrokenAtTheRootOfAPackageIsAFault) {
  const FileReading reading = Read("npm", kLodash, R"({"name":"lodash","version":)");
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("app/node_modules/lodash/package.json: is no JSON"));
  // Pitfall 157: "null".
  EXPECT_THAT(Read("npm", kLodash, "null").reason, HasSubstr("is no JSON object"));
  EXPECT_THAT(Read("npm", kLodash, R"(["name"])").reason, HasSubstr("is no JSON object"));
  EXPECT_EQ(Read("npm", kLodash, "").state, ReadingState::kFailed);
  EXPECT_EQ(Read("npm", kLodash, R"({"name":"a\nb","version":"1"})").state, ReadingState::kFailed);
}

TEST(NpmTest, BrokenDeeperSaysNothing) {
  EXPECT_EQ(Read("npm", "node_modules/a/lib/b/package.json", "{{{").state, ReadingState::kNotOurs);
}

TEST(NpmTest, DepthCostsNothing) {
  const std::string deep = R"({"x":)" + std::string(200'000, '[') + std::string(200'000, ']') +
                           R"(,"name":"a","version":"1.0.0"})";
  EXPECT_THAT(NamesOf(Read("npm", kLodash, deep)), ElementsAre("a 1.0.0"));
  EXPECT_EQ(Read("npm", kLodash, std::string(1'000'000, '[')).state, ReadingState::kFailed);
}

TEST(NpmTest, CutAnywhereFails) {
  const std::string whole = R"({"name":"lodash","version":"4.17.20","dependencies":{"a":"^1"}})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Read("npm", kLodash, whole.substr(0, size)).state, ReadingState::kFailed) << size;
  }
}

constexpr char kMetadataPath[] = "site-packages/PyYAML-5.3.dist-info/METADATA";
constexpr char kMetadata[] =
    "Metadata-Version: 2.1\nName: PyYAML\nVersion: 5.3\nLicense: MIT\nClassifier: a\n"
    "\nName: not-this\nVersion: 9\n";

TEST(PythonTest, TakesTheHeadOfTheRecord) {
  const FileReading reading = Read("python", kMetadataPath, kMetadata);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading), ElementsAre("PyYAML 5.3"));
  EXPECT_EQ(reading.packages[0].type, "pypi");
  EXPECT_THAT(reading.packages[0].licenses, ElementsAre("MIT"));
}

TEST(PythonTest, HeaderNamesAreOfAnyCase) {
  EXPECT_THAT(NamesOf(Read("python", kMetadataPath, "NAME: a\r\nversion:1\r\n")),
              ElementsAre("a 1"));
}

TEST(PythonTest, RecordsThatNameNothingFail) {
  EXPECT_THAT(Read("python", kMetadataPath, "").reason, HasSubstr("METADATA: has no Name"));
  EXPECT_THAT(Read("python", kMetadataPath, "Name: a\n").reason, HasSubstr("has no Version"));
  EXPECT_THAT(Read("python", kMetadataPath, "\nName: a\nVersion: 1\n").reason,
              HasSubstr("has no Name"));
  EXPECT_THAT(Read("python", kMetadataPath, "Name: a b\nVersion: 1\n").reason,
              HasSubstr("package name \"a b\""));
}

TEST(PythonTest, CutAnywhereIsNeverSilentlyWrong) {
  const std::string whole = kMetadata;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const FileReading reading = Read("python", kMetadataPath, whole.substr(0, size));
    if (reading.state == ReadingState::kFailed) continue;
    EXPECT_THAT(NamesOf(reading), ElementsAre("PyYAML 5.3")) << size;
  }
}

TEST(UnreadTest, DatabasesThatCannotBeReadAreUnsupported) {
  const PackageSource& yarn = SourceNamed("yarn");
  const FileReading reading = yarn.parse(FactsOf("app/.pnp.cjs", 4096), {});
  EXPECT_EQ(reading.state, ReadingState::kUnsupported);
  EXPECT_THAT(reading.reason, HasSubstr("app/.pnp.cjs: a Yarn"));
  EXPECT_THAT(WantedBy("app/.pnp.cjs", 0), IsEmpty()) << "an empty file is no database";
}

}  // namespace
}  // namespace landwaiter::packages
