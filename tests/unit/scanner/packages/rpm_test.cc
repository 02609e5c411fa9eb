#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/fuzz/check_reading.h"
#include "tests/support/rpm_databases.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using landwaiter::testing::BdbMaker;
using landwaiter::testing::HeaderBlob;
using landwaiter::testing::HeaderOf;
using landwaiter::testing::Little32;
using landwaiter::testing::NdbMaker;
using landwaiter::testing::RpmFixture;
using landwaiter::testing::SqliteMaker;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kPath = "var/lib/rpm/Packages";

FileReading Read(const std::string& bytes) { return ReadSpooled("rpm", kPath, bytes); }

// One database with these packages, whatever the back end.
struct BackEnd {
  const char* name;
  std::function<std::string(const std::vector<std::string>& blobs)> make;
};

std::string MakeBdb(bool big_endian, std::uint32_t page_bytes,
                    const std::vector<std::string>& blobs) {
  BdbMaker maker(big_endian, page_bytes);
  for (const auto& blob : blobs) maker.Add(blob);
  return maker.AddEmptyPage().Build();
}

std::string MakeSqlite(std::uint32_t page_bytes, const std::vector<std::string>& blobs) {
  SqliteMaker maker(page_bytes);
  for (std::size_t i = 0; i < blobs.size(); ++i) maker.Put(static_cast<int>(i) + 1, blobs[i]);
  return maker.Checkpoint().Copy().database;
}

std::vector<BackEnd> BackEnds() {
  using Blobs = std::vector<std::string>;
  return {{"Bdb", [](const Blobs& blobs) { return MakeBdb(false, 4096, blobs); }},
          {"BdbBigEndian", [](const Blobs& blobs) { return MakeBdb(true, 4096, blobs); }},
          {"BdbSmallPages", [](const Blobs& blobs) { return MakeBdb(false, 512, blobs); }},
          {"BdbLargePages", [](const Blobs& blobs) { return MakeBdb(true, 65'536, blobs); }},
          {"Ndb",
           [](const Blobs& blobs) {
             NdbMaker maker(3);
             for (const auto& blob : blobs) maker.Add(blob);
             return maker.Build();
           }},
          {"Sqlite", [](const Blobs& blobs) { return MakeSqlite(4096, blobs); }},
          {"SqliteSmallPages", [](const Blobs& blobs) { return MakeSqlite(512, blobs); }},
          {"SqliteLargePages", [](const Blobs& blobs) { return MakeSqlite(65'536, blobs); }}};
}

class RpmBackEndTest : public ::testing::TestWithParam<BackEnd> {};

std::vector<std::string> SomePackages() {
  return {HeaderBlob({.source = "bash-5.1.8-6.el9.src.rpm", .padding = 50'000}),
          HeaderBlob({.name = "gpg-pubkey", .version = "8483c65d", .release = "5ccc5b19"}),
          HeaderBlob({.name = "zlib", .version = "1.2.11", .release = "40.el9"}),
          HeaderBlob({.name = "openssl-libs",
                      .version = "3.0.7",
                      .release = "24.el9",
                      .epoch = 1,
                      .source = "openssl-3.0.7-24.el9.src.rpm",
                      .files = {{"/usr/bin/", "openssl"},
                                {"/usr/lib/.build-id/4d/", "6f2a"},
                                {"/usr/share/doc/", "README"}},
                      .padding = 4000})};
}

TEST_P(RpmBackEndTest, GivesEveryPackage) {
  const FileReading reading = Read(GetParam().make(SomePackages()));
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kDatabase);
  // Pitfall 92: public keys are no packages.
  EXPECT_THAT(NamesOf(reading),
              ElementsAre("bash 5.1.8-6.el9", "zlib 1.2.11-40.el9", "openssl-libs 1:3.0.7-24.el9"));
  EXPECT_THAT(reading.owned, ElementsAre(OwnedFile{"usr/bin/openssl", "openssl-libs"}));
  CheckReading(reading, "rpm", kPath);
}

TEST_P(RpmBackEndTest, WithManyPackagesGivesEveryOne) {
  std::vector<std::string> blobs;
  std::vector<std::string> names;
  for (int i = 0; i < 700; ++i) {
    const std::string name = "p" + std::to_string(1000 + i);
    blobs.push_back(HeaderBlob({.name = name, .padding = static_cast<std::size_t>(i) * 17}));
    names.push_back(name + " 5.1.8-6.el9");
  }
  const FileReading reading = Read(GetParam().make(blobs));
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(NamesOf(reading), names);
}

TEST_P(RpmBackEndTest, WithoutPackagesIsRead) {
  const FileReading reading = Read(GetParam().make({}));
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_TRUE(reading.packages.empty());
}

// Pitfall 159: a package that cannot be read is no missing package; the others still count.
TEST_P(RpmBackEndTest, ABrokenHeaderFailsAndLeavesTheOthers) {
  const FileReading reading = Read(GetParam().make(
      {HeaderBlob({.name = "a"}), std::string(3000, 'x'), HeaderBlob({.name = "c"})}));
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("package number 2: "));
  EXPECT_THAT(NamesOf(reading), ElementsAre("a 5.1.8-6.el9", "c 5.1.8-6.el9"));
}

TEST_P(RpmBackEndTest, APackageWithoutNameOrVersionFails) {
  for (const RpmFixture& package : {RpmFixture{.name = ""}, RpmFixture{.version = ""},
                                    RpmFixture{.release = ""}, RpmFixture{.name = "a b"}}) {
    EXPECT_EQ(Read(GetParam().make({HeaderBlob(package)})).state, ReadingState::kFailed);
  }
}

TEST_P(RpmBackEndTest, FilesThatDoNotFitFailAndLeaveThePackage) {
  const FileReading reading =
      Read(GetParam().make({HeaderOf({.files = {{"/", "a"}}}).Texts(1117, {"a", "b"}).Build()}));
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(NamesOf(reading), ElementsAre("bash 5.1.8-6.el9"));
}

TEST_P(RpmBackEndTest, AHeaderBeyondTheLimitFails) {
  const FileReading reading = Read(
      GetParam().make({HeaderBlob({.padding = (32u << 20) + 4096}), HeaderBlob({.name = "b"})}));
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(NamesOf(reading), ElementsAre("b 5.1.8-6.el9"));
}

TEST_P(RpmBackEndTest, CutShortAnywhereItFails) {
  const std::string whole = GetParam().make(SomePackages());
  const std::size_t step = std::max<std::size_t>(97, whole.size() / 300);
  for (std::size_t size = 1; size < whole.size() - step; size += step) {
    EXPECT_EQ(Read(whole.substr(0, size)).state, ReadingState::kFailed) << size;
  }
}

// Whatever a byte is changed to, the reading is a sound one.
TEST_P(RpmBackEndTest, AnyByteMayLie) {
  const std::string whole = GetParam().make({HeaderBlob({.padding = 600}), HeaderBlob({})});
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = whole;
    for (unsigned changes = random() % 4 + 1; changes > 0; --changes) {
      const std::size_t most =
          random() % 2 == 0 ? std::min<std::size_t>(256, bytes.size()) : bytes.size();
      bytes[random() % most] = static_cast<char>(random());
    }
    CheckReading(Read(bytes), "rpm", kPath);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, RpmBackEndTest, ::testing::ValuesIn(BackEnds()),
                         [](const auto& info) { return info.param.name; });

struct LieCase {
  const char* name;
  std::string bytes;
  const char* says;
};

class RpmLieTest : public ::testing::TestWithParam<LieCase> {};

TEST_P(RpmLieTest, Fails) {
  const FileReading reading = Read(GetParam().bytes);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr(GetParam().says));
}

std::string With(std::string bytes, std::size_t at, std::string_view patch) {
  return bytes.replace(at, patch.size(), patch);
}

std::vector<LieCase> BdbLies() {
  const std::string key = Little32(9);
  const std::string good = BdbMaker().Add(HeaderBlob({.padding = 9000})).Build();
  const auto off_page = [](std::uint32_t page, std::uint32_t length) {
    return '\x03' + std::string(3, '\0') + Little32(page) + Little32(length);
  };
  return {
      {"BdbPageSize", With(good, 20, Little32(4095)), "claims pages of 4095 bytes"},
      {"BdbPageSizeZero", With(good, 20, Little32(0)), "claims pages of 0 bytes"},
      {"BdbVersion", With(good, 16, Little32(99)), "hash of version 99"},
      {"BdbEncrypted", With(good, 24, "\1"), "encrypted"},
      {"BdbChecksums", With(good, 26, "\1"), "checksums"},
      {"BdbLastPage", With(good, 32, Little32(1000)), "breaks off: it has"},
      {"BdbNoMetaPage", With(good, 25, "\x09"), "no description of a hash"},
      {"BdbItemsOutside", With(good, 2 * 4096 + 26, "\xff\xff"), "items that lie outside"},
      {"BdbItemsOverTheirIndex", With(good, 2 * 4096 + 28, std::string("\x1b\0", 2)),
       "items that lie outside"},
      {"BdbMoreItemsThanRoom", With(good, 2 * 4096 + 20, "\xff\xff"), "items that lie outside"},
      {"BdbKeyWithoutValue", BdbMaker().AddItems({'\x01' + key}).Build(), "a key without value"},
      {"BdbLongKey", BdbMaker().AddPair("longer", "\x01").Build(), "no package number"},
      {"BdbKindOfValue", BdbMaker().AddPair(key, "\x04..").Build(),
       "number 9: its value is of kind"},
      {"BdbCutValue", BdbMaker().AddPair(key, "\x03..").Build(), "number 9: its value is cut off"},
      {"BdbValueOnTheMetaPage", BdbMaker().AddPair(key, off_page(0, 5)).Build(), "0 bytes or more"},
      {"BdbValueBeyondTheFile", BdbMaker().AddPair(key, off_page(77, 5)).Build(),
       "goes on at page 77"},
      {"BdbValueOnAHashPage", BdbMaker().AddPair(key, off_page(1, 5)).Build(), "page 1 is no part"},
      {"BdbHugeValue", BdbMaker().AddPair(key, off_page(1, 0xffffffff)).Build(), "the limit is"},
      // The chain's second page leads back to its first.
      {"BdbLoop", With(good, 4 * 4096 + 16, Little32(3)), "page 3 is in use twice"},
      {"BdbTwoValuesOnOneChain",
       BdbMaker().Add(HeaderBlob({})).AddPair(key, off_page(3, 10)).Build(), "in use twice"},
      {"BdbUsedBytes", With(good, 3 * 4096 + 22, "\xff\xff"), "page 3 is no part of a value"},
      {"BdbLength", With(good, 3 * 4096 - 9, Little32(100)), "where 100 are claimed"},
  };
}

std::vector<LieCase> NdbLies() {
  const std::string blob = HeaderBlob({});
  const std::string good = NdbMaker().Add(blob).Build();
  const std::size_t end = good.size();
  return {
      {"NdbVersion", With(good, 4, Little32(1)), "NDB version 1"},
      {"NdbSlotPages", With(good, 12, Little32(0x10000000)), "pages of slots"},
      {"NdbNoSlotPages", With(good, 12, Little32(0)), "claims 0 pages of slots"},
      {"NdbNoSlot", With(good, 48, "slot"), "slot at byte 48 is none"},
      {"NdbSlotInTheSlots", With(good, 40, Little32(3)), "leads to the pages of slots"},
      {"NdbSlotWithoutNumber", With(good, 36, Little32(0)), "leads to the pages of slots"},
      {"NdbSlotBeyondTheFile", With(good, 40, Little32(0xfffffff)), "the file ends at"},
      {"NdbNoBlocks", With(good, 44, Little32(0)), "it has 0 bytes"},
      {"NdbHugeBlob", With(good, 44, Little32(0xffffffff)), "number 1: it has"},
      {"NdbOtherPackage", With(good, 4096 + 4, Little32(2)), "is not its beginning"},
      {"NdbNoHead", With(good, 4096, "XlbS"), "is not its beginning"},
      {"NdbLength", With(good, 4096 + 12, Little32(0xffffffff)), "is not its beginning"},
      {"NdbNoTail", With(good, end - 4, "XlbE"), "it is not whole"},
      {"NdbTailLength", With(good, end - 8, Little32(1)), "it is not whole"},
  };
}

std::vector<LieCase> SqliteLies() {
  SqliteMaker maker;
  const std::string good =
      maker.Put(1, HeaderBlob({.padding = 20'000})).Checkpoint().Copy().database;
  SqliteMaker other;
  other.Run("DROP TABLE Packages");
  return {
      {"SqlitePageSize", With(good, 16, "\x10\x01"), "claims pages of 4097 bytes"},
      {"SqliteReserved", With(With(good, 16, std::string("\x02\0", 2)), 20, "\xff"),
       "255 of them reserved"},
      {"SqliteNoTable", other.Checkpoint().Copy().database, "has no table Packages"},
      {"SqliteSchemaIsNoTable", With(good, 100, "\x0a"), "page 1 is no part of a table"},
      {"SqliteTableIsNone", With(good, 4096, "\x02"), "page 2 is no part of a table"},
      // An interior page whose only child is itself.
      {"SqliteLoop",
       With(With(good, 4096, std::string("\x05\0\0\0\0", 5)), 4096 + 8,
            std::string("\0\0\0\x02", 4)),
       "page 2 is in its tables twice"},
      {"SqliteChildBeyondTheFile",
       With(With(good, 4096, std::string("\x05\0\0\0\0", 5)), 4096 + 8,
            std::string("\0\1\0\x02", 4)),
       "page 65538 is beyond"},
      {"NoDatabase", std::string(5000, 'x'), "is no rpm database of a known kind"},
      {"OneByte", "S", "is no rpm database of a known kind"},
  };
}

INSTANTIATE_TEST_SUITE_P(Bdb, RpmLieTest, ::testing::ValuesIn(BdbLies()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Ndb, RpmLieTest, ::testing::ValuesIn(NdbLies()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, RpmLieTest, ::testing::ValuesIn(SqliteLies()),
                         [](const auto& info) { return info.param.name; });

TEST(RpmBdbTest, ASmallHeaderMayStandOnTheHashPage) {
  const FileReading reading = Read(BdbMaker().AddInline(HeaderBlob({})).Build());
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading), ElementsAre("bash 5.1.8-6.el9"));
}

// A thousand slots of one large blob must not be a thousand times the work.
TEST(RpmNdbTest, BlobsOnTopOfEachOtherFail) {
  const std::string blob = HeaderBlob({.padding = 1u << 20});
  NdbMaker maker;
  maker.AddBlob(1, blob);
  const auto blocks = static_cast<std::uint32_t>((maker.Build().size() - 4096) / 16);
  for (int i = 0; i < 200; ++i) maker.AddSlot(1, 256, blocks);
  const FileReading reading = Read(maker.Build());
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_LE(reading.packages.size(), 2u);
}

struct PathCase {
  const char* path;
  const char* by;
};

// Pitfall 89 and 90: every usual path; what else is called Packages is somebody else's.
TEST(RpmPathTest, DatabasesAreWantedWhereRpmKeepsThem) {
  for (const auto& [path, by] :
       std::vector<PathCase>{{"var/lib/rpm/Packages", "rpm"},
                             {"var/lib/rpm/Packages.db", "rpm"},
                             {"var/lib/rpm/rpmdb.sqlite", "rpm"},
                             {"var/lib/rpm/rpmdb.sqlite-wal", "rpm"},
                             {"var/lib/rpm/rpmdb.sqlite-journal", "rpm"},
                             {"usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm"},
                             {"usr/lib/sysimage/rpm/Packages.db", "rpm"},
                             {"usr/share/rpm/rpmdb.sqlite", "rpm"},
                             {"usr/share/rpm/Packages", "rpm"},
                             {"var/lib/rpmmanifest/container-manifest-2", "rpm"},
                             {"var/lib/rpmmanifest/container-manifest-1", ""},
                             {"var/lib/rpm/rpmdb.sqlite-shm", ""},
                             {"var/lib/rpm/Index.db", ""},
                             {"var/lib/rpm/__db.001", ""},
                             {"srv/mirror/Packages", ""},
                             {"var/lib/apt/lists/Packages", ""},
                             {"usr/share/rpm/macros", ""}}) {
    EXPECT_EQ(WantedBy(path), by) << path;
  }
  EXPECT_EQ(WantedBy("var/lib/rpm/rpmdb.sqlite-wal", 0), "");
}

TEST(RpmPathTest, NotSpooledIsAFault) {
  EXPECT_EQ(SourceNamed("rpm").parse(FactsOf(kPath, 1), {}).state, ReadingState::kFailed);
}

}  // namespace
}  // namespace landwaiter::packages
