#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kDescPath[] = "var/lib/pacman/local/libgcc-14.2.1+r134-1/desc";
constexpr char kFilesPath[] = "var/lib/pacman/local/python-six-1.16.0-9/files";

constexpr char kDesc[] =
    "%NAME%\nlibgcc\n\n"
    "%VERSION%\n1:14.2.1+r134-1\n\n"
    "%BASE%\ngcc\n\n"
    "%DESC%\nRuntime libraries shipped by GCC\n\n"
    "%ARCH%\nx86_64\n\n"
    "%LICENSE%\nGPL-3.0-with-GCC-exception\nGFDL-1.3-or-later\n\n"
    "%VALIDATION%\npgp\n\n";

FileReading ReadDesc(std::string_view bytes) { return Read("pacman", kDescPath, bytes); }

TEST(PacmanTest, ListsThePackageWithItsBase) {
  const FileReading reading = ReadDesc(kDesc);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kRecord);
  ASSERT_THAT(NamesOf(reading), ElementsAre("libgcc 1:14.2.1+r134-1"));
  const Package& package = reading.packages[0];
  EXPECT_EQ(package.type, "alpm");
  EXPECT_EQ(package.source_name, "gcc");
  EXPECT_EQ(package.source_version, "1:14.2.1+r134-1");
  EXPECT_EQ(package.architecture, "x86_64");
  EXPECT_THAT(package.licenses, ElementsAre("GPL-3.0-with-GCC-exception", "GFDL-1.3-or-later"));
}

TEST(PacmanTest, AsksForItsFilesOnly) {
  EXPECT_EQ(WantedBy(kDescPath), "pacman");
  EXPECT_EQ(WantedBy(kFilesPath), "pacman");
  EXPECT_EQ(WantedBy("var/lib/pacman/local/libgcc-1-1/mtree"), "");
  EXPECT_EQ(WantedBy("var/lib/pacman/local/desc"), "");
  EXPECT_EQ(WantedBy("var/lib/pacman/sync/core.db"), "");
  EXPECT_EQ(WantedBy("srv/var/lib/pacman/local/a-1-1/desc"), "");
}

TEST(PacmanTest, ListsOwnedFilesThatLanguageSourcesCouldAskFor) {
  const FileReading reading =
      Read("pacman", kFilesPath,
           "%FILES%\nusr/\nusr/lib/python3.12/site-packages/six.py\n"
           "usr/lib/python3.12/site-packages/six-1.16.0.dist-info/\n"
           "usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA\n"
           "usr/bin/six\n\n%BACKUP%\nusr/bin/config\tabc\n\n");
  EXPECT_EQ(reading.kind, ReadingKind::kOwnership);
  EXPECT_EQ(reading.state, ReadingState::kRead);
  EXPECT_THAT(
      reading.owned,
      ElementsAre(
          OwnedFile{"usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA", "python-six"},
          OwnedFile{"usr/bin/six", "python-six"}));
  EXPECT_THAT(reading.packages, IsEmpty());
}

struct BrokenCase {
  const char* name;
  const char* bytes;
  const char* reason;
};

class BrokenPacmanTest : public testing::TestWithParam<BrokenCase> {};

// Pitfall 159: a record that cannot be read is never no package.
TEST_P(BrokenPacmanTest, FailsNamingFileAndFault) {
  const FileReading reading = ReadDesc(GetParam().bytes);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr(std::string(kDescPath) + ": "));
  EXPECT_THAT(reading.reason, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenPacmanTest,
    testing::Values(
        BrokenCase{"Empty", "", "has no %NAME%"},
        BrokenCase{"NoSections", "bogus desc file", "breaks off"},
        BrokenCase{"NoVersion", "%NAME%\na\n\n%DESC%\nx\n\n", "has no %VERSION%"},
        BrokenCase{"HeadingWithoutValue", "%NAME%\na\n\n%VERSION%\n", "no %VERSION%"},
        BrokenCase{"TwoNames", "%NAME%\na\nb\n\n%VERSION%\n1-1\n\n", "second value"},
        BrokenCase{"CutBeforeTheBase", "%NAME%\na\n\n%VERSION%\n1-1\n", "ends without %BASE%"},
        // Pitfall 157: hostile names.
        BrokenCase{"ControlCharacter", "%NAME%\na\x1b[2J\n\n%VERSION%\n1-1\n\n", "printable"},
        BrokenCase{"BlankInBase", "%NAME%\na\n\n%VERSION%\n1-1\n\n%BASE%\na b\n\n", "%BASE%"}),
    [](const auto& info) { return info.param.name; });

TEST(PacmanTest, CutAnywhereIsNeverSilentlyWrong) {
  const std::string whole = kDesc;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const FileReading reading = ReadDesc(whole.substr(0, size));
    if (reading.state == ReadingState::kFailed) continue;
    ASSERT_THAT(NamesOf(reading), ElementsAre("libgcc 1:14.2.1+r134-1")) << size;
    // A cut behind the empty line of a section before the base is a whole, older record.
    const bool has_base = size > whole.find("gcc\n\n%DESC");
    EXPECT_EQ(reading.packages[0].source_name, has_base ? "gcc" : "libgcc") << size;
  }
}

// Pitfall 68: lines may be long.
TEST(PacmanTest, ReadsLongLines) {
  const FileReading reading = ReadDesc("%DESC%\n" + std::string(1 << 20, 'x') + "\n\n" + kDesc);
  EXPECT_THAT(NamesOf(reading), ElementsAre("libgcc 1:14.2.1+r134-1"));
}

}  // namespace
}  // namespace landwaiter::packages
