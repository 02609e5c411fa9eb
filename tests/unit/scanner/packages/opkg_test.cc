#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kStatusPath[] = "usr/lib/opkg/status";

constexpr char kStatus[] =
    "Package: libuci20130104\n"
    "Version: 2023.08.10~5781664d-r1\n"
    "Depends: libc, libubox20240329\n"
    "Status: install ok installed\n"
    "Architecture: x86_64\n"
    "Installed-Time: 1732000000\n"
    "\n"
    "Package: busybox\n"
    "Version: 1.36.1-r2\n"
    "Status: install user installed\n"
    "Architecture: x86_64\n"
    "Conffiles:\n"
    " /etc/syslog.conf 0\n"
    "\n";

FileReading ReadStatus(std::string_view bytes) { return Read("opkg", kStatusPath, bytes); }

TEST(OpkgTest, ListsWhatIsInstalled) {
  const FileReading reading = ReadStatus(kStatus);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kDatabase);
  EXPECT_THAT(NamesOf(reading),
              ElementsAre("libuci20130104 2023.08.10~5781664d-r1", "busybox 1.36.1-r2"));
  EXPECT_EQ(reading.packages[0].type, "opkg");
  EXPECT_EQ(reading.packages[0].architecture, "x86_64");
  EXPECT_EQ(reading.packages[0].source_name, "libuci20130104");
}

// OpenEmbedded writes a recipe there, OpenWrt a path: neither is a package.
TEST(OpkgTest, TakesNoSourceFromTheStatus) {
  const FileReading reading = ReadStatus(
      "Package: a\nVersion: 1-r0\nSource: busybox_1.36.1.bb\nStatus: install ok installed\n\n");
  EXPECT_EQ(reading.packages[0].source_name, "a");
  EXPECT_EQ(reading.packages[0].source_version, "1-r0");
}

TEST(OpkgTest, AsksForTheFilesOfEachDistribution) {
  EXPECT_EQ(WantedBy("usr/lib/opkg/status"), "opkg");
  EXPECT_EQ(WantedBy("var/lib/opkg/status"), "opkg");
  EXPECT_EQ(WantedBy("opt/lib/opkg/status"), "opkg");
  EXPECT_EQ(WantedBy("var/lib/opkg/info/a.list"), "opkg");
  EXPECT_EQ(WantedBy("opt/lib/opkg/info/a.list"), "opkg");
  EXPECT_EQ(WantedBy("var/lib/opkg/info/a.control"), "");
  EXPECT_EQ(WantedBy("var/lib/opkg/lists/base"), "");
}

struct StatusCase {
  const char* name;
  const char* status;
  bool installed;
};

class OpkgStatusTest : public testing::TestWithParam<StatusCase> {};

// Pitfall 64, as opkg writes it: what counts is whether the files are there.
TEST_P(OpkgStatusTest, SaysWhetherItIsInstalled) {
  const FileReading reading =
      ReadStatus("Package: a\nVersion: 1\n" + std::string(GetParam().status) + "\n");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.packages.size(), GetParam().installed ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, OpkgStatusTest,
    testing::Values(StatusCase{"Installed", "Status: install ok installed\n", true},
                    StatusCase{"ByTheUser", "Status: install user installed\n", true},
                    StatusCase{"Held", "Status: install hold installed\n", true},
                    StatusCase{"Unpacked", "Status: install ok unpacked\n", true},
                    StatusCase{"ItsScriptFailed", "Status: install ok post-inst-failed\n", true},
                    StatusCase{"RemovalFailed", "Status: deinstall ok removal-failed\n", true},
                    StatusCase{"NotInstalled", "Status: purge ok not-installed\n", false},
                    StatusCase{"ConfigFilesLeft", "Status: deinstall ok config-files\n", false},
                    StatusCase{"HalfInstalled", "Status: install ok half-installed\n", false},
                    StatusCase{"WithoutStatus", "", true}),
    [](const auto& info) { return info.param.name; });

TEST(OpkgTest, BrokenDatabasesFail) {
  EXPECT_THAT(ReadStatus("asdf\n\nyolo\n").reason, HasSubstr("line 1 is no \"Field: value\""));
  EXPECT_THAT(ReadStatus("Version: 1\n\n").reason, HasSubstr("without Package"));
  EXPECT_THAT(ReadStatus("Package: a\nStatus: install ok installed\n\n").reason,
              HasSubstr("no Version"));
  EXPECT_THAT(ReadStatus("Package: a\nVersion: 1\n").reason, HasSubstr("without Status"));
  EXPECT_THAT(ReadStatus("Package: a\nVersion: 1").reason, HasSubstr("breaks off"));
}

TEST(OpkgTest, CutAnywhereIsNeverSilentlyShort) {
  const std::string whole = kStatus;
  const std::size_t first_end = whole.find("\n\n") + 2;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const FileReading reading = ReadStatus(whole.substr(0, size));
    if (reading.state == ReadingState::kFailed) continue;
    const std::size_t expected = size == 0 ? 0 : (size <= first_end ? 1 : 2);
    EXPECT_EQ(reading.packages.size(), expected) << "cut at " << size;
  }
}

TEST(OpkgTest, ListsOwnedFilesThatLanguageSourcesCouldAskFor) {
  const FileReading reading = Read("opkg", "usr/lib/opkg/info/python3-six.list",
                                   "/usr/lib/python3.11/site-packages/six.py\n"
                                   "/usr/lib/python3.11/site-packages/six-1.16.dist-info/METADATA\n"
                                   "/usr/bin/six\t0755\n");
  EXPECT_EQ(reading.kind, ReadingKind::kOwnership);
  EXPECT_THAT(reading.owned,
              ElementsAre(OwnedFile{"usr/lib/python3.11/site-packages/six-1.16.dist-info/METADATA",
                                    "python3-six"},
                          OwnedFile{"usr/bin/six", "python3-six"}));
}

}  // namespace
}  // namespace landwaiter::packages
