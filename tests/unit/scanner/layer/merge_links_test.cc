// Links: those that are bombs, and those that alone say what a file is.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "scanner/layer/merge.h"
#include "tests/unit/scanner/layer/fixtures.h"
#include "tests/unit/scanner/layer/merging.h"

namespace landwaiter::layer {
namespace {

// Pitfall 10.
TEST(MergeLayers, AFileOfInterestBehindALoopIsAnError) {
  auto image = Merge({Tar().Symlink("loop", "loop"), Tar().File("loop/x.rec", "x 1\n")});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, Code::kDataLoss);
  EXPECT_NE(image.error().message.find("loop"), std::string::npos);
}

TEST(MergeLayers, LinksThatGrowThePathAreBounded) {
  Tar tar;
  std::string target = std::string(1000, 'd');
  tar.Pax(testing::PaxRecord("linkpath", target + "/" + target + "/" + target)).Symlink("a", "");
  tar.Pax(testing::PaxRecord("linkpath", "a/" + target + "/" + target)).Symlink("b", "");
  auto image = Merge({tar, Tar().File("b/x.rec", "x 1\n")});
  EXPECT_FALSE(image);
}

// Pitfall 10: twenty links, each of which names the one before twice, are a million steps.
TEST(MergeLayers, LinksThatDoubleAreBounded) {
  Tar tar;
  tar.Folder("l0");
  for (int i = 1; i <= 20; ++i) {
    const std::string before = "l" + std::to_string(i - 1);
    tar.Symlink("l" + std::to_string(i), before + "/../" + before);
  }
  EXPECT_FALSE(Merge({tar, Tar().File("l20/x.rec", "x 1\n")}));
}

struct SystemCase {
  const char* name;
  std::vector<Tar> layers;
  std::string family;  // "" for none
};

TEST(MergeLayers, TheSystemIsReadThroughLinks) {
  const std::string debian = "ID=debian\nVERSION_ID=12\n";
  const std::vector<SystemCase> cases = {
      {"etc/os-release alone", {Tar().File("etc/os-release", debian)}, "debian"},
      {"usr/lib/os-release alone", {Tar().File("usr/lib/os-release", debian)}, "debian"},
      {"etc/os-release is a link",
       {Tar()
            .Symlink("etc/os-release", "../usr/lib/os-release")
            .File("usr/lib/os-release", debian)},
       "debian"},
      {"etc/os-release is an absolute link",
       {Tar().Symlink("etc/os-release", "/usr/lib/os-release").File("usr/lib/os-release", debian)},
       "debian"},
      {"etc/os-release is a hard link",
       {Tar().File("usr/lib/os-release", debian).HardLink("etc/os-release", "usr/lib/os-release")},
       "debian"},
      {"etc counts before usr/lib",
       {Tar().File("etc/os-release", "ID=alpine\n").File("usr/lib/os-release", debian)},
       "alpine"},
      {"a link that leads nowhere",
       {Tar().Symlink("etc/os-release", "nowhere").File("usr/lib/os-release", debian)},
       "debian"},
      {"a link in a loop",
       {Tar().Symlink("etc/os-release", "os-release").File("usr/lib/os-release", debian)},
       "debian"},
      {"the upper layer's counts",
       {Tar().File("etc/os-release", debian), Tar().File("etc/os-release", "ID=wolfi\n")},
       "wolfi"},
      {"it was removed",
       {Tar().File("etc/os-release", debian), Tar().Whiteout("etc", "os-release")},
       ""},
      {"there is none", {Tar().File("app", "x")}, ""},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    auto image = Merge(test.layers);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->os ? image->os->family : "", test.family);
    EXPECT_TRUE(image->unreached.empty());
  }
}

TEST(MergeLayers, ASystemWithoutPackagesOrPackagesWithoutASystemAreNotComplete) {
  auto image = Merge({Tar().File("etc/os-release", "ID=fedora\n")});
  ASSERT_TRUE(image);
  ASSERT_NE(Find(*image, "os"), nullptr);
  EXPECT_EQ(Find(*image, "os")->state, CoverageState::kUnsupported);
  image = Merge({Tar().File("etc/os-release", "NAME=broken\n")});
  ASSERT_TRUE(image);
  EXPECT_EQ(Find(*image, "os")->state, CoverageState::kFailed);
  image = Merge({Tar().File("app/x.rec", "x 1\n")});
  ASSERT_TRUE(image);
  EXPECT_EQ(Find(*image, "os"), nullptr) << "a program alone needs no system";
}

struct UnreachedCase {
  const char* name;
  std::vector<Tar> layers;
  std::vector<Unreached> unreached;
  std::vector<std::string> packages_then;
};

// Pitfall 9: links, too, lead to files that are to be read.
TEST(MergeLayers, FilesThatOnlyLinksNameAreReadInASecondPass) {
  const std::vector<UnreachedCase> cases = {
      {"a well-known path behind a symbolic link",
       {Tar().File("data/db/status", "one 1\n"), Tar().Symlink("var/lib/db", "/data/db")},
       {{"var/lib/db/status", "data/db/status"}},
       {"one 1 var/lib/db/status 0"}},
      {"a link where nothing is", {Tar().Symlink("var/lib/db", "/data/db")}, {}, {}},
      {"a link where something was",
       {Tar().File("data/db/status", "one 1\n"), Tar().Symlink("var/lib/db", "/data/db"),
        Tar().Whiteout("data/db", "status")},
       {},
       {}},
      {"the system behind a link",
       {Tar().File("etc/static/release", "ID=nixos\n").Symlink("etc/os-release", "static/release")},
       {{"etc/os-release", "etc/static/release"}},
       {}},
      {"a store of nameless files, linked hard",
       {Tar().File("store/0a1b", "one 1\n").HardLink("app/x.rec", "store/0a1b")},
       {{"app/x.rec", "store/0a1b"}},
       {"one 1 app/x.rec 0"}},
      {"a nameless file of a lower layer, linked hard",
       {Tar().File("store/0a1b", "one 1\n"), Tar().HardLink("app/x.rec", "store/0a1b")},
       {{"app/x.rec", "store/0a1b"}},
       {}},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    auto image = Merge(test.layers);
    ASSERT_TRUE(image) << image.error().message;
    ASSERT_EQ(image->unreached, test.unreached);
    if (test.unreached.empty()) continue;
    for (const auto& line : image->coverage) EXPECT_NE(line.state, CoverageState::kRead);
    std::multimap<std::string, std::string> names;
    for (const auto& path : image->unreached) names.emplace(path.leads_to, path.path);
    image = Merge(test.layers, names);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_TRUE(image->unreached.empty());
    if (!test.packages_then.empty()) {
      EXPECT_EQ(Packages(*image), test.packages_then);
    }
  }
}

TEST(MergeLayers, ALinkedStoreFileIsGoneWithItsLink) {
  const std::vector<Tar> layers = {
      Tar().File("store/0a1b", "one 1\n").HardLink("app/x.rec", "store/0a1b"),
      Tar().Whiteout("app", "x.rec")};
  auto image = Merge(layers, {{"store/0a1b", "app/x.rec"}});
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->packages.empty());
}

}  // namespace
}  // namespace landwaiter::layer
