#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kStatusPath[] = "var/lib/dpkg/status";

// Two stanzas as dpkg itself writes them.
constexpr char kStatus[] =
    "Package: libc6\n"
    "Status: install ok installed\n"
    "Priority: optional\n"
    "Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>\n"
    "Architecture: amd64\n"
    "Source: glibc\n"
    "Version: 2.36-9+deb12u10\n"
    "Description: GNU C Library: Shared libraries\n"
    " Contains the standard libraries that are used by nearly all programs on\n"
    " the system.\n"
    "\n"
    "Package: util-linux-extra\n"
    "Status: install ok installed\n"
    "Architecture: amd64\n"
    "Source: util-linux (2.38.1-5)\n"
    "Version: 2.38.1-5+b1\n"
    "Description: interactive login tools\n"
    "\n";

FileReading ReadStatus(std::string_view bytes) { return Read("dpkg", kStatusPath, bytes); }

TEST(DpkgTest, ListsWhatIsInstalled) {
  const FileReading reading = ReadStatus(kStatus);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kDatabase);
  EXPECT_THAT(NamesOf(reading),
              ElementsAre("libc6 2.36-9+deb12u10", "util-linux-extra 2.38.1-5+b1"));
  EXPECT_EQ(reading.packages[0].type, "deb");
  EXPECT_EQ(reading.packages[0].architecture, "amd64");
  EXPECT_EQ(reading.packages[0].path, kStatusPath);
  EXPECT_EQ(reading.packages[0].found_by, "dpkg");
}

// Pitfall 63: advisories are keyed by the source, whose version may be another.
TEST(DpkgTest, TakesSourceAndItsVersion) {
  const FileReading reading = ReadStatus(kStatus);
  EXPECT_EQ(reading.packages[0].source_name, "glibc");
  EXPECT_EQ(reading.packages[0].source_version, "2.36-9+deb12u10");
  EXPECT_EQ(reading.packages[1].source_name, "util-linux");
  EXPECT_EQ(reading.packages[1].source_version, "2.38.1-5");
}

// Pitfall 72: packages that others than the distribution built.
TEST(DpkgTest, PitfallWhoBuiltAPackageIsTakenWhereItIsTold) {
  struct Case {
    const char* name;
    std::string fields;
    std::string vendor;
  };
  const Case cases[] = {
      {"nothing is told", "", ""},
      {"a team of Debian's", "Maintainer: Debian X <x@lists.debian.org>\n", ""},
      {"a person who maintains a package of Debian's", "Maintainer: A B <a.b@example.com>\n", ""},
      {"Docker's own", "Maintainer: Docker <support@docker.com>\n", "Docker"},
      {"somebody of NodeSource's", "Maintainer: A B <a@nodesource.com>\n", "NodeSource"},
      {"an address without brackets, in capitals", "Maintainer: A@NGINX.com\n", "NGINX"},
      {"an address that only ends alike", "Maintainer: A <a@not-nginx.com>\n", ""},
      {"fpm's Vendor", "Vendor: Example Ltd\nMaintainer: <a@b>\n", "Example Ltd"},
      {"fpm's word for nobody", "Vendor: none\n", ""},
      {"an Origin goes before a Vendor", "Origin: Proxmox\nVendor: x\n", "Proxmox"},
      {"brackets that do not close", "Maintainer: x <\n", ""},
  };
  for (const Case& c : cases) {
    const FileReading reading = ReadStatus("Package: nginx\nStatus: install ok installed\n" +
                                           c.fields + "Version: 1-1\n\n");
    ASSERT_EQ(reading.packages.size(), 1u) << c.name << ": " << reading.reason;
    EXPECT_EQ(reading.packages[0].vendor, c.vendor) << c.name;
  }
}

struct StatusCase {
  const char* name;
  const char* status;
  bool installed;
};

class DpkgStatusTest : public testing::TestWithParam<StatusCase> {};

// Pitfall 64: deinstalled, purged and half-installed packages are not there; held ones are.
TEST_P(DpkgStatusTest, CountsAsInstalled) {
  const std::string stanza = "Package: a\n" + std::string(GetParam().status) + "Version: 1\n\n";
  const FileReading reading = ReadStatus(stanza);
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.packages.size(), GetParam().installed ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DpkgStatusTest,
    testing::Values(StatusCase{"Installed", "Status: install ok installed\n", true},
                    StatusCase{"Held", "Status: hold ok installed\n", true},
                    StatusCase{"ToBeRemoved", "Status: deinstall reinstreq installed\n", true},
                    StatusCase{"ToBePurged", "Status: purge ok installed\n", true},
                    StatusCase{"Unpacked", "Status: install ok unpacked\n", true},
                    StatusCase{"HalfConfigured", "Status: install ok half-configured\n", true},
                    StatusCase{"AwaitsTriggers", "Status: install ok triggers-awaited\n", true},
                    StatusCase{"HalfInstalled", "Status: install reinstreq half-installed\n",
                               false},
                    StatusCase{"ConfigFilesLeft", "Status: deinstall ok config-files\n", false},
                    StatusCase{"NotInstalled", "Status: purge ok not-installed\n", false},
                    StatusCase{"WithoutStatus", "", true}),
    [](const auto& info) { return info.param.name; });

struct BrokenCase {
  const char* name;
  const char* bytes;
  const char* reason;
};

class BrokenDpkgTest : public testing::TestWithParam<BrokenCase> {};

// Pitfall 159: a database that cannot be read is never an empty list.
TEST_P(BrokenDpkgTest, FailsNamingFileAndFault) {
  const FileReading reading = ReadStatus(GetParam().bytes);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("var/lib/dpkg/status: "));
  EXPECT_THAT(reading.reason, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenDpkgTest,
    testing::Values(
        BrokenCase{"NoFields", "asdf\n\nyolo\n", "line 1 is no \"Field: value\""},
        BrokenCase{"NoPackage", "Status: install ok installed\nVersion: 1\n\n", "without Package"},
        BrokenCase{"NoVersion", "Package: a\nStatus: install ok installed\n\n", "no Version"},
        BrokenCase{"NameOnlyAtTheEnd", "Package: a\n", "no Version"},
        BrokenCase{"CutWithinALine", "Package: a\nVersion: 1", "breaks off"},
        BrokenCase{"FieldTwice", "Package: a\nPackage: b\nVersion: 1\n\n", "line 2 repeats"},
        BrokenCase{"ContinuationFirst", " x\n", "line 1 continues"},
        BrokenCase{"ControlCharacterInName", "Package: a\x1b[31m\nVersion: 1\n\n", "printable"},
        BrokenCase{"BlankInVersion", "Package: a\nVersion: 1 2\n\n", "version \"1 2\""},
        BrokenCase{"SourceWithoutName", "Package: a\nSource: (1)\nVersion: 1\n\n", "Source"}),
    [](const auto& info) { return info.param.name; });

TEST(DpkgTest, KeepsWhatStandsBesideAFault) {
  const FileReading reading =
      ReadStatus("Package: a\nVersion: 1\n\nbroken\n\nPackage: b\nVersion: 2\n\n");
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(NamesOf(reading), ElementsAre("a 1", "b 2"));
}

TEST(DpkgTest, EmptyDatabaseIsAnAnswer) {
  EXPECT_EQ(ReadStatus("").state, ReadingState::kRead);
  EXPECT_THAT(ReadStatus("").packages, IsEmpty());
}

// A database cut anywhere has failed, or has lost nothing of the stanzas that it still names.
TEST(DpkgTest, CutAnywhereIsNeverSilentlyShort) {
  const std::string whole = kStatus;
  const std::size_t first_end = whole.find("\n\n") + 2;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const FileReading reading = ReadStatus(whole.substr(0, size));
    if (reading.state == ReadingState::kFailed) continue;
    const std::size_t expected = size == 0 ? 0 : (size <= first_end ? 1 : 2);
    EXPECT_EQ(reading.packages.size(), expected) << "cut at " << size;
    if (expected == 2) {
      EXPECT_EQ(reading.packages[1].source_version, "2.38.1-5") << "cut at " << size;
    }
  }
}

// Pitfall 68: lines may be long.
TEST(DpkgTest, ReadsLongLines) {
  const FileReading reading =
      ReadStatus("Package: a\nProvides: " + std::string(1 << 20, 'x') + "\nVersion: 1\n\n");
  EXPECT_THAT(NamesOf(reading), ElementsAre("a 1"));
}

TEST(DpkgTest, RefusesMorePackagesThanAnyArchiveHas) {
  std::string bytes;
  for (int i = 0; i < 100'001; ++i) bytes += "Package: a\nVersion: 1\n\n";
  EXPECT_THAT(ReadStatus(bytes).reason, HasSubstr("more than 100000 packages"));
}

// Pitfall 55: distroless images have one file a package, with lists of files beside them.
TEST(DpkgTest, ReadsDistrolessRecords) {
  EXPECT_EQ(WantedBy("var/lib/dpkg/status.d/libssl3"), "dpkg");
  EXPECT_EQ(WantedBy("var/lib/dpkg/status.d/base-files.preinst"), "");
  const FileReading record =
      Read("dpkg", "var/lib/dpkg/status.d/libssl3",
           "Package: libssl3\nSource: openssl\nVersion: 3.0.1-1\nArchitecture: amd64\n");
  EXPECT_EQ(record.kind, ReadingKind::kRecord);
  EXPECT_THAT(NamesOf(record), ElementsAre("libssl3 3.0.1-1"));
  const FileReading empty = Read("dpkg", "var/lib/dpkg/status.d/libssl3", "");
  EXPECT_EQ(empty.state, ReadingState::kFailed);
}

// Pitfall 67: one package for two architectures is two packages.
TEST(DpkgTest, ListsEachArchitectureOfAPackage) {
  const FileReading reading = ReadStatus(
      "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n\n"
      "Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.36-9\n\n");
  ASSERT_EQ(reading.packages.size(), 2u);
  EXPECT_EQ(reading.packages[0].architecture, "amd64");
  EXPECT_EQ(reading.packages[1].architecture, "i386");
}

// Pitfall 157: names are data; whatever they hold, they reach the inventory printable or not at
// all.
TEST(DpkgTest, HostileNamesStayNames) {
  EXPECT_THAT(NamesOf(ReadStatus("Package: $(id)`x`;rm\nVersion: 1\n\n")),
              ElementsAre("$(id)`x`;rm 1"));
  for (const char* name : {"a\x1b]0;x\x07",
                           "a\xe2\x80\xae"
                           "b",
                           "a\tb"}) {
    const FileReading reading = ReadStatus("Package: " + std::string(name) + "\nVersion: 1\n\n");
    EXPECT_EQ(reading.state, ReadingState::kFailed);
    EXPECT_THAT(reading.packages, IsEmpty());
    EXPECT_EQ(reading.reason.find('\x1b'), std::string::npos);
    EXPECT_EQ(reading.reason.find("\xe2\x80\xae"), std::string::npos);
  }
}

TEST(DpkgTest, ListsOwnedFilesThatLanguageSourcesCouldAskFor) {
  const FileReading list = Read("dpkg", "var/lib/dpkg/info/python3-six:all.list",
                                "/.\n/usr\n/usr/lib/python3/dist-packages/six.py\n"
                                "/usr/lib/python3/dist-packages/six-1.16.0.egg-info\n"
                                "/usr/share/doc/python3-six/copyright\n");
  EXPECT_EQ(list.kind, ReadingKind::kOwnership);
  EXPECT_THAT(list.owned, ElementsAre(OwnedFile{"usr/lib/python3/dist-packages/six-1.16.0.egg-info",
                                                "python3-six"}));
  // Pitfall 67: a list may be of one architecture.
  for (const char* path :
       {"var/lib/dpkg/status.d/tool.md5sums", "var/lib/dpkg/info/tool:amd64.md5sums"}) {
    const FileReading sums = Read("dpkg", path, "d41d8cd98f00b204e9800998ecf8427e  usr/bin/tool\n");
    EXPECT_EQ(sums.kind, ReadingKind::kOwnership);
    EXPECT_THAT(sums.owned, ElementsAre(OwnedFile{"usr/bin/tool", "tool"}));
  }
}

TEST(DpkgTest, ListsOfFilesAreBounded) {
  std::string list;
  for (int i = 0; i < 100'001; ++i) list += "/usr/bin/a\n";
  const FileReading reading = Read("dpkg", "var/lib/dpkg/info/a.list", list);
  EXPECT_EQ(reading.state, ReadingState::kFailed);
  EXPECT_THAT(reading.reason, HasSubstr("lists more than 100000"));
}

TEST(DpkgTest, AsksForItsFilesOnly) {
  EXPECT_EQ(WantedBy(kStatusPath), "dpkg");
  EXPECT_EQ(WantedBy("var/lib/dpkg/status-old"), "");
  EXPECT_EQ(WantedBy("var/lib/dpkg/info/a.list"), "dpkg");
  EXPECT_EQ(WantedBy("var/lib/dpkg/info/a:amd64.md5sums"), "dpkg");
  EXPECT_EQ(WantedBy("var/lib/dpkg/info/a.postinst"), "");
  EXPECT_EQ(WantedBy("srv/var/lib/dpkg/status"), "");
}

}  // namespace
}  // namespace landwaiter::packages
