#include "scanner/layer/merge.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "scanner/layer/path.h"
#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using testing::Describe;
using testing::Reader;
using testing::Tar;

LayerInventory Read(const Tar& tar, std::multimap<std::string, std::string> names = {}) {
  const std::string bytes = tar.Build();
  Budget budget({});
  LayerOptions options;
  options.sources = testing::TestSources();
  options.also_known_as = std::move(names);
  auto layer =
      ScanLayer(Describe(bytes, bytes, testing::kPlainLayer), Reader(bytes), options, budget, {});
  EXPECT_TRUE(layer) << layer.error().message;
  return layer ? *std::move(layer) : LayerInventory();
}

Result<MergedImage> Merge(const std::vector<Tar>& tars,
                          const std::multimap<std::string, std::string>& names = {}) {
  std::vector<LayerInventory> layers;
  for (const auto& tar : tars) layers.push_back(Read(tar, names));
  std::vector<const LayerInventory*> stack;
  for (const auto& layer : layers) stack.push_back(&layer);
  return MergeLayers(stack, testing::TestSources(), {});
}

// "name version path layer", sorted.
std::vector<std::string> Packages(const MergedImage& image) {
  std::vector<std::string> lines;
  for (const auto& package : image.packages) {
    lines.push_back(package.name + " " + package.version + " " + package.path + " " +
                    std::to_string(package.layer));
  }
  return lines;
}

struct MergeCase {
  const char* name;
  std::vector<Tar> layers;
  std::vector<std::string> packages;
};

std::vector<MergeCase> WhiteoutCases() {
  const Tar base = Tar().File("a/x.rec", "x 1\n").File("a/b/y.rec", "y 1\n");
  return {
      {"a record that nothing touches stays", {base}, {"x 1 a/x.rec 0", "y 1 a/b/y.rec 0"}},
      {"a whiteout removes a file", {base, Tar().Whiteout("a", "x.rec")}, {"y 1 a/b/y.rec 0"}},
      {"a whiteout removes a folder with all below", {base, Tar().Whiteout("", "a")}, {}},
      // Pitfall 4: what an opaque folder hides is gone.
      {"an opaque folder hides all below it", {base, Tar().Opaque("a")}, {}},
      // Pitfall 3: of the lower layers alone, wherever the marker stands in the tar.
      {"an opaque folder keeps its own layer's files, before it in the tar",
       {base, Tar().File("a/z.rec", "z 1\n").Opaque("a")},
       {"z 1 a/z.rec 1"}},
      {"an opaque folder keeps its own layer's files, after it in the tar",
       {base, Tar().Opaque("a").File("a/z.rec", "z 1\n")},
       {"z 1 a/z.rec 1"}},
      {"a whiteout keeps its own layer's file",
       {base, Tar().File("a/x.rec", "x 2\n").Whiteout("a", "x.rec")},
       {"x 2 a/x.rec 1", "y 1 a/b/y.rec 0"}},
      {"a whiteout acts on all lower layers",
       {base, Tar().File("q", ""), Tar().Whiteout("a", "x.rec")},
       {"y 1 a/b/y.rec 0"}},
      {"a whiteout does not act on higher layers",
       {Tar().Whiteout("a", "x.rec"), base},
       {"x 1 a/x.rec 1", "y 1 a/b/y.rec 1"}},
      {"a whiteout of what is not there does nothing",
       {base, Tar().Whiteout("c", "d")},
       {"x 1 a/x.rec 0", "y 1 a/b/y.rec 0"}},
      // Pitfall 5: it would delete its parent; so would ".wh...".
      {"a bare .wh. is no whiteout",
       {base, Tar().File("a/.wh.", "")},
       {"x 1 a/x.rec 0", "y 1 a/b/y.rec 0"}},
      {"AUFS's own names are no whiteouts",
       {base, Tar().File(".wh..wh.plnk/1.2", "").File("a/.wh..wh.aufs", "")},
       {"x 1 a/x.rec 0", "y 1 a/b/y.rec 0"}},
      {".wh... does not name the parent",
       {base, Tar().File("a/b/.wh...", "")},
       {"x 1 a/x.rec 0", "y 1 a/b/y.rec 0"}},
      {"a file that comes back is a new one",
       {base, Tar().Whiteout("a", "x.rec"), Tar().File("a/x.rec", "x 1\n")},
       {"x 1 a/x.rec 2", "y 1 a/b/y.rec 0"}},
      // Pitfall 13.
      {"names are one however they are written",
       {Tar().File("./a//x.rec", "x 1\n"), Tar().File("/a/.wh.x.rec", "")},
       {}},
      // Pitfall 12: above the root is the root.
      {"a name cannot step above the root",
       {Tar().File("../../a/x.rec", "x 1\n"), Tar().Whiteout("a", "x.rec")},
       {}},
      // Pitfall 7: layers are told by their place, not by their digest.
      {"the same layer twice, a whiteout between",
       {base, Tar().Whiteout("", "a"), base},
       {"x 1 a/x.rec 2", "y 1 a/b/y.rec 2"}},
      {"a prefix of a name is another name",
       {Tar().File("ab/x.rec", "x 1\n"), Tar().Whiteout("", "a")},
       {"x 1 ab/x.rec 0"}},
  };
}

std::vector<MergeCase> OverwriteCases() {
  const Tar base = Tar().File("a/x.rec", "x 1\n").File("a/b/y.rec", "y 1\n");
  const Tar status = Tar().File("var/lib/db/status", "one 1\ntwo 1\n");
  return {
      {"a newer file takes the older one's place",
       {base, Tar().File("a/x.rec", "x 2\n")},
       {"x 2 a/x.rec 1", "y 1 a/b/y.rec 0"}},
      // Pitfall 2: a file that was read and holds nothing is not a file that was not read.
      {"a file without packages clears the lower one",
       {base, Tar().File("a/x.rec", "")},
       {"y 1 a/b/y.rec 0"}},
      {"a database replaces its older self whole; what stays keeps its layer",
       {status, Tar().File("var/lib/db/status", "one 1\nthree 1\n")},
       {"one 1 var/lib/db/status 0", "three 1 var/lib/db/status 1"}},
      {"an upgraded package belongs to the upper layer",
       {status, Tar().File("var/lib/db/status", "one 1\ntwo 2\n"),
        Tar().File("var/lib/db/status", "one 1\ntwo 2\n")},
       {"one 1 var/lib/db/status 0", "two 2 var/lib/db/status 1"}},
      {"the first layer that has a version is told through many",
       {status, Tar().File("etc/x", ""), status, status},
       {"one 1 var/lib/db/status 0", "two 1 var/lib/db/status 0"}},
      // Pitfall 1: no whiteout says so.
      {"a folder that becomes a file loses its children", {base, Tar().File("a", "")}, {}},
      {"a folder that becomes a link loses its children",
       {base, Tar().Symlink("a", "elsewhere")},
       {}},
      {"a folder entry over a folder keeps its children",
       {base, Tar().Folder("a")},
       {"x 1 a/x.rec 0", "y 1 a/b/y.rec 0"}},
      {"a file that becomes a folder is gone",
       {base, Tar().Folder("a/x.rec")},
       {"y 1 a/b/y.rec 0"}},
      {"a file that becomes a link is gone",
       {base, Tar().Symlink("a/x.rec", "b/none")},
       {"y 1 a/b/y.rec 0"}},
      {"a device in a file's place hides it",
       {base, Tar().Raw(testing::Header({.name = "a/x.rec", .type = '3'}))},
       {"y 1 a/b/y.rec 0"}},
      // Pitfall 16: layers may not have such entries, and do.
      {"of two entries of one name the last counts",
       {Tar().File("x.rec", "x 1\n").File("x.rec", "x 2\n")},
       {"x 2 x.rec 0"}},
      {"a folder's children go when the same layer makes it a file",
       {Tar().File("a/x.rec", "x 1\n").File("a", "")},
       {}},
      // Pitfall 14: folders may come after what is in them, or not at all.
      {"parents need no entry of their own",
       {Tar().File("p/q/r/x.rec", "x 1\n")},
       {"x 1 p/q/r/x.rec 0"}},
      {"a folder's entry after its children keeps them",
       {Tar().File("p/q/x.rec", "x 1\n").Folder("p/q").Folder("p")},
       {"x 1 p/q/x.rec 0"}},
      // Pitfall 28: nothing is unpacked, so nobody's permission is asked.
      {"a file that its owner may not read is read",
       {Tar().File("a/x.rec", "x 1\n", 0), Tar().File("var/lib/db/status", "one 1\n", 0)},
       {"one 1 var/lib/db/status 1", "x 1 a/x.rec 0"}},
  };
}

std::vector<MergeCase> LinkCases() {
  const Tar merged_usr = Tar().Folder("usr/lib").Symlink("lib", "usr/lib");
  return {
      {"a file written through a link stands at its real path",
       {merged_usr, Tar().File("lib/x.rec", "x 1\n")},
       {"x 1 usr/lib/x.rec 1"}},
      // Pitfall 6: a merged /usr.
      {"a whiteout goes through links of lower layers",
       {merged_usr, Tar().File("usr/lib/x.rec", "x 1\n"), Tar().Whiteout("lib", "x.rec")},
       {}},
      {"a whiteout by the real path removes what came through a link",
       {merged_usr, Tar().File("lib/x.rec", "x 1\n"), Tar().Whiteout("usr/lib", "x.rec")},
       {}},
      {"an opaque folder goes through links",
       {merged_usr, Tar().File("usr/lib/x.rec", "x 1\n"), Tar().Opaque("lib")},
       {}},
      {"an overwrite goes through links",
       {merged_usr, Tar().File("usr/lib/x.rec", "x 1\n"), Tar().File("lib/x.rec", "")},
       {}},
      {"a whiteout of a link leaves what it leads to",
       {merged_usr, Tar().File("usr/lib/x.rec", "x 1\n"), Tar().Whiteout("", "lib")},
       {"x 1 usr/lib/x.rec 1"}},
      {"a folder over a link replaces the link, not the target",
       {merged_usr, Tar().File("lib/x.rec", "x 1\n"),
        Tar().Folder("lib").File("lib/x.rec", "x 2\n")},
       {"x 1 usr/lib/x.rec 1", "x 2 lib/x.rec 2"}},
      {"a link in the same layer, before",
       {Tar().Symlink("lib", "usr/lib").File("lib/x.rec", "x 1\n")},
       {"x 1 usr/lib/x.rec 0"}},
      // Pitfall 11.
      {"an absolute link is relative to the root",
       {Tar().Symlink("lib", "/usr/lib"), Tar().File("lib/x.rec", "x 1\n")},
       {"x 1 usr/lib/x.rec 1"}},
      {"a relative link with dots",
       {Tar().Symlink("a/lib", "../usr/./lib"), Tar().File("a/lib/x.rec", "x 1\n")},
       {"x 1 usr/lib/x.rec 1"}},
      {"a link above the root stays at the root",
       {Tar().Symlink("lib", "../../../usr"), Tar().File("lib/x.rec", "x 1\n")},
       {"x 1 usr/x.rec 1"}},
      // Pitfall 10: chains are followed, loops and dead ends are no files.
      {"a chain of links",
       {Tar().Symlink("a", "b").Symlink("b", "c").Symlink("c", "d"),
        Tar().File("a/x.rec", "x 1\n")},
       {"x 1 d/x.rec 1"}},
      {"a database behind a link of its folder",
       {Tar().Symlink("var/lib/db", "../../usr/db"), Tar().File("usr/db/status", "one 1\n")},
       {"one 1 usr/db/status 1"}},
      {"a link that nobody goes through is no file",
       {Tar().Symlink("loop", "loop").Symlink("x.rec", "nowhere").File("y.rec", "y 1\n")},
       {"y 1 y.rec 0"}},
      {"a whiteout behind a loop does nothing",
       {Tar().Symlink("loop", "loop").File("y.rec", "y 1\n"), Tar().Whiteout("loop", "y.rec")},
       {"y 1 y.rec 0"}},
  };
}

std::vector<MergeCase> HardLinkCases() {
  const Tar linked = Tar().File("a/x.rec", "x 1\n").HardLink("b/x.rec", "a/x.rec");
  return {
      // Pitfall 8: files are told by what they are, across layers, and not by one of their names.
      {"two names of one file are one", {linked}, {"x 1 a/x.rec 0"}},
      {"a hard link keeps its target alive",
       {linked, Tar().Whiteout("a", "x.rec")},
       {"x 1 b/x.rec 0"}},
      {"a hard link keeps it alive when its folder goes",
       {linked, Tar().Whiteout("", "a")},
       {"x 1 b/x.rec 0"}},
      // Pitfall 9: a name that nobody looks for may be the only one that is left.
      {"a hard link under a name of no interest keeps it alive",
       {Tar().File("a/x.rec", "x 1\n").HardLink("b/blob", "a/x.rec"), Tar().Whiteout("a", "x.rec")},
       {"x 1 b/blob 0"}},
      {"the file is gone with its last name",
       {linked, Tar().Whiteout("a", "x.rec"), Tar().Whiteout("b", "x.rec")},
       {}},
      {"an overwrite of one name leaves the other",
       {linked, Tar().File("a/x.rec", "x 2\n")},
       {"x 1 b/x.rec 0", "x 2 a/x.rec 1"}},
      {"a hard link into a lower layer",
       {Tar().File("a/x.rec", "x 1\n"), Tar().HardLink("b/x.rec", "a/x.rec").Whiteout("c", "d"),
        Tar().Whiteout("a", "x.rec")},
       {"x 1 b/x.rec 0"}},
      {"a hard link before its target in the tar",
       {Tar().HardLink("b/x.rec", "a/x.rec").File("a/x.rec", "x 1\n"),
        Tar().Whiteout("a", "x.rec")},
       {"x 1 b/x.rec 0"}},
      {"a hard link's target goes through links",
       {Tar().Symlink("l", "a").File("a/x.rec", "x 1\n"), Tar().HardLink("b/x.rec", "l/x.rec"),
        Tar().Whiteout("a", "x.rec")},
       {"x 1 b/x.rec 0"}},
      {"a hard link in a file's place hides it",
       {Tar().File("x.rec", "x 1\n").File("plain", "").File("o", ""),
        Tar().HardLink("x.rec", "plain")},
       {}},
      {"a hard link to a symbolic link is one",
       {Tar().Symlink("l", "usr").HardLink("m", "l"), Tar().File("m/x.rec", "x 1\n")},
       {"x 1 usr/x.rec 1"}},
      {"a program under two names is one",
       {Tar().File("bin/a", "BIN!tool 1\n", 0755).HardLink("bin/b", "bin/a")},
       {"tool 1 bin/a 0"}},
  };
}

void CheckAll(const std::vector<MergeCase>& cases) {
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    auto image = Merge(test.layers);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(Packages(*image), test.packages);
  }
}

TEST(MergeLayers, Whiteouts) { CheckAll(WhiteoutCases()); }
TEST(MergeLayers, Overwrites) { CheckAll(OverwriteCases()); }
TEST(MergeLayers, SymbolicLinks) { CheckAll(LinkCases()); }
TEST(MergeLayers, HardLinks) { CheckAll(HardLinkCases()); }

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

const Coverage* Find(const MergedImage& image, std::string_view source) {
  for (const auto& line : image.coverage) {
    if (line.source == source) return &line;
  }
  return nullptr;
}

TEST(MergeLayers, AFailedReadingCountsOnlyWhileItsFileLives) {
  const Tar broken = Tar().File("x.rec", "noversion\n");
  auto image = Merge({broken});
  ASSERT_TRUE(image);
  ASSERT_NE(Find(*image, "rec"), nullptr);
  EXPECT_EQ(Find(*image, "rec")->state, CoverageState::kFailed);
  image = Merge({broken, Tar().File("x.rec", "x 1\n")});
  ASSERT_TRUE(image);
  EXPECT_EQ(Find(*image, "rec")->state, CoverageState::kRead);
  image = Merge({broken, Tar().Whiteout("", "x.rec")});
  ASSERT_TRUE(image);
  EXPECT_EQ(Find(*image, "rec"), nullptr);
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

// Pitfall 154.
TEST(MergeLayers, TheOrderOfTheTarDoesNotChangeTheAnswer) {
  const auto one = Merge({Tar().File("b.rec", "b 1\n").File("a.rec", "a 1\n")});
  const auto two = Merge({Tar().File("a.rec", "a 1\n").File("b.rec", "b 1\n")});
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->packages, two->packages);
  EXPECT_EQ(one->coverage, two->coverage);
}

// Pitfall 13.
TEST(CleanPath, MakesOneKeyOfEveryName) {
  const std::map<std::string, std::string> cases = {{"", ""},
                                                    {"/", ""},
                                                    {".", ""},
                                                    {"./", ""},
                                                    {"a", "a"},
                                                    {"./a//b/", "a/b"},
                                                    {"/a/./b", "a/b"},
                                                    {"a/../b", "b"},
                                                    {"../../a", "a"},
                                                    {"a/b/../../..", ""},
                                                    {"...", "..."},
                                                    {"a\\b", "a\\b"},
                                                    {"\xff/ ", "\xff/ "}};
  for (const auto& [raw, clean] : cases) EXPECT_EQ(CleanPath(raw), clean) << raw;
}

}  // namespace
}  // namespace landwaiter::layer
