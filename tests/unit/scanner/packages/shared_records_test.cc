// The collection of real package databases: every package that its expected lists name, and none
// that they do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "lib/base/text.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

fs::path Collection() {
  const char* const root = std::getenv("LANDWAITER_TESTDATA");
  return fs::path(root != nullptr ? root : "../shared/testdata") / "packagedb";
}

// Unpacks one archive of the collection once a test program; empty where it is not there.
class SharedRecordsTest : public testing::Test {
 protected:
  static fs::path Unpack(const char* archive) {
    const fs::path file = Collection() / archive;
    if (!fs::exists(file)) return {};
    const fs::path folder = fs::path(testing::TempDir()) / (std::string(archive) + ".d");
    fs::remove_all(folder);
    fs::create_directories(folder);
    const std::string command =
        "tar --zstd -xf '" + file.string() + "' -C '" + folder.string() + "' 2>/dev/null";
    return std::system(command.c_str()) == 0 ? folder : fs::path();
  }

  // Rows of an expected list by file.
  static std::map<std::string, std::vector<std::vector<std::string>>> Expected(
      const char* list, std::string_view type) {
    std::map<std::string, std::vector<std::vector<std::string>>> rows;
    const std::string content = ReadAll(Collection() / list);
    for (const std::string_view line : text::Split(content, '\n')) {
      const auto columns = text::Split(line, '\t');
      if (columns.size() < 4 || columns[0] != type) continue;
      rows[std::string(columns[1])].emplace_back(columns.begin(), columns.end());
    }
    return rows;
  }
};

#define SKIP_WITHOUT(folder)                                              \
  if ((folder).empty()) {                                                 \
    GTEST_SKIP() << "the shared test data (LANDWAITER_TESTDATA, default " \
                    "../shared/testdata) or tar with zstd is missing";    \
  }

std::string Line(const Package& p) {
  return p.name + " " + p.version + " " + p.architecture + " " + p.source_name + " " +
         p.source_version;
}

bool ExpectedInstalled(const std::vector<std::string>& row) {
  if (row.size() < 8 || row[7].empty()) return true;
  const auto words = text::Split(row[7], ' ');
  return words.back() == "installed" || words.back() == "unpacked";
}

TEST_F(SharedRecordsTest, DpkgDatabases) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  for (const auto& [file, rows] : Expected("os-records.expected.tsv", "dpkg")) {
    const bool record = file.find("/status.d/") != std::string::npos;
    const FileReading reading = Read(
        "dpkg", record ? "var/lib/dpkg/status.d/x" : "var/lib/dpkg/status", ReadAll(folder / file));
    std::multiset<std::string> expected;
    for (const auto& row : rows) {
      if (!ExpectedInstalled(row)) continue;
      expected.insert(row[2] + " " + row[3] + " " + row[4] + " " + row[5] + " " + row[6]);
    }
    std::multiset<std::string> got;
    for (const Package& package : reading.packages) got.insert(Line(package));
    EXPECT_EQ(got, expected) << file << ": " << reading.reason;
  }
}

TEST_F(SharedRecordsTest, ApkDatabases) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  for (const auto& [file, rows] : Expected("os-records.expected.tsv", "apk")) {
    const FileReading reading = Read("apk", "lib/apk/db/installed", ReadAll(folder / file));
    std::multiset<std::string> expected;
    for (const auto& row : rows) {
      const std::string& origin = row[5].empty() ? row[2] : row[5];
      expected.insert(row[2] + " " + row[3] + " " + row[4] + " " + origin + " " + row[3]);
    }
    std::multiset<std::string> got;
    for (const Package& package : reading.packages) got.insert(Line(package));
    EXPECT_EQ(got, expected) << file << ": " << reading.reason;
  }
}

TEST_F(SharedRecordsTest, DamagedSystemDatabasesFail) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  const fs::path scalibr = folder / "google_osv-scalibr/extractor/filesystem/os";
  const fs::path syft = folder / "anchore_syft/syft/pkg/cataloger";
  EXPECT_EQ(
      Read("dpkg", "var/lib/dpkg/status", ReadAll(scalibr / "dpkg/testdata/dpkg/invalid")).state,
      ReadingState::kFailed);
  EXPECT_EQ(Read("dpkg", "var/lib/dpkg/status.d/x",
                 ReadAll(syft / "debian/testdata/var/lib/dpkg/status.d/corrupt"))
                .state,
            ReadingState::kFailed);
  EXPECT_EQ(Read("apk", "lib/apk/db/installed", ReadAll(scalibr / "apk/testdata/invalid")).state,
            ReadingState::kFailed);
  EXPECT_EQ(Read("apk", "lib/apk/db/installed",
                 ReadAll(syft / "alpine/testdata/corrupt/lib/apk/db/installed"))
                .state,
            ReadingState::kFailed);
}

void ExpectRecords(const fs::path& folder, std::string_view source, std::string_view path,
                   const std::map<std::string, std::vector<std::vector<std::string>>>& files) {
  for (const auto& [file, rows] : files) {
    const FileReading reading = Read(source, path, ReadAll(folder / file));
    std::vector<std::string> expected;
    for (const auto& row : rows) expected.push_back(row[2] + " " + row[3]);
    EXPECT_EQ(NamesOf(reading), expected) << file << ": " << reading.reason;
    EXPECT_EQ(reading.state, ReadingState::kRead) << file << ": " << reading.reason;
  }
}

TEST_F(SharedRecordsTest, NodeAndPythonRecords) {
  const fs::path folder = Unpack("language-records.tar.zst");
  SKIP_WITHOUT(folder);
  ExpectRecords(folder, "npm", "node_modules/x/package.json",
                Expected("language-records.expected.tsv", "npm"));
  ExpectRecords(folder, "python", "x-1.dist-info/METADATA",
                Expected("language-records.expected.tsv", "python"));
}

// Every file of the collection through every parser: nothing may crash, whatever the answer.
TEST_F(SharedRecordsTest, AnyFileThroughAnyParser) {
  for (const char* archive : {"os-records.tar.zst", "language-records.tar.zst"}) {
    const fs::path folder = Unpack(archive);
    SKIP_WITHOUT(folder);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = ReadAll(entry.path());
      for (const char* path : {"var/lib/dpkg/status", "var/lib/dpkg/info/a.list"}) {
        Read("dpkg", path, bytes);
      }
      Read("apk", "lib/apk/db/installed", bytes);
      Read("npm", "node_modules/x/package.json", bytes);
      Read("python", "x-1.dist-info/METADATA", bytes);
      ReadProgram("bin/x", bytes);
    }
  }
}

}  // namespace
}  // namespace landwaiter::packages
