#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string ContentsOf(std::string_view folder) {
  return "var/db/pkg/" + std::string(folder) + "/CONTENTS";
}

FileReading ReadContents(std::string_view folder, std::string_view bytes = "") {
  return Read("portage", ContentsOf(folder), bytes);
}

struct FolderCase {
  const char* name;
  const char* folder;
  const char* package;  // "" where the folder names none
};

class PortageFolderTest : public testing::TestWithParam<FolderCase> {};

TEST_P(PortageFolderTest, NamesPackageAndVersion) {
  const FileReading reading = ReadContents(GetParam().folder);
  if (*GetParam().package == 0) {
    EXPECT_EQ(reading.state, ReadingState::kFailed);
    EXPECT_THAT(reading.reason, HasSubstr("holds no version"));
    EXPECT_THAT(reading.packages, IsEmpty());
    return;
  }
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  ASSERT_THAT(NamesOf(reading), ElementsAre(GetParam().package));
  EXPECT_EQ(reading.packages[0].type, "ebuild");
}

// Package Manager Specification 3.2, and names of real packages.
INSTANTIATE_TEST_SUITE_P(
    Table, PortageFolderTest,
    testing::Values(
        FolderCase{"Plain", "app-containers/skopeo-1.5.1", "app-containers/skopeo 1.5.1"},
        FolderCase{"Revision", "sys-libs/glibc-2.38-r13", "sys-libs/glibc 2.38-r13"},
        FolderCase{"NameWithDash", "dev-perl/Getopt-Long-2.580.0", "dev-perl/Getopt-Long 2.580.0"},
        FolderCase{"NameWithDigits", "media-libs/lcms2-2.14", "media-libs/lcms2 2.14"},
        FolderCase{"NameEndsInNumber", "dev-libs/libxml2-2-2.9", "dev-libs/libxml2-2 2.9"},
        FolderCase{"NameWithPlus", "dev-cpp/gtkmm+-3.24.7", "dev-cpp/gtkmm+ 3.24.7"},
        FolderCase{"Letter", "dev-libs/openssl-1.0.2u-r1", "dev-libs/openssl 1.0.2u-r1"},
        FolderCase{"Suffixes", "app-editors/x-1.2_alpha3_p20200101",
                   "app-editors/x "
                   "1.2_alpha3_p20200101"},
        FolderCase{"SuffixWithoutNumber", "app-misc/x-1_rc-r2", "app-misc/x 1_rc-r2"},
        FolderCase{"Live", "app-misc/x-9999", "app-misc/x 9999"},
        FolderCase{"NoVersion", "app-misc/x", ""}, FolderCase{"OnlyAVersion", "app-misc/-1.0", ""},
        FolderCase{"OnlyARevision", "app-misc/x-r1", ""},
        FolderCase{"UnknownSuffix", "app-misc/x-1.0_final", ""},
        FolderCase{"TwoDots", "app-misc/x-1..0", ""}),
    [](const auto& info) { return info.param.name; });

TEST(PortageTest, AsksForItsFilesOnly) {
  EXPECT_EQ(WantedBy("var/db/pkg/sys-libs/glibc-2.38/CONTENTS"), "portage");
  // Virtual packages have no files.
  EXPECT_EQ(WantedBy("var/db/pkg/virtual/libc-1-r1/CONTENTS", 0), "portage");
  EXPECT_EQ(WantedBy("var/db/pkg/sys-libs/glibc-2.38/SLOT"), "");
  EXPECT_EQ(WantedBy("var/db/pkg/sys-libs/-MERGING-glibc-2.39/CONTENTS"), "");
  EXPECT_EQ(WantedBy("var/db/pkg/CONTENTS"), "");
  EXPECT_EQ(WantedBy("srv/var/db/pkg/sys-libs/glibc-2.38/CONTENTS"), "");
}

TEST(PortageTest, ListsOwnedFilesThatLanguageSourcesCouldAskFor) {
  const FileReading reading = ReadContents(
      "dev-python/six-1.16.0-r1",
      "dir /usr\n"
      "obj /usr/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA 0cc175b9 1700000000\n"
      "obj /usr/bin/a tool 0cc175b9 1700000000\n"
      "sym /usr/bin/b -> a tool 1700000000\n"
      "fif /run/x\ndev /dev/x\n");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kRecord);
  EXPECT_THAT(
      reading.owned,
      ElementsAre(OwnedFile{"usr/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA",
                            "dev-python/six"},
                  OwnedFile{"usr/bin/a tool", "dev-python/six"},
                  OwnedFile{"usr/bin/b", "dev-python/six"}));
}

// The package stands, whatever its list says.
TEST(PortageTest, BrokenListsFailAndKeepThePackage) {
  for (const char* bytes : {"{}\n", "obj /usr/bin/a\n", "sym /usr/bin/a 1\n", "obj", "dir /usr"}) {
    const FileReading reading = ReadContents("app-misc/x-1", bytes);
    EXPECT_EQ(reading.state, ReadingState::kFailed) << bytes;
    EXPECT_THAT(NamesOf(reading), ElementsAre("app-misc/x 1"));
  }
}

}  // namespace
}  // namespace landwaiter::packages
