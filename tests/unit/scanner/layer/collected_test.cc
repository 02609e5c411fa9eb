// What is collected of the final tree for policies' rules: which files, under which names, and that
// nothing is left out silently.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/scanner/layer/merging.h"

namespace landwaiter::layer {
namespace {

// "path mode layer", and "-> target" where links lead there.
std::vector<std::string> Files(const MergedImage& image) {
  std::vector<std::string> lines;
  for (const CollectedFile& file : image.files) {
    std::string line = file.path;
    if (file.kind != CollectedKind::kSymlink) {
      line += " " + testing::Octal(file.mode, 4) + " " + std::to_string(file.layer);
    }
    if (!file.leads_to.empty()) line += " -> " + file.leads_to;
    lines.push_back(std::move(line));
  }
  return lines;
}

Collection Wishing(std::vector<FileWish> wishes) {
  Collection collection;
  for (FileWish& wish : wishes) EXPECT_TRUE(collection.Add({.files = {std::move(wish)}}));
  return collection;
}

struct FileCase {
  const char* name;
  std::vector<Tar> layers;
  std::vector<FileWish> wishes;
  std::vector<std::string> files;
};

class CollectedFilesTest : public ::testing::TestWithParam<FileCase> {};

TEST_P(CollectedFilesTest, AreThoseOfTheFinalTree) {
  auto image = MergeTwice(GetParam().layers, Wishing(GetParam().wishes));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(Files(*image), GetParam().files);
  const Coverage* coverage = Find(*image, kFilesCoverage);
  ASSERT_NE(coverage, nullptr);
  EXPECT_EQ(coverage->state, CoverageState::kRead) << coverage->reason;
}

INSTANTIATE_TEST_SUITE_P(
    Table, CollectedFilesTest,
    ::testing::Values(
        FileCase{"ThatMatchAPattern",
                 {Tar().File("etc/shadow", "x", 0640).File("etc/hosts", "")},
                 {{"etc/sh*"}},
                 {"etc/shadow 0640 0"}},
        FileCase{"ThatNobodyWants", {Tar().File("etc/hosts", "")}, {{"etc/shadow"}}, {}},
        FileCase{"OfTheLastLayerThatWroteIt",
                 {Tar().File("a", "1", 0600), Tar().File("a", "2", 0644)},
                 {{"a"}},
                 {"a 0644 1"}},
        FileCase{"ButNotThoseThatAreDeleted",
                 {Tar().File("d/a", "").File("d/b", ""), Tar().Whiteout("d", "a")},
                 {{"d/*"}},
                 {"d/b 0644 0"}},
        FileCase{"NorThoseBehindAnOpaqueFolder",
                 {Tar().File("d/a", ""), Tar().Opaque("d").File("d/b", "")},
                 {{"**"}},
                 {"d/b 0644 1"}},
        FileCase{
            "NorOneThatAFolderReplaces", {Tar().File("a", ""), Tar().Folder("a")}, {{"a"}}, {}},
        FileCase{"TheSpecialOnesAlone",
                 {Tar()
                      .File("bin/su", "x", 04755)
                      .File("bin/wall", "x", 02755)
                      .File("bin/ls", "x", 0755)
                      .File("data", "x", 0666)},
                 {{"**", true}},
                 {"bin/su 4755 0", "bin/wall 2755 0", "data 0666 0"}},
        FileCase{"ALinkThatLeadsNowhereByItself",
                 {Tar().Symlink("etc/x", "gone")},
                 {{"etc/x"}},
                 {"etc/x -> gone"}},
        FileCase{"WhatALinkLeadsTo",
                 {Tar().File("usr/bin/dash", "x", 0755).Symlink("usr/bin/sh", "dash")},
                 {{"usr/bin/sh"}},
                 {"usr/bin/sh 0755 0 -> usr/bin/dash"}},
        FileCase{"WhatStandsBehindALinkOfAFolder",
                 {Tar().Symlink("bin", "usr/bin").File("usr/bin/su", "x", 04755)},
                 {{"bin/s?"}},
                 {"bin/su 4755 0 -> usr/bin/su"}},
        FileCase{
            "WhatALayerWritesThroughALink",
            {Tar().Symlink("bin", "usr/bin").Folder("usr/bin"), Tar().File("bin/su", "x", 04755)},
            {{"usr/bin/su"}},
            {"usr/bin/su 4755 1"}},
        FileCase{"BothAtOnce",
                 {Tar().Symlink("bin", "usr/bin").Symlink("sbin", "bin"),
                  Tar().File("sbin/su", "x", 04755)},
                 {{"bin/su"}},
                 {"bin/su 4755 1 -> usr/bin/su"}},
        FileCase{"AHardLinkUnderItsOwnName",
                 {Tar().File("store/1", "x", 04755).HardLink("bin/su", "store/1")},
                 {{"bin/su"}},
                 {"bin/su 4755 0"}},
        FileCase{"AHardLinkWhoseFirstNameIsGone",
                 {Tar().File("store/1", "x", 04755).HardLink("bin/su", "store/1"),
                  Tar().Whiteout("store", "1")},
                 {{"**", true}},
                 {"bin/su 4755 0"}},
        FileCase{"APathThatStepsAboveTheRoot",
                 {Tar().File("../../etc/shadow", "x", 0600)},
                 {{"etc/shadow"}},
                 {"etc/shadow 0600 0"}},
        FileCase{"ALinkThatStepsAboveTheRoot",
                 {Tar().File("etc/shadow", "x", 0600).Symlink("s", "../../../etc/shadow")},
                 {{"s"}},
                 {"s 0600 0 -> etc/shadow"}},
        FileCase{"ALinkToItself", {Tar().Symlink("s", "s")}, {{"s"}}, {"s -> s"}}),
    [](const auto& info) { return info.param.name; });

TEST(CollectedFiles, HaveTheirHashAndTheFirstLineOfEachExpression) {
  const Collection collection = Wishing({{"a", false, true, {"^root:", "absent", "x$"}}});
  auto image = MergeTwice({Tar().File("a", "one x\nroot: y\nroot: x\n")}, collection);
  ASSERT_TRUE(image) << image.error().message;
  ASSERT_EQ(image->files.size(), 1u);
  const CollectedFile& file = image->files[0];
  EXPECT_EQ(file.sha256, Sha256::Of("one x\nroot: y\nroot: x\n").Hex());
  // Of the sorted list: "^root:", "absent", "x$".
  EXPECT_EQ(file.matches, (std::vector<LineMatch>{{0, 2}, {2, 1}}));
  EXPECT_EQ(file.unread, "");
}

TEST(CollectedFiles, AreSearchedByLinesNotByWordsNorOverTheirEnds) {
  const Collection collection =
      Wishing({{"a", false, false, {"PermitRootLogin yes", "no\\s+yes"}}});
  auto image = MergeTwice({Tar().File("a", "# x\n  PermitRootLogin yes  \nno\nyes\n")}, collection);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->files.at(0).matches, (std::vector<LineMatch>{{0, 2}}));
}

TEST(CollectedFiles, ThatAreTooLongForTheirLinesSaySo) {
  auto image = MergeTwice({Tar().File("a", std::string(kMaxLinesBytes + 1, '\n'))},
                          Wishing({{"a", false, true, {"x"}}}));
  ASSERT_TRUE(image);
  EXPECT_NE(image->files.at(0).unread, "");
  EXPECT_NE(image->files.at(0).sha256, "") << "it is hashed as it goes by";
}

TEST(CollectedFiles, KnowTheExtendedAttributeOfCapabilities) {
  const std::string record =
      testing::PaxRecord("SCHILY.xattr.security.capability", std::string("\1\0\0\2", 4));
  auto image = MergeTwice({Tar().Pax(record).File("bin/ping", "x", 0755)}, Wishing({{"**", true}}));
  ASSERT_TRUE(image) << image.error().message;
  ASSERT_EQ(image->files.size(), 1u);
  EXPECT_TRUE(image->files[0].capabilities);
}

TEST(CollectedFiles, BeyondTheirNumberAreToldNotLeftOut) {
  Tar tar;
  for (std::size_t i = 0; i <= kMaxCollectedFiles; ++i) tar.File("d/" + std::to_string(i), "");
  auto image = MergeTwice({tar}, Wishing({{"d/*"}}));
  ASSERT_TRUE(image);
  EXPECT_EQ(image->files.size(), kMaxCollectedFiles);
  EXPECT_EQ(Find(*image, kFilesCoverage)->state, CoverageState::kFailed);
}

TEST(CollectedFiles, WithoutAWishAreNone) {
  auto image = MergeTwice({Tar().File("bin/su", "x", 04755)}, {});
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->files.empty());
  EXPECT_EQ(Find(*image, kFilesCoverage), nullptr);
  EXPECT_EQ(Find(*image, kSecretsCoverage), nullptr);
}

struct PasswdCase {
  const char* name;
  std::vector<Tar> layers;
  std::vector<std::string> users;  // empty with `there` false: no file
  std::vector<std::uint64_t> malformed = {};
  bool there = true;
};

class CollectedPasswdTest : public ::testing::TestWithParam<PasswdCase> {};

TEST_P(CollectedPasswdTest, IsThatOfTheFinalTree) {
  auto image = MergeTwice(GetParam().layers, {.passwd = true});
  ASSERT_TRUE(image) << image.error().message;
  ASSERT_EQ(image->passwd_file.has_value(), GetParam().there);
  if (!GetParam().there) return;
  std::vector<std::string> users;
  for (const PasswdEntry& entry : image->passwd_file->entries) {
    users.push_back(entry.name + " " + std::to_string(entry.uid) + " " + std::to_string(entry.gid) +
                    " " + entry.shell);
  }
  EXPECT_EQ(users, GetParam().users);
  EXPECT_EQ(image->passwd_file->malformed, GetParam().malformed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CollectedPasswdTest,
    ::testing::Values(
        PasswdCase{"AsWritten",
                   {Tar().File("etc/passwd", "root:x:0:0:r:/root:/bin/bash\nd:*:1:2::/:\n")},
                   {"root 0 0 /bin/bash", "d 1 2 /bin/sh"}},
        PasswdCase{"OfALaterLayer",
                   {Tar().File("etc/passwd", "root:x:0:0:::\n"),
                    Tar().File("etc/passwd", "toor:x:0:0:::/bin/sh\n")},
                   {"toor 0 0 /bin/sh"}},
        PasswdCase{"WithCommentsAndBlankLines",
                   {Tar().File("etc/passwd", "# x\n\n \nroot:x:0:0:::/bin/sh\r\n")},
                   {"root 0 0 /bin/sh"}},
        PasswdCase{"WithLinesThatAreNone",
                   {Tar().File("etc/passwd",
                               "root:x:0:0\n:x:0:0:::\na:x:-1:0:::\nb:x:4294967296:0:::\n"
                               "c:x:1:x:::\n+::::::\nok:x:1:1:::/bin/sh\n")},
                   {"ok 1 1 /bin/sh"},
                   {1, 2, 3, 4, 5, 6}},
        PasswdCase{"BehindALink",
                   {Tar()
                        .File("usr/etc/p", "root:x:0:0:::/bin/sh\n")
                        .Symlink("etc/passwd", "../usr/etc/p")},
                   {"root 0 0 /bin/sh"}},
        PasswdCase{"Missing", {Tar().File("etc/group", "")}, {}, {}, false},
        PasswdCase{"Deleted",
                   {Tar().File("etc/passwd", "root:x:0:0:::\n"), Tar().Whiteout("etc", "passwd")},
                   {},
                   {},
                   false}),
    [](const auto& info) { return info.param.name; });

TEST(CollectedPasswd, WithTooManyLinesIsToldNotCut) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxPasswdEntries; ++i) text += "u:x:1:1:::\n";
  auto image = MergeTwice({Tar().File("etc/passwd", text)}, {.passwd = true});
  ASSERT_TRUE(image);
  EXPECT_FALSE(image->passwd_file);
  EXPECT_EQ(Find(*image, kPasswdCoverage)->state, CoverageState::kFailed);
}

// "rule path line layer", and "gone" where no container sees it.
std::vector<std::string> Secrets(const MergedImage& image) {
  std::vector<std::string> lines;
  for (const SecretFound& secret : image.secrets) {
    lines.push_back(secret.rule + " " + secret.path + " " + std::to_string(secret.line) + " " +
                    std::to_string(secret.layer) + (secret.final ? "" : " gone"));
  }
  return lines;
}

const std::string kToken = std::string("ghp_") + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";

struct SecretCase {
  const char* name;
  std::vector<Tar> layers;
  std::vector<std::string> secrets;
};

class CollectedSecretsTest : public ::testing::TestWithParam<SecretCase> {};

TEST_P(CollectedSecretsTest, AreThoseOfEveryLayer) {
  auto image = MergeTwice(GetParam().layers, {.secrets = 1});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(Secrets(*image), GetParam().secrets);
  EXPECT_EQ(Find(*image, kSecretsCoverage)->state, CoverageState::kRead);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CollectedSecretsTest,
    ::testing::Values(SecretCase{"None", {Tar().File("a", "nothing\n")}, {}},
                      SecretCase{"InAFile",
                                 {Tar().File("srv/env", "a\nT=" + kToken + "\n")},
                                 {"github-token srv/env 2 0"}},
                      SecretCase{"InAFileThatALaterLayerDeletes",
                                 {Tar().File("srv/env", kToken), Tar().Whiteout("srv", "env")},
                                 {"github-token srv/env 1 0 gone"}},
                      SecretCase{"InAFileThatALaterLayerOverwrites",
                                 {Tar().File("srv/env", kToken), Tar().File("srv/env", "clean")},
                                 {"github-token srv/env 1 0 gone"}},
                      SecretCase{
                          "InBothVersionsOfAFile",
                          {Tar().File("srv/env", kToken), Tar().File("srv/env", "\n" + kToken)},
                          {"github-token srv/env 1 0 gone", "github-token srv/env 2 1"}},
                      SecretCase{"UnderItsFinalName",
                                 {Tar().Symlink("srv", "opt"), Tar().File("srv/env", kToken)},
                                 {"github-token opt/env 1 1"}},
                      SecretCase{"InARecordOfASource",
                                 {Tar().File("a.rec", kToken + " 1\n")},
                                 {"github-token a.rec 1 0"}}),
    [](const auto& info) { return info.param.name; });

TEST(CollectedSecrets, BeyondTheirNumberAreTold) {
  std::string lines;
  for (int i = 100; i < 200; ++i) lines += kToken.substr(0, 37) + std::to_string(i) + "\n";
  Tar tar;
  for (int i = 0; i < 11; ++i) tar.File("srv/" + std::to_string(i), lines);
  auto image = MergeTwice({tar}, {.secrets = 1});
  ASSERT_TRUE(image);
  EXPECT_EQ(image->secrets.size(), kMaxSecrets);
  EXPECT_EQ(Find(*image, kSecretsCoverage)->state, CoverageState::kFailed);
}

}  // namespace
}  // namespace landwaiter::layer
