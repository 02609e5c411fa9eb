// The collection of real rpm databases, of all three back ends and both byte orders: every package
// that their expected lists name, and none that they do not.
#include <gmock/gmock.h>

#include <set>

#include "tests/unit/scanner/packages/shared_records.h"

namespace landwaiter::packages {
namespace {

struct RpmCase {
  const char* name;
  const char* list;      // as the collection calls it
  const char* file;      // as rpm calls it
  std::size_t packages;  // without public keys
  std::size_t modular;
};

class SharedRpmTest : public testing::TestWithParam<RpmCase> {
 protected:
  // "" where the collection or zstd is not there.
  static std::string Bytes(const std::string& database) {
    const fs::path file = Collection() / "rpm" / (database + ".zst");
    if (!fs::exists(file)) return {};
    const fs::path plain =
        fs::path(testing::TempDir()) / (database + "." + std::to_string(getpid()));
    const std::string command =
        "zstd -dqf '" + file.string() + "' -o '" + plain.string() + "' 2>/dev/null";
    if (std::system(command.c_str()) != 0) return {};
    std::string bytes = ReadAll(plain);
    fs::remove(plain);
    return bytes;
  }

  // What kind of database it is says its magic, not its name.
  static FileReading Reading(const std::string& bytes) {
    return ReadSpooled("rpm", "var/lib/rpm/Packages", bytes);
  }
};

// "name evr arch source source-evr module" of a row: name, epoch, version, release, architecture,
// source rpm, modularity label.
std::string ExpectedLine(const std::vector<std::string_view>& row) {
  const std::string epoch = row[1].empty() ? "" : std::string(row[1]) + ":";
  const std::string evr = epoch + std::string(row[2]) + "-" + std::string(row[3]);
  std::string source(row[0]);
  std::string source_evr = evr;
  if (row[5].ends_with(".src.rpm")) {
    const std::string_view file = row[5].substr(0, row[5].size() - 8);
    const auto version = file.rfind('-', file.rfind('-') - 1);
    source = file.substr(0, version);
    source_evr = epoch + std::string(file.substr(version + 1));
  }
  const auto label = text::Split(row[6], ':');
  const std::string module =
      label.size() < 2 ? "" : std::string(label[0]) + ":" + std::string(label[1]);
  return std::string(row[0]) + " " + evr + " " + std::string(row[4]) + " " + source + " " +
         source_evr + " " + module;
}

std::string Line(const Package& p) {
  return p.name + " " + p.version + " " + p.architecture + " " + p.source_name + " " +
         p.source_version + " " + p.module;
}

TEST_P(SharedRpmTest, HoldsWhatTheListSays) {
  const std::string database = std::string(GetParam().list) + "." + GetParam().file;
  const std::string bytes = Bytes(database);
  if (bytes.empty()) {
    GTEST_SKIP() << "the shared test data (LANDWAITER_TESTDATA, default ../shared/testdata) or "
                    "zstd is missing";
  }
  const std::string list =
      ReadAll(Collection() / "rpm" / (std::string(GetParam().list) + ".expected.tsv"));
  std::multiset<std::string> expected;
  std::size_t modular = 0;
  for (const auto line : text::Split(list, '\n')) {
    const auto row = text::Split(line, '\t');
    if (row.size() < 7 || row[0] == "gpg-pubkey") continue;
    expected.insert(ExpectedLine(row));
    if (!row[6].empty()) ++modular;
  }
  const FileReading reading = Reading(bytes);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  std::multiset<std::string> got;
  for (const Package& package : reading.packages) {
    got.insert(Line(package));
    EXPECT_EQ(package.type, "rpm");
    EXPECT_EQ(package.found_by, "rpm");
  }
  EXPECT_EQ(got, expected);
  EXPECT_EQ(got.size(), GetParam().packages);
  EXPECT_EQ(modular, GetParam().modular);
}

// A database that breaks off anywhere is never a shorter list.
TEST_P(SharedRpmTest, CutShortItFails) {
  const std::string database = std::string(GetParam().list) + "." + GetParam().file;
  const std::string bytes = Bytes(database);
  if (bytes.empty()) GTEST_SKIP() << "the shared test data or zstd is missing";
  for (const int tenths : {1, 5, 9}) {
    const std::string part = bytes.substr(0, bytes.size() / 10 * static_cast<std::size_t>(tenths));
    EXPECT_EQ(Reading(part).state, ReadingState::kFailed) << tenths << " tenths";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, SharedRpmTest,
    testing::Values(RpmCase{"CentOs5", "centos5-plain", "Packages", 110, 0},
                    RpmCase{"CentOs8WithModules", "centos8-modularitylabel", "Packages", 517, 21},
                    RpmCase{"Ubi8BigEndian", "ubi8-s390x", "Packages", 181, 0},
                    RpmCase{"OnePackage", "libuuid", "Packages", 1, 0},
                    RpmCase{"OsqueryBdb", "osquery-bdb", "Packages", 3, 0},
                    RpmCase{"Epoch", "scalibr-epoch", "Packages", 1, 0},
                    RpmCase{"OtherBuilder", "syft-packages", "Packages", 1, 0},
                    RpmCase{"OsqueryNdb", "osquery-ndb", "Packages.db", 3, 0},
                    RpmCase{"Suse15", "sle15-bci", "Packages.db", 35, 0},
                    RpmCase{"NdbWithAnOddBlock", "claircore-ndb-nonsense", "Packages.db", 130, 0},
                    RpmCase{"Mariner2", "cbl-mariner-2.0", "rpmdb.sqlite", 129, 0},
                    RpmCase{"Fedora35", "fedora35", "rpmdb.sqlite", 137, 0},
                    RpmCase{"OsquerySqlite", "osquery-sqlite", "rpmdb.sqlite", 9, 0},
                    RpmCase{"ClaircoreSqlite", "claircore-sqlite", "rpmdb.sqlite", 106, 0}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::packages
