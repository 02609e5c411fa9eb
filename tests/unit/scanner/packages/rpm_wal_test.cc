// An rpmdb.sqlite and its write-ahead log, against SQLite itself: what it shows of the two files is
// what a reading must hold, or the reading has failed. Pitfall 90.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "scanner/packages/rpm_header.h"
#include "scanner/packages/rpm_sqlite_kept.h"
#include "tests/support/rpm_databases.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using landwaiter::testing::HeaderBlob;
using landwaiter::testing::RpmFixture;
using landwaiter::testing::SqliteMaker;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Files = SqliteMaker::Files;
constexpr std::string_view kDatabase = "var/lib/rpm/rpmdb.sqlite";
constexpr std::string_view kWal = "var/lib/rpm/rpmdb.sqlite-wal";

std::string Blob(const std::string& name, std::size_t padding = 0) {
  return HeaderBlob({.name = name, .files = {{"/usr/bin/", name}}, .padding = padding});
}

// What the layer pass and the merge make of the two.
std::vector<FileReading> Readings(const Files& files) {
  std::vector<FileReading> readings = {ReadSpooled("rpm", kDatabase, files.database)};
  if (!files.wal.empty()) readings.push_back(ReadSpooled("rpm", kWal, files.wal));
  std::erase_if(readings, [](const FileReading& r) { return r.state == ReadingState::kNotOurs; });
  CombineReadings(AllSources(), readings);
  return readings;
}

FileReading Reading(const Files& files) {
  auto readings = Readings(files);
  EXPECT_THAT(readings, SizeIs(1));
  return readings.empty() ? FileReading() : readings.front();
}

std::vector<std::string> Names(const FileReading& reading) {
  std::vector<std::string> names;
  for (const Package& package : reading.packages) names.push_back(package.name);
  std::sort(names.begin(), names.end());
  return names;
}

// nullopt where SQLite cannot read the files.
std::optional<std::vector<std::string>> NamesBySqlite(const Files& files) {
  std::vector<std::string> blobs;
  SqliteMaker maker(files);
  if (!maker.Blobs(blobs)) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& blob : blobs) {
    const auto header = ParseRpmHeader(blob);
    if (!header) return std::nullopt;
    names.emplace_back(header->name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct WalCase {
  const char* name;
  std::function<void(SqliteMaker&)> checkpointed;
  std::function<void(SqliteMaker&)> logged;
  std::vector<std::string> packages;
};

class RpmWalTest : public ::testing::TestWithParam<WalCase> {};

// Pitfall 90.
TEST_P(RpmWalTest, ShowsWhatSqliteShows) {
  for (const std::uint32_t page_bytes : {512, 4096, 65'536}) {
    SqliteMaker maker(page_bytes);
    maker.Run("PRAGMA wal_autocheckpoint=0");
    GetParam().checkpointed(maker);
    maker.Checkpoint();
    GetParam().logged(maker);
    const Files files = maker.Copy();
    const FileReading reading = Reading(files);
    EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
    EXPECT_EQ(reading.path, kDatabase);
    EXPECT_EQ(Names(reading), GetParam().packages);
    EXPECT_EQ(NamesBySqlite(files), GetParam().packages);
    std::vector<std::string> owners;
    for (const OwnedFile& file : reading.owned) owners.push_back(file.package);
    std::sort(owners.begin(), owners.end());
    EXPECT_EQ(owners, GetParam().packages);
    for (const Package& package : reading.packages) EXPECT_EQ(package.path, kDatabase);
  }
}

std::vector<WalCase> WalCases() {
  const auto nothing = [](SqliteMaker&) {};
  const auto two = [](SqliteMaker& m) { m.Put(1, Blob("a", 9000)).Put(2, Blob("b")); };
  const auto fill = [](int from, int to, std::size_t padding) {
    return [=](SqliteMaker& m) {
      m.Run("BEGIN");
      for (int i = from; i < to; ++i) m.Put(i, Blob("p" + std::to_string(i), padding));
      m.Run("COMMIT");
    };
  };
  const auto names = [](int from, int to) {
    std::vector<std::string> list;
    for (int i = from; i < to; ++i) list.push_back("p" + std::to_string(i));
    std::sort(list.begin(), list.end());
    return list;
  };
  return {
      {"NothingLogged", two, nothing, {"a", "b"}},
      {"RowsOnlyInTheLog", nothing, two, {"a", "b"}},
      {"OneMoreRow", two, [](SqliteMaker& m) { m.Put(3, Blob("c", 70'000)); }, {"a", "b", "c"}},
      {"OneRowLess", two, [](SqliteMaker& m) { m.Delete(1); }, {"b"}},
      {"AllRowsGone", two, [](SqliteMaker& m) { m.Delete(1).Delete(2); }, {}},
      {"ARowWithAnotherPackage",
       two,
       [](SqliteMaker& m) { m.Put(1, Blob("c", 200'000)); },
       {"b", "c"}},
      {"ASmallerRow", two, [](SqliteMaker& m) { m.Put(1, Blob("c")); }, {"b", "c"}},
      {"WrittenTwice",
       two,
       [](SqliteMaker& m) { m.Put(3, Blob("c", 5000)).Put(3, Blob("d", 90'000)); },
       {"a", "b", "d"}},
      {"ATreeThatGrows", fill(1000, 1040, 3000), fill(1040, 1400, 3000), names(1000, 1400)},
      {"ATreeThatShrinks", fill(1000, 1400, 700),
       [](SqliteMaker& m) { m.Run("DELETE FROM Packages WHERE hnum % 10 != 3"); },
       [] {
         std::vector<std::string> list;
         for (int i = 1003; i < 1400; i += 10) list.push_back("p" + std::to_string(i));
         return list;
       }()},
      {"AWholeNewFile", fill(1000, 1100, 5000), [](SqliteMaker& m) { m.Run("VACUUM"); },
       names(1000, 1100)},
      {"TheTableItself",
       [](SqliteMaker& m) { m.Run("DROP TABLE Packages"); },
       [&](SqliteMaker& m) {
         m.Run("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)");
         m.Put(1, Blob("z", 3000));
       },
       {"z"}},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, RpmWalTest, ::testing::ValuesIn(WalCases()),
                         [](const auto& info) { return info.param.name; });

// Never another list than SQLite's own: where the two files cannot be put together, that is said.
void ExpectSqlitesAnswer(const Files& files, const std::string& where, int* put_together) {
  const auto expected = NamesBySqlite(files);
  const FileReading reading = Reading(files);
  if (reading.state != ReadingState::kRead) {
    EXPECT_EQ(reading.state, ReadingState::kFailed) << where;
    return;
  }
  ++*put_together;
  ASSERT_TRUE(expected) << where << ": SQLite refuses, the reading holds "
                        << reading.packages.size() << " packages";
  EXPECT_EQ(Names(reading), *expected) << where;
}

// One life of a database: packages come, go and change, the log is sometimes emptied.
Files SomeLife(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](unsigned below) { return static_cast<int>(random() % below); };
  SqliteMaker maker(std::vector<std::uint32_t>{512, 1024, 4096}[random() % 3]);
  maker.Run("PRAGMA wal_autocheckpoint=0");
  for (int step = 0; step < 60; ++step) {
    const int number = pick(40) + 1;
    const auto padding = static_cast<std::size_t>(pick(3) == 0 ? pick(60'000) : pick(900));
    switch (pick(8)) {
      case 0:
        maker.Delete(number);
        break;
      case 1:
        if (pick(3) == 0) maker.Checkpoint();
        break;
      default:
        maker.Put(number, Blob("n" + std::to_string(number) + "-" + std::to_string(step), padding));
    }
  }
  return maker.Copy();
}

TEST(RpmWalLifeTest, EveryLifeShowsWhatSqliteShows) {
  int put_together = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    ExpectSqlitesAnswer(SomeLife(seed), "seed " + std::to_string(seed), &put_together);
  }
  EXPECT_EQ(put_together, 60);
}

// Rows that are changed in place are partly in the log: those lists fail, or are right.
TEST(RpmWalLifeTest, ALifeOfChangesInPlaceIsNeverAnotherList) {
  int put_together = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    SqliteMaker maker(seed % 2 == 0 ? 512 : 4096);
    maker.Run("PRAGMA wal_autocheckpoint=0");
    for (int i = 1; i <= 20; ++i) maker.Put(i, Blob("first-" + std::to_string(100 + i), 9000));
    maker.Checkpoint();
    for (int step = 0; step < 6; ++step) {
      // Of the same length: SQLite then keeps the row's pages, and writes those that differ.
      const int number = static_cast<int>(random() % 20) + 1;
      const std::size_t padding = random() % 3 == 0 ? 9001 : 9000;
      maker.Update(number, Blob("other-" + std::to_string(100 + step), padding));
      if (random() % 4 == 0) maker.Delete(static_cast<int>(random() % 20) + 1);
    }
    ExpectSqlitesAnswer(maker.Copy(), "seed " + std::to_string(seed), &put_together);
  }
}

TEST(RpmWalLifeTest, ALogCutShortAnywhereShowsWhatSqliteShows) {
  int put_together = 0;
  const Files files = SomeLife(7);
  ASSERT_GT(files.wal.size(), 20'000u);
  const std::size_t step = files.wal.size() / 90;
  for (std::size_t size = 1; size < files.wal.size(); size += step) {
    ExpectSqlitesAnswer({files.database, files.wal.substr(0, size)},
                        std::to_string(size) + " bytes", &put_together);
  }
  EXPECT_GT(put_together, 80);
}

TEST(RpmWalLifeTest, ALogWithAnyWrongByteShowsWhatSqliteShows) {
  int put_together = 0;
  const Files files = SomeLife(9);
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    Files changed = files;
    const std::size_t most = i % 2 == 0 ? 64 : changed.wal.size();
    const std::size_t at = random() % most;
    changed.wal[at] = static_cast<char>(changed.wal[at] ^ (1 << (random() % 8)));
    ExpectSqlitesAnswer(changed, "byte " + std::to_string(at), &put_together);
  }
  EXPECT_GT(put_together, 80);
}

// A log of another database, or of another time of this one.
TEST(RpmWalLifeTest, AForeignLogIsNeverASilentlyOtherList) {
  int put_together = 0;
  std::vector<Files> lives;
  for (std::uint32_t seed = 20; seed < 30; ++seed) lives.push_back(SomeLife(seed));
  for (std::size_t i = 0; i < lives.size(); ++i) {
    for (std::size_t j = 0; j < lives.size(); ++j) {
      ExpectSqlitesAnswer({lives[i].database, lives[j].wal},
                          "database " + std::to_string(i) + ", log " + std::to_string(j),
                          &put_together);
    }
  }
  EXPECT_GE(put_together, 10);
}

TEST(RpmWalFaultTest, ALogOfOtherPagesFails) {
  SqliteMaker small(512);
  SqliteMaker large(4096);
  small.Put(1, Blob("a"));
  large.Put(1, Blob("b"));
  const FileReading reading = Reading({large.Checkpoint().Copy().database, small.Copy().wal});
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("pages of another size than its log"));
}

// SQLite writes only those pages of a row that have changed; payloads are not kept, so that one
// is not put together.
TEST(RpmWalFaultTest, ARowThatIsPartlyInTheLogFails) {
  SqliteMaker maker;
  std::string blob = Blob("a", 50'000);
  maker.Put(1, blob).Checkpoint();
  blob[blob.size() - 20'000] = 'q';
  maker.Update(1, blob);
  const FileReading reading = Reading(maker.Copy());
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("one part is in its log"));
}

TEST(RpmWalFaultTest, ALogThatCannotBeReadFailsTheDatabase) {
  SqliteMaker maker;
  maker.Put(1, Blob("a")).Checkpoint().Put(2, Blob("b"));
  const Files files = maker.Copy();
  std::vector<FileReading> readings = {
      ReadSpooled("rpm", kDatabase, files.database),
      ExceedsLimit(SourceNamed("rpm"), FactsOf(kWal, files.wal.size()), 10)};
  CombineReadings(AllSources(), readings);
  const auto coverage = CombineCoverage(readings);
  ASSERT_THAT(coverage, SizeIs(1));
  EXPECT_EQ(coverage[0].state, CoverageState::kFailed);
}

TEST(RpmWalFaultTest, ABrokenPackageInTheLogFails) {
  SqliteMaker maker;
  maker.Put(1, Blob("a")).Checkpoint().Put(2, std::string(9000, 'x'));
  const FileReading reading = Reading(maker.Copy());
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("package number 2: "));
  EXPECT_THAT(Names(reading), ElementsAre("a"));
}

TEST(RpmWalFaultTest, ABrokenPackageThatTheLogTookAwayIsNoFault) {
  SqliteMaker maker;
  maker.Put(1, Blob("a")).Put(2, std::string(9000, 'x')).Checkpoint().Delete(2);
  const FileReading reading = Reading(maker.Copy());
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(Names(reading), ElementsAre("a"));
}

TEST(RpmWalFaultTest, ALogAloneIsNoDatabase) {
  SqliteMaker maker;
  maker.Put(1, Blob("a"));
  std::vector<FileReading> readings = {ReadSpooled("rpm", kWal, maker.Copy().wal)};
  CombineReadings(AllSources(), readings);
  EXPECT_THAT(readings, IsEmpty());
}

TEST(RpmWalFaultTest, AnUnendedChangeInAJournalFails) {
  const std::string journal = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + std::string(504, '\1');
  SqliteMaker maker;
  maker.Put(1, Blob("a")).Checkpoint();
  const auto with = [&](const std::string& bytes) {
    std::vector<FileReading> readings = {
        ReadSpooled("rpm", kDatabase, maker.Copy().database),
        ReadSpooled("rpm", "var/lib/rpm/rpmdb.sqlite-journal", bytes)};
    std::erase_if(readings, [](const FileReading& r) { return r.state == ReadingState::kNotOurs; });
    CombineReadings(AllSources(), readings);
    return CombineCoverage(readings)[0];
  };
  EXPECT_EQ(with(journal).state, CoverageState::kFailed);
  EXPECT_THAT(with(journal).reason, HasSubstr("begun and not ended"));
  // What a writer leaves that has ended its transaction.
  EXPECT_EQ(with(std::string(512, '\0')).state, CoverageState::kRead);
}

// A package that only moved to the log has been there since the layer of the database.
TEST(RpmWalLayerTest, IsTheFirstThatHasTheVersion) {
  SqliteMaker maker;
  maker.Put(1, Blob("a", 9000)).Checkpoint().Put(2, Blob("b")).Put(1, Blob("a", 20'000));
  const Files files = maker.Copy();
  std::vector<FileReading> readings = {ReadSpooled("rpm", kDatabase, files.database),
                                       ReadSpooled("rpm", kWal, files.wal)};
  for (auto& package : readings[0].packages) package.layer = 3;
  for (auto& package : readings[1].packages) package.layer = 5;
  CombineReadings(AllSources(), readings);
  ASSERT_THAT(readings, SizeIs(1));
  ASSERT_THAT(Names(readings[0]), ElementsAre("a", "b"));
  for (const Package& package : readings[0].packages) {
    EXPECT_EQ(package.layer, package.name == "a" ? 3 : 5);
  }
}

TEST(KeptPagesTest, AreTheSameAfterEncodingAndDecoding) {
  const Files files = SomeLife(3);
  for (const auto& [path, bytes] :
       {std::pair(kDatabase, files.database), std::pair(kWal, files.wal)}) {
    const FileReading reading = ReadSpooled("rpm", path, bytes);
    const auto kept = DecodeKept(reading.residue);
    ASSERT_TRUE(kept);
    EXPECT_EQ(EncodeKept(*kept), reading.residue);
    EXPECT_FALSE(kept->pages.empty());
    // A small part of the file: it is kept with every layer.
    EXPECT_LT(reading.residue.size(), bytes.size() / 20);
    for (std::size_t size = 0; size < reading.residue.size(); size += 7) {
      EXPECT_FALSE(DecodeKept(std::string_view(reading.residue).substr(0, size))) << size;
    }
  }
  EXPECT_FALSE(DecodeKept("2abc"));
}

}  // namespace
}  // namespace landwaiter::packages
