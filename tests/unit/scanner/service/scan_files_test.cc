// A folder, and one file, as an inventory: in this process; the child's part is the end-to-end
// tests'.
#include "scanner/service/scan_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "scanner/image/folder.h"

namespace landwaiter::service {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ScanFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) /
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void Write(const fs::path& name, std::string_view content) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << content;
  }
  Result<ImageInventory> Scan() {
    auto folder = image::FolderSource::Open(root_, [](const image::FolderFile& file) {
      return file.path.ends_with(".txt") || file.path.ends_with("-release");
    });
    EXPECT_TRUE(folder) << folder.error().message;
    ScanOptions options;
    options.subject = Subject::kFiles;
    options.declared = packages::Declared::kAll;
    options.platforms = {*Platform::Parse("linux/amd64")};
    auto inventory = ScanFiles(**folder, options, {});
    report_ = (*folder)->report();
    return inventory;
  }
  std::vector<std::string> Found() {
    auto inventory = Scan();
    EXPECT_TRUE(inventory) << inventory.error().message;
    std::vector<std::string> lines;
    if (!inventory) return lines;
    for (const Package& p : inventory->platforms[0].packages)
      lines.push_back(p.path + " " + p.name);
    return lines;
  }

  fs::path root_;
  image::FolderReport report_;
};

TEST_F(ScanFilesTest, ListsWhatStandsInItSorted) {
  Write("b/requirements.txt", "b==1\n");
  Write("a/requirements.txt", "a==1\n");
  Write("a/other.bin", "x");
  Write(".git/requirements.txt", "g==1\n");
  EXPECT_THAT(Found(), ElementsAre("a/requirements.txt a", "b/requirements.txt b"));
  EXPECT_EQ(report_.files, 3u);
  EXPECT_EQ(report_.taken, 2u);
  EXPECT_EQ(report_.unread, 0u);
}

TEST_F(ScanFilesTest, IsOneLayerWithTheDigestOfItsBytes) {
  Write("requirements.txt", "a==1\n");
  const auto first = Scan();
  ASSERT_TRUE(first);
  const Inventory& inventory = first->platforms[0];
  ASSERT_EQ(inventory.layers.size(), 1u);
  EXPECT_EQ(inventory.layers[0].digest, first->digest);
  EXPECT_EQ(inventory.packages[0].layer, 0);
  EXPECT_EQ(*Scan(), *first) << "times are no part of it";
  Write("requirements.txt", "a==2\n");
  EXPECT_NE(Scan()->digest, first->digest);
  EXPECT_EQ(*ImageInventoryFromJson(ToJson(*first)), *first);
}

// Pitfalls 11 and 12: links are never followed out of the folder, and mean what they mean in it.
TEST_F(ScanFilesTest, FollowsNoLink) {
  Write("in/requirements.txt", "a==1\n");
  const fs::path outside = root_.string() + ".outside";
  fs::create_directories(outside);
  std::ofstream(outside / "requirements.txt") << "o==1\n";
  fs::create_directory_symlink(outside, root_ / "out");
  fs::create_symlink(outside / "requirements.txt", root_ / "requirements.txt");
  fs::create_directory_symlink(".", root_ / "loop");
  fs::create_symlink("nowhere", root_ / "dangling.txt");
  EXPECT_THAT(Found(), ElementsAre("in/requirements.txt a"));
  EXPECT_EQ(report_.links_out, 2u);
  EXPECT_THAT(report_.links_out_examples, ElementsAre("out", "requirements.txt"));
  EXPECT_EQ(report_.unread, 0u);
}

TEST_F(ScanFilesTest, ALinkToAFileOfNoWantedNameIsFollowedWithinTheFolder) {
  Write("locks/production", "p==1\n");
  Write("locks/other.txt", "o==1\n");
  Write(".git/hidden.txt", "h==1\n");
  fs::create_symlink("locks/production", root_ / "requirements.txt");
  fs::create_directories(root_ / "deep");
  fs::create_symlink("../requirements.txt", root_ / "deep/requirements-through.txt");
  fs::create_symlink("/locks/production", root_ / "requirements-rooted.txt");
  fs::create_symlink("locks/other.txt", root_ / "requirements-other.txt");
  fs::create_symlink(".git/hidden.txt", root_ / "requirements-git.txt");
  fs::create_symlink("requirements-b.txt", root_ / "requirements-a.txt");
  fs::create_symlink("requirements-a.txt", root_ / "requirements-b.txt");
  fs::create_directory_symlink("..", root_ / "deep/up");
  EXPECT_THAT(Found(), ElementsAre("requirements-git.txt h", "deep/requirements-through.txt p",
                                   "requirements.txt p"))
      << "what is wanted under its own name is met there, and loops lead nowhere";
  EXPECT_EQ(report_.links_out, 0u) << "nor does what nobody has";
}

TEST_F(ScanFilesTest, ListsThatOthersIncludeAreReadWhateverTheirNames) {
  Write("app/requirements.txt", "-r deep/a%,b.in\n-r linked/c\n-r ../gone\na==1\n");
  Write("app/deep/a%,b.in", "-r ../d\nb==1\n");
  Write("app/d", "d==1\n");
  Write("lists/c", "c==1\n");
  Write("lists/unasked", "u==1\n");
  fs::create_directory_symlink("../lists", root_ / "app/linked");
  EXPECT_THAT(Found(),
              ElementsAre("app/requirements.txt a", "app/deep/a%,b.in b", "lists/c c", "app/d d"));
  EXPECT_EQ(report_.taken, 4u) << "and no other file is";
  const auto inventory = Scan();
  ASSERT_TRUE(inventory);
  EXPECT_THAT(inventory->platforms[0].coverage,
              ElementsAre(Coverage{"requirements", CoverageState::kFailed,
                                   "app/requirements.txt: \"../gone\", which it includes, was not "
                                   "read",
                                   4}));
}

// Pitfalls 11 and 12.
TEST_F(ScanFilesTest, NoListIsIncludedFromOutside) {
  const fs::path outside = root_.string() + ".outside";
  fs::create_directories(outside);
  std::ofstream(outside / "list") << "o==1\n";
  Write("requirements.txt", "-r ../" + outside.filename().string() + "/list\n-r " +
                                outside.string() + "/list\n-r out/list\n-r link\n-r .git/g\n");
  Write(".git/g", "g==1\n");
  fs::create_directory_symlink(outside, root_ / "out");
  fs::create_symlink(outside / "list", root_ / "link");
  EXPECT_THAT(Found(), IsEmpty());
  const auto inventory = Scan();
  ASSERT_TRUE(inventory);
  EXPECT_EQ(inventory->platforms[0].coverage[0].state, CoverageState::kFailed);
}

TEST_F(ScanFilesTest, ListsThatIncludeEachOtherEndlesslyEnd) {
  Write("requirements.txt", "-r list0\n");
  for (int i = 0; i < 20; ++i) {
    Write("list" + std::to_string(i), "-r list" + std::to_string(i + 1) +
                                          "\n-r requirements.txt\np" + std::to_string(i) + "==1\n");
  }
  EXPECT_THAT(Found(), testing::SizeIs(7)) << "one for each pass after the first";
  const auto inventory = Scan();
  ASSERT_TRUE(inventory);
  EXPECT_THAT(inventory->platforms[0].coverage[0].reason,
              HasSubstr("\"list7\", which it includes"));
}

TEST_F(ScanFilesTest, ASystemsFilesAreFoundThroughItsLinks) {
  Write("srv/real-release", "ID=debian\nVERSION_ID=12\n");
  fs::create_directories(root_ / "etc");
  fs::create_symlink("/srv/real-release", root_ / "etc/os-release");
  const auto inventory = Scan();
  ASSERT_TRUE(inventory);
  ASSERT_TRUE(inventory->platforms[0].os);
  EXPECT_EQ(inventory->platforms[0].os->family, "debian");
}

TEST_F(ScanFilesTest, LongAndOddNamesStayWhatTheyAre) {
  const std::string deep = std::string(150, 'a') + "/" + std::string(200, 'b') + "/c\nd\xff";
  Write(fs::path(deep) / "requirements.txt", "a==1\n");
  Write("empty.txt", "");
  Write("block/requirements.txt", "b==" + std::string(508, '1') + "\n");
  EXPECT_THAT(Found(), ElementsAre(deep + "/requirements.txt a", "block/requirements.txt b"));
}

TEST_F(ScanFilesTest, PipesAreNotOpened) {
  ASSERT_EQ(::mkfifo((root_ / "requirements.txt").c_str(), 0644), 0);
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(ScanFilesTest, WhatIsTooDeepIsTold) {
  fs::path deep = root_;
  for (std::size_t i = 0; i < image::kMaxFolderDepth + 5; ++i) deep /= "d";
  fs::create_directories(deep);
  EXPECT_THAT(Found(), IsEmpty());
  EXPECT_EQ(report_.unread, 1u);
  ASSERT_EQ(report_.unread_examples.size(), 1u);
  EXPECT_THAT(report_.unread_examples[0], HasSubstr("deeper than 200 folders"));
}

TEST_F(ScanFilesTest, LimitsHold) {
  Write("requirements.txt", std::string(4096, '#'));
  auto folder = image::FolderSource::Open(root_, [](const auto&) { return true; });
  ASSERT_TRUE(folder);
  ScanOptions options;
  options.subject = Subject::kFiles;
  options.limits.inflated_bytes = 2048;
  const auto inventory = ScanFiles(**folder, options, {});
  ASSERT_FALSE(inventory);
  EXPECT_EQ(inventory.error().code, Code::kResourceExhausted);
}

TEST_F(ScanFilesTest, ADocumentIsReadWhateverItsName) {
  Write("x", R"({"bomFormat": "CycloneDX", "components": [
           {"type": "operating-system", "name": "alpine", "version": "3.18.4"},
           {"type": "library", "purl": "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64"}]})");
  auto file = image::FileSource::Open(root_ / "x");
  ASSERT_TRUE(file) << file.error().message;
  ScanOptions options;
  options.subject = Subject::kDocument;
  const auto inventory = ScanFiles(**file, options, {});
  ASSERT_TRUE(inventory) << inventory.error().message;
  const Inventory& platform = inventory->platforms[0];
  ASSERT_TRUE(platform.os);
  EXPECT_EQ(platform.os->family + " " + platform.os->version, "alpine 3.18.4");
  ASSERT_EQ(platform.packages.size(), 1u);
  EXPECT_EQ(platform.packages[0].purl,
            "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.18.4");
  EXPECT_THAT(platform.coverage, ElementsAre(Coverage{"sbom", CoverageState::kRead, "", 1}));
}

TEST_F(ScanFilesTest, WhatIsNotThereIsAnError) {
  EXPECT_EQ(image::FolderSource::Open(root_ / "no", {}).error().code, Code::kNotFound);
  EXPECT_EQ(image::FileSource::Open(root_ / "no").error().code, Code::kNotFound);
  EXPECT_EQ(image::FileSource::Open(root_).error().code, Code::kInvalidArgument);
  Write("file", "");
  EXPECT_EQ(image::FolderSource::Open(root_ / "file", {}).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace landwaiter::service
