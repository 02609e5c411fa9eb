// What layers that lie on each other leave of files: whiteouts, overwrites, links.
#include "scanner/layer/merge.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/scanner/layer/fixtures.h"
#include "tests/unit/scanner/layer/merging.h"

namespace landwaiter::layer {
namespace {

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

// Pitfall 154.
TEST(MergeLayers, TheOrderOfTheTarDoesNotChangeTheAnswer) {
  const auto one = Merge({Tar().File("b.rec", "b 1\n").File("a.rec", "a 1\n")});
  const auto two = Merge({Tar().File("a.rec", "a 1\n").File("b.rec", "b 1\n")});
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->packages, two->packages);
  EXPECT_EQ(one->coverage, two->coverage);
}

}  // namespace
}  // namespace landwaiter::layer
