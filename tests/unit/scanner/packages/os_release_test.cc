#include "scanner/packages/os_release.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace landwaiter::packages {
namespace {

using testing::HasSubstr;

struct OsCase {
  const char* name;
  const char* content;
  const char* family;
  const char* version;
  const char* codename;
};

class OsReleaseTest : public testing::TestWithParam<OsCase> {};

TEST_P(OsReleaseTest, Names) {
  const auto os = ParseOsRelease(GetParam().content);
  ASSERT_TRUE(os) << os.error().message;
  EXPECT_EQ(os->family, GetParam().family);
  EXPECT_EQ(os->version, GetParam().version);
  EXPECT_EQ(os->codename, GetParam().codename);
}

INSTANTIATE_TEST_SUITE_P(
    Table, OsReleaseTest,
    testing::Values(OsCase{"Debian",
                           "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\n"
                           "VERSION_CODENAME=bookworm\nID=debian\n",
                           "debian", "12", "bookworm"},
                    OsCase{"CommentsBlanksAndCarriageReturns",
                           "# ID=no\r\n\r\n ID=\"almalinux\"\r\n", "almalinux", "", ""},
                    OsCase{"EscapedQuotes", "ID=a\nVERSION_ID=\"1\\\"2\"\n", "a", "1\"2", ""},
                    OsCase{"TheLastAssignmentCounts", "ID=a\nID=b\n", "b", "", ""},
                    OsCase{"NoNewlineAtTheEnd", "ID=debian\nVERSION_ID=12", "debian", "12", ""},
                    OsCase{"UpperCaseId", "ID=Debian\n", "debian", "", ""}),
    [](const auto& info) { return info.param.name; });

TEST(OsReleaseErrorTest, WithoutIdTheSystemIsUnknown) {
  for (const char* content : {"", "NAME=x\n", "ID=\n", "garbage"}) {
    const auto os = ParseOsRelease(content);
    ASSERT_FALSE(os) << content;
    EXPECT_THAT(os.error().message, HasSubstr("os-release has no ID"));
  }
  EXPECT_FALSE(ParseOsRelease("ID=\"a b\"\n"));
  EXPECT_FALSE(ParseOsRelease("ID=../../x\n"));
  EXPECT_FALSE(ParseOsRelease(std::string(kMaxSystemFileBytes + 1, '\n')));
}

TEST(OsReleaseErrorTest, ValuesAreBoundedAndPrintable) {
  const auto os = ParseOsRelease("ID=a\nPRETTY_NAME=\"\x1b[2J" + std::string(5000, 'x') + "\"\n");
  ASSERT_TRUE(os);
  EXPECT_EQ(os->pretty_name.find('\x1b'), std::string::npos);
  EXPECT_LE(os->pretty_name.size(), 256u);
}

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh\nbad:x:-1:0::/:\n"
    "toor:x:0:0::/:\n1234:x:0:0::/:\nshort:x\n";

struct UserCase {
  const char* name;
  const char* user;
  std::optional<std::uint64_t> uid;
};

class UserTest : public testing::TestWithParam<UserCase> {};

TEST_P(UserTest, HasUid) { EXPECT_EQ(ResolveUid(GetParam().user, kPasswd), GetParam().uid); }

INSTANTIATE_TEST_SUITE_P(
    Table, UserTest,
    testing::Values(
        UserCase{"NoneIsRoot", "", 0}, UserCase{"Root", "root", 0}, UserCase{"ByName", "app", 1000},
        UserCase{"ByNameAndGroup", "app:staff", 1000}, UserCase{"Number", "1001", 1001},
        UserCase{"NumberAndGroup", "1001:0", 1001}, UserCase{"GroupAloneIsRoot", ":1000", 0},
        UserCase{"RootByAnotherName", "toor", 0}, UserCase{"NumberIsNeverAName", "1234", 1234},
        UserCase{"PaddedZero", "0000", 0}, UserCase{"Unknown", "nobody", std::nullopt},
        UserCase{"BrokenUid", "bad", std::nullopt}, UserCase{"ShortLine", "short", std::nullopt},
        UserCase{"Negative", "-1", std::nullopt},
        UserCase{"TooLarge", "99999999999", std::nullopt}),
    [](const auto& info) { return info.param.name; });

TEST(UserWithoutPasswdTest, NamesCannotBeTold) {
  EXPECT_EQ(ResolveUid("app", std::nullopt), std::nullopt);
  EXPECT_EQ(ResolveUid("root", std::nullopt), 0u);
  EXPECT_EQ(ResolveUid("65532", std::nullopt), 65532u);
}

TEST(SystemFileTest, AreThoseTheMergeReads) {
  EXPECT_TRUE(IsSystemFile("etc/os-release"));
  EXPECT_TRUE(IsSystemFile("usr/lib/os-release"));
  EXPECT_TRUE(IsSystemFile("etc/passwd"));
  EXPECT_FALSE(IsSystemFile("etc/shadow"));
  EXPECT_EQ(OsReleasePaths().front(), "etc/os-release");
}

}  // namespace
}  // namespace landwaiter::packages
