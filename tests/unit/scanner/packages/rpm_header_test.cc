#include "scanner/packages/rpm_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/rpm_header_maker.h"

namespace landwaiter::packages {
namespace {

using landwaiter::testing::Big32;
using landwaiter::testing::HeaderBlob;
using landwaiter::testing::HeaderOf;
using landwaiter::testing::RpmFixture;
using landwaiter::testing::RpmHeaderMaker;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct PackageCase {
  const char* name;
  RpmFixture package;
  const char* version;
  const char* source;  // "name version"
  const char* module = "";
};

class RpmPackageTest : public ::testing::TestWithParam<PackageCase> {};

TEST_P(RpmPackageTest, IsWhatItsHeaderSays) {
  const std::string blob = HeaderBlob(GetParam().package);
  const auto header = ParseRpmHeader(blob);
  ASSERT_TRUE(header) << header.error().message;
  const Package package = MakeRpmPackage(*header);
  EXPECT_EQ(package.version, GetParam().version);
  EXPECT_EQ(package.source_name + " " + package.source_version, GetParam().source);
  EXPECT_EQ(package.module, GetParam().module);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RpmPackageTest,
    ::testing::Values(
        PackageCase{"NoEpochIsNotEpochZero",
                    {.source = "bash-5.1.8-6.el9.src.rpm"},
                    "5.1.8-6.el9",
                    "bash 5.1.8-6.el9"},
        PackageCase{"EpochZeroIsWritten",
                    {.epoch = 0, .source = "bash-5.1.8-6.el9.src.rpm"},
                    "0:5.1.8-6.el9",
                    "bash 0:5.1.8-6.el9"},
        // Pitfall 93: SOURCERPM has no epoch; the source package's is that of its binaries.
        PackageCase{"SourceHasTheEpochOfThePackage",
                    {.name = "openssl-libs",
                     .version = "3.0.7",
                     .release = "24.el9",
                     .epoch = 1,
                     .source = "openssl-3.0.7-24.el9.src.rpm"},
                    "1:3.0.7-24.el9",
                    "openssl 1:3.0.7-24.el9"},
        PackageCase{"SourceOfAnotherVersion",
                    {.name = "perl-libs", .source = "perl-5.32.1-480.el9.src.rpm"},
                    "5.1.8-6.el9",
                    "perl 5.32.1-480.el9"},
        PackageCase{"SourceNameWithDashes",
                    {.name = "x", .source = "java-11-openjdk-11.0.20-1.el8.src.rpm"},
                    "5.1.8-6.el9",
                    "java-11-openjdk 11.0.20-1.el8"},
        PackageCase{"SourceThatIsNotGivenOut",
                    {.name = "x", .source = "java-1.8.0-ibm-1.8.0-1.el7.nosrc.rpm"},
                    "5.1.8-6.el9",
                    "java-1.8.0-ibm 1.8.0-1.el7"},
        PackageCase{"WithoutSourceItIsItsOwn", {}, "5.1.8-6.el9", "bash 5.1.8-6.el9"},
        PackageCase{"SourceSaidToBeNone", {.source = "(none)"}, "5.1.8-6.el9", "bash 5.1.8-6.el9"},
        PackageCase{
            "SourceOfAForeignShape", {.source = "bash.src.rpm"}, "5.1.8-6.el9", "bash 5.1.8-6.el9"},
        PackageCase{
            "SourceWithBlanks", {.source = "a b-1-2.src.rpm"}, "5.1.8-6.el9", "bash 5.1.8-6.el9"},
        // Pitfall 105: Oracle's builds for FIPS and ksplice are told apart by their versions.
        PackageCase{"AFlavourStaysInTheVersion",
                    {.name = "gnutls",
                     .version = "3.6.16",
                     .release = "4.0.1.el8_fips",
                     .epoch = 10,
                     .source = "gnutls-3.6.16-4.0.1.el8_fips.src.rpm"},
                    "10:3.6.16-4.0.1.el8_fips",
                    "gnutls 10:3.6.16-4.0.1.el8_fips"},
        // Pitfall 95: what is compared is module and stream.
        PackageCase{"Module",
                    {.name = "nodejs", .module = "nodejs:12:8020020200326104117:4cda2c84"},
                    "5.1.8-6.el9",
                    "nodejs 5.1.8-6.el9",
                    "nodejs:12"},
        PackageCase{"ModuleAndStreamAlone",
                    {.name = "nodejs", .module = "nodejs:12"},
                    "5.1.8-6.el9",
                    "nodejs 5.1.8-6.el9",
                    "nodejs:12"},
        PackageCase{"ModuleWithoutStreamIsNone",
                    {.name = "nodejs", .module = "nodejs"},
                    "5.1.8-6.el9",
                    "nodejs 5.1.8-6.el9"}),
    [](const auto& info) { return info.param.name; });

// Pitfalls 98, 103: whose advisories speak of a package is told by architecture and vendor.
TEST(RpmPackageTest, TextsAreTaken) {
  const std::string blob = HeaderBlob({.vendor = "Red Hat, Inc.", .license = "GPLv3+ and \x1b[2J"});
  const auto header = ParseRpmHeader(blob);
  ASSERT_TRUE(header);
  const Package package = MakeRpmPackage(*header);
  EXPECT_EQ(package.type, "rpm");
  EXPECT_EQ(package.name, "bash");
  EXPECT_EQ(package.architecture, "x86_64");
  EXPECT_EQ(package.vendor, "Red Hat, Inc.");
  EXPECT_THAT(package.licenses, ElementsAre("GPLv3+ and ?[2J"));
}

TEST(RpmHeaderTest, TheLaterOfTwoTagsCounts) {
  const std::string blob =
      HeaderOf({}).Text(1001, "9.9").Numbers(1003, {3}).Numbers(1003, {4}).Build();
  const auto header = ParseRpmHeader(blob);
  ASSERT_TRUE(header);
  EXPECT_EQ(MakeRpmPackage(*header).version, "4:9.9-6.el9");
}

struct LieCase {
  const char* name;
  std::string blob;
  const char* says;
};

class RpmHeaderLieTest : public ::testing::TestWithParam<LieCase> {};

TEST_P(RpmHeaderLieTest, IsAnError) {
  const auto header = ParseRpmHeader(GetParam().blob);
  ASSERT_FALSE(header);
  EXPECT_THAT(header.error().message, HasSubstr(GetParam().says));
}

std::vector<LieCase> Lies() {
  const std::string good = HeaderBlob({});
  return {
      {"Empty", "", "only 0 bytes"},
      {"NoTags", Big32(0) + Big32(0), "claims 0 tags"},
      {"CutShort", good.substr(0, good.size() - 1), "bytes where it claims"},
      {"TooLong", good + "x", "bytes where it claims"},
      {"TooManyTags", Big32(0x10000) + good.substr(4), "claims 65536 tags"},
      {"HugeCounts", Big32(0xffffffff) + Big32(0xffffffff) + good.substr(8), "bytes where"},
      {"TextBeyondTheEnd", HeaderOf({}).Entry(1000, 6, 0x7fffffff, 1).Build(), "tag 1000 lies"},
      {"TextWithNegativeOffset", HeaderOf({}).Entry(1000, 6, 0xfffffff0, 1).Build(), "tag 1000"},
      {"TextWithoutEnd", HeaderOf({}).Raw(1002, 6, 1, "no end").Build(), "tag 1002 lies outside"},
      {"NameIsANumber", HeaderOf({}).Numbers(1000, {1}).Build(), "tag 1000 is no text"},
      {"EpochIsAText", HeaderOf({}).Text(1003, "1").Build(), "tag 1003 is no number"},
      {"EpochBeyondTheEnd", HeaderOf({}).Raw(1003, 4, 1, "12").Build(), "tag 1003 lies outside"},
      {"FilesThatAreNumbers", HeaderOf({}).Numbers(1117, {1}).Build(), "tag 1117 is of another"},
      {"MoreFilesThanBytes", HeaderOf({}).Raw(1117, 8, 5000, "a").Build(), "tag 1117 lies outside"},
      {"AMillionFiles", HeaderOf({}).Raw(1117, 8, 1'000'000, std::string(1'000'000, '\0')).Build(),
       "tag 1117 has too many"},
      {"IndexesBeyondTheEnd", HeaderOf({}).Raw(1116, 4, 2, "1234567").Build(), "tag 1116 lies"},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, RpmHeaderLieTest, ::testing::ValuesIn(Lies()),
                         [](const auto& info) { return info.param.name; });

Result<std::vector<std::string>> FilesOf(const std::string& blob) {
  const auto header = ParseRpmHeader(blob);
  if (!header) return header.error();
  std::vector<std::string> files;
  auto status = ForEachRpmFile(*header, [&](std::string_view path) {
    files.emplace_back(path);
    return true;
  });
  if (!status) return status.error();
  return files;
}

TEST(RpmFilesTest, AreFolderAndName) {
  const auto files =
      FilesOf(HeaderBlob({.files = {{"/usr/bin/", "bash"}, {"/etc/skel/", ".bashrc"}}}));
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_THAT(*files, ElementsAre("/usr/bin/bash", "/etc/skel/.bashrc"));
}

TEST(RpmFilesTest, FoldersAndLinksAreNone) {
  const auto files = FilesOf(HeaderOf({.files = {{"/", "a"}, {"/", "b"}, {"/", "c"}}})
                                 .Shorts(1030, {0040755, 0100644, 0120777})
                                 .Build());
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, ElementsAre("/b"));
}

TEST(RpmFilesTest, OfRpm3AreWholePaths) {
  const auto files = FilesOf(HeaderOf({}).Texts(1027, {"/bin/a", "/bin/b"}).Build());
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, ElementsAre("/bin/a", "/bin/b"));
}

TEST(RpmFilesTest, ListsThatDoNotFitAreAnError) {
  const std::vector<std::pair<std::string, std::string>> one = {{"/", "a"}};
  EXPECT_FALSE(FilesOf(HeaderOf({.files = one}).Texts(1117, {"a", "b"}).Build()));
  EXPECT_FALSE(FilesOf(HeaderOf({.files = one}).Numbers(1116, {1}).Build()));
  EXPECT_FALSE(FilesOf(HeaderOf({.files = one}).Raw(1117, 8, 1, "no end").Build()));
  EXPECT_FALSE(FilesOf(HeaderOf({}).Raw(1027, 8, 2, std::string("a\0b", 3)).Build()));
}

// A folder that is longer than any path may be is not copied a hundred thousand times.
TEST(RpmFilesTest, PathsAreBounded) {
  RpmHeaderMaker header = HeaderOf({});
  header.Numbers(1116, std::vector<std::uint32_t>(100'000, 0));
  header.Texts(1117, std::vector<std::string>(100'000, ""));
  header.Texts(1118, {std::string(1u << 20, 'd')});
  const auto files = FilesOf(header.Build());
  ASSERT_TRUE(files);
  EXPECT_TRUE(files->empty());
}

// "kind path", with the bytes of a hash counted, and "config" where it is one.
std::vector<std::string> RecordsOf(const std::string& blob) {
  std::vector<std::string> lines;
  const auto header = ParseRpmHeader(blob);
  EXPECT_TRUE(header);
  const Status read = ForEachRpmRecord(*header, [&](FileRecord record) {
    const char* const kinds[] = {"listed", "present", "md5", "sha1", "sha256", "other"};
    lines.push_back(std::string(kinds[static_cast<std::size_t>(record.kind)]) + " " + record.path +
                    (record.digest.empty() ? "" : " " + std::to_string(record.digest.size())) +
                    (record.config ? " config" : ""));
    EXPECT_EQ(record.package, "bash");
    return true;
  });
  if (!read) lines.push_back(read.error().message);
  return lines;
}

const std::string kSha(64, 'a');
const std::string kMd5(32, 'b');

RpmHeaderMaker TwoFiles(const std::string& digest) {
  return HeaderOf({.files = {{"/usr/bin/", "a"}, {"/etc/", "b"}}})
      .Shorts(1030, {0100755, 0100644})
      .Texts(1035, {digest, digest});
}

struct RecordCase {
  const char* name;
  std::string blob;
  std::vector<std::string> records;
};

class RpmRecordTest : public ::testing::TestWithParam<RecordCase> {};

TEST_P(RpmRecordTest, IsWhatTheHeaderSays) {
  EXPECT_EQ(RecordsOf(GetParam().blob), GetParam().records);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RpmRecordTest,
    ::testing::Values(
        RecordCase{"Md5WhereNoAlgorithmIsSaid",
                   TwoFiles(kMd5).Build(),
                   {"md5 /usr/bin/a 16", "md5 /etc/b 16"}},
        RecordCase{"Sha256",
                   TwoFiles(kSha).Numbers(5011, {8}).Build(),
                   {"sha256 /usr/bin/a 32", "sha256 /etc/b 32"}},
        RecordCase{"AnAlgorithmThatIsNotComputed",
                   TwoFiles(std::string(128, 'c')).Numbers(5011, {10}).Build(),
                   {"other /usr/bin/a", "other /etc/b"}},
        RecordCase{"ADigestOfAnotherLength",
                   TwoFiles(kMd5).Numbers(5011, {8}).Build(),
                   {"other /usr/bin/a", "other /etc/b"}},
        RecordCase{"AConfigurationFile",
                   TwoFiles(kMd5).Numbers(1037, {0, 1}).Build(),
                   {"md5 /usr/bin/a 16", "md5 /etc/b 16 config"}},
        RecordCase{"AGhost", TwoFiles(kMd5).Numbers(1037, {0, 64}).Build(), {"md5 /usr/bin/a 16"}},
        RecordCase{"AFileThatMayBeMissing",
                   TwoFiles(kMd5).Numbers(1037, {8, 0}).Build(),
                   {"md5 /etc/b 16"}},
        RecordCase{"AFileThatWasNotInstalled",
                   TwoFiles(kMd5).Raw(1029, 1, 2, std::string("\0\2", 2)).Build(),
                   {"md5 /usr/bin/a 16"}},
        RecordCase{"AFileWhoseContentIsNotVerified",
                   TwoFiles(kMd5).Numbers(1045, {0xfffffffe, 0xffffffff}).Build(),
                   {"present /usr/bin/a", "md5 /etc/b 16"}},
        RecordCase{
            "NoDigests", HeaderOf({.files = {{"/usr/bin/", "a"}}}).Build(), {"other /usr/bin/a"}},
        RecordCase{"DigestsThatBreakOff",
                   HeaderOf({.files = {{"/", "a"}}}).Raw(1035, 8, 1, "no end").Build(),
                   {"its list of digests breaks off"}},
        RecordCase{"StatesOutsideOfTheData",
                   HeaderOf({.files = {{"/", "a"}}}).Entry(1029, 1, 1u << 20, 1).Build(),
                   {"its tag 1029 lies outside its data"}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::packages
