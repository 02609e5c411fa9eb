#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kInstalled[] =
    "C:Q1v4QhLje3kWlC8DJj+ZfJTjlJRSU=\n"
    "P:musl\n"
    "V:1.2.4-r2\n"
    "A:x86_64\n"
    "L:MIT\n"
    "o:musl\n"
    "F:lib\n"
    "R:ld-musl-x86_64.so.1\n"
    "a:0:0:755\n"
    "\n"
    "C:Q1abc=\n"
    "P:libssl3\n"
    "V:3.1.4-r5\n"
    "A:x86_64\n"
    "L:Apache-2.0\n"
    "o:openssl\n"
    "F:usr/bin\n"
    "R:tool\n"
    "Z:Q1oNeiKb8En3=\n"
    "\n";

FileReading ReadDb(std::string_view bytes) { return Read("apk", "lib/apk/db/installed", bytes); }

// Pitfall 79: Alpine's advisories are keyed by the origin.
TEST(ApkTest, ListsPackagesWithTheirOrigin) {
  const FileReading reading = ReadDb(kInstalled);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading), ElementsAre("musl 1.2.4-r2", "libssl3 3.1.4-r5"));
  EXPECT_EQ(reading.packages[1].source_name, "openssl");
  EXPECT_EQ(reading.packages[1].architecture, "x86_64");
  EXPECT_THAT(reading.packages[0].licenses, ElementsAre("MIT"));
  EXPECT_THAT(reading.owned, ElementsAre(OwnedFile{"lib/ld-musl-x86_64.so.1", "musl"},
                                         OwnedFile{"usr/bin/tool", "libssl3"}));
}

// Pitfall 88: virtual packages have neither origin nor files.
TEST(ApkTest, TakesTheNameWhereThereIsNoOrigin) {
  const FileReading reading = ReadDb("P:.build-deps\nV:20240101.000000\n\n");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.packages[0].source_name, ".build-deps");
}

// Pitfall 84: the database moved, and has empty lines within records.
TEST(ApkTest, ReadsTheQuirks) {
  EXPECT_EQ(WantedBy("usr/lib/apk/db/installed"), "apk");
  EXPECT_EQ(WantedBy("lib/apk/db/installed"), "apk");
  const FileReading reading =
      ReadDb("P:a\nV:1\no:a\nF:usr\n\n\nF:usr/bin\nR:b\n\nP:c\nV:2\no:c\n\n");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading), ElementsAre("a 1", "c 2"));
  EXPECT_THAT(reading.owned, ElementsAre(OwnedFile{"usr/bin/b", "a"}));
}

// Pitfalls 68, 84: lines may be long.
TEST(ApkTest, ReadsLongLines) {
  const FileReading reading =
      ReadDb("P:a\nV:1\nD:" + std::string(1 << 20, 'x') + "\no:a\n\nP:c\nV:2\no:c\n\n");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_THAT(NamesOf(reading), ElementsAre("a 1", "c 2"));
}

struct BrokenCase {
  const char* name;
  const char* bytes;
  const char* reason;
};

class BrokenApkTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenApkTest, FailsNamingFileAndFault) {
  const FileReading reading = ReadDb(GetParam().bytes);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("lib/apk/db/installed: "));
  EXPECT_THAT(reading.reason, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenApkTest,
    testing::Values(BrokenCase{"NoFields", "asdf\n\nyolo\n", "line 1 is no \"X:value\""},
                    BrokenCase{"NoName", "C:Q1=\nV:1\n\n", "without a name"},
                    BrokenCase{"NoVersion", "P:a\nA:x86_64\n\n", "no version"},
                    BrokenCase{"TwoNames", "P:a\nP:b\nV:1\n\n", "line 2 repeats"},
                    BrokenCase{"CutWithinALine", "P:a\nV:1\no:a", "breaks off"},
                    BrokenCase{"CutBeforeTheOrigin", "P:a\nV:1\n", "ends without origin"},
                    BrokenCase{"ControlCharacter", "P:a\x07\nV:1\no:a\n\n", "printable"}),
    [](const auto& info) { return info.param.name; });

TEST(ApkTest, CutAnywhereIsNeverSilentlyShort) {
  const std::string whole = kInstalled;
  const std::size_t first_end = whole.find("\n\n") + 2;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const FileReading reading = ReadDb(whole.substr(0, size));
    if (reading.state == ReadingState::kFailed) continue;
    const std::size_t expected = size == 0 ? 0 : (size <= first_end ? 1 : 2);
    ASSERT_EQ(reading.packages.size(), expected) << "cut at " << size;
    if (expected == 2) {
      EXPECT_EQ(reading.packages[1].source_name, "openssl") << size;
    }
  }
}

}  // namespace
}  // namespace landwaiter::packages
