// A database of two files, which may stand in different layers: rpmdb.sqlite and its log.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/layer/merge.h"
#include "scanner/layer/scan_layer.h"
#include "tests/support/rpm_databases.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using landwaiter::testing::HeaderBlob;
using landwaiter::testing::SqliteMaker;
using testing::Tar;

constexpr const char* kDatabase = "usr/lib/sysimage/rpm/rpmdb.sqlite";
constexpr const char* kWal = "usr/lib/sysimage/rpm/rpmdb.sqlite-wal";

Result<MergedImage> Merge(const std::vector<Tar>& tars) {
  std::vector<LayerInventory> layers;
  for (const auto& tar : tars) {
    const std::string bytes = tar.Build();
    Budget budget({});
    auto layer = ScanLayer(testing::Describe(bytes, bytes, testing::kPlainLayer),
                           testing::Reader(bytes), {}, budget, {});
    EXPECT_TRUE(layer) << layer.error().message;
    layers.push_back(layer ? *std::move(layer) : LayerInventory());
  }
  std::vector<const LayerInventory*> stack;
  for (const auto& layer : layers) stack.push_back(&layer);
  return MergeLayers(stack, packages::AllSources(), {});
}

// "name path layer", sorted.
std::vector<std::string> Packages(const MergedImage& image) {
  std::vector<std::string> lines;
  for (const auto& package : image.packages) {
    lines.push_back(package.name + " " + package.path + " " + std::to_string(package.layer));
  }
  return lines;
}

CoverageState RpmState(const MergedImage& image) {
  for (const auto& line : image.coverage) {
    if (line.source == "rpm") return line.state;
  }
  return CoverageState::kSkipped;
}

struct RpmCase {
  const char* name;
  std::vector<Tar> layers;
  std::vector<std::string> packages;
  CoverageState state;
};

TEST(MergeRpm, TheLogCountsInWhateverLayerItStands) {
  SqliteMaker maker;
  maker.Put(1, HeaderBlob({.name = "a", .padding = 9000})).Checkpoint();
  const std::string one = maker.Copy().database;
  maker.Put(2, HeaderBlob({.name = "b", .padding = 9000}));
  const auto [database, wal] = maker.Copy();
  ASSERT_EQ(database, one);
  const std::string both = maker.Checkpoint().Copy().database;

  const std::string a = std::string("a ") + kDatabase;
  const std::string b = std::string("b ") + kDatabase;
  const Tar base = Tar().File(kDatabase, database);
  const std::vector<RpmCase> cases = {
      {"beside its database",
       {Tar().File(kDatabase, database).File(kWal, wal)},
       {a + " 0", b + " 0"},
       CoverageState::kRead},
      {"before it in the tar",
       {Tar().File(kWal, wal).File(kDatabase, database)},
       {a + " 0", b + " 0"},
       CoverageState::kRead},
      {"in an upper layer",
       {base, Tar().File(kWal, wal)},
       {a + " 0", b + " 1"},
       CoverageState::kRead},
      {"written through a link of its folder",
       {Tar().Symlink("var/lib/rpm", "../../usr/lib/sysimage/rpm").File(kDatabase, database),
        Tar().File("var/lib/rpm/rpmdb.sqlite-wal", wal)},
       {a + " 0", b + " 1"},
       CoverageState::kRead},
      {"and is gone where it was taken away",
       {Tar().File(kDatabase, database).File(kWal, wal),
        Tar().Whiteout("usr/lib/sysimage/rpm", "rpmdb.sqlite-wal")},
       {a + " 0"},
       CoverageState::kRead},
      {"and is emptied where it was folded in",
       {Tar().File(kDatabase, database).File(kWal, wal),
        Tar().File(kDatabase, both).File(kWal, "")},
       {a + " 0", b + " 1"},
       CoverageState::kRead},
      {"and is nothing without its database",
       {Tar().File(kDatabase, database).File(kWal, wal),
        Tar().Whiteout("usr/lib/sysimage/rpm", "rpmdb.sqlite")},
       {},
       CoverageState::kSkipped},
      {"a copy of the database elsewhere has no log",
       {Tar().File("usr/share/rpm/rpmdb.sqlite", database).File(kWal, wal)},
       {"a usr/share/rpm/rpmdb.sqlite 0"},
       CoverageState::kRead},
      {"a database that breaks off stays failed",
       {Tar().File(kDatabase, database.substr(0, 50)).File(kWal, wal)},
       {},
       CoverageState::kFailed},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    auto image = Merge(test.layers);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(Packages(*image), test.packages);
    EXPECT_EQ(RpmState(*image), test.state);
    EXPECT_TRUE(image->unreached.empty());
  }
}

std::string DatabaseOf(const std::vector<landwaiter::testing::RpmFixture>& packages) {
  SqliteMaker maker;
  int number = 0;
  for (const auto& package : packages) maker.Put(++number, HeaderBlob(package));
  return maker.Checkpoint().Copy().database;
}

// Pitfall 91: every layer that installs anything has a copy of the whole database. The topmost
// counts; a package is of the layer that had this version first.
TEST(MergeRpm, TheTopmostDatabaseCountsAndLayersAreThoseOfTheVersions) {
  const std::string path = std::string(" ") + kDatabase;
  auto image = Merge(
      {Tar().File(kDatabase, DatabaseOf({{.name = "a"}, {.name = "b"}, {.name = "gone"}})),
       Tar().File("usr/bin/x", ""),
       Tar().File(kDatabase, DatabaseOf({{.name = "a"}, {.name = "b", .release = "7.el9"}})),
       Tar().File(kDatabase,
                  DatabaseOf({{.name = "a"}, {.name = "b", .release = "7.el9"}, {.name = "c"}}))});
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(RpmState(*image), CoverageState::kRead);
  EXPECT_EQ(Packages(*image),
            (std::vector<std::string>{"a" + path + " 0", "b" + path + " 2", "c" + path + " 3"}));
}

// Pitfall 159: packages that could not be read are not no packages.
TEST(MergeRpm, ABrokenDatabaseOverAGoodOneIsFailedNotTheOldList) {
  const std::string good = DatabaseOf({{.name = "a", .padding = 20'000}});
  auto image =
      Merge({Tar().File(kDatabase, good), Tar().File(kDatabase, good.substr(0, good.size() / 2))});
  ASSERT_TRUE(image);
  EXPECT_EQ(RpmState(*image), CoverageState::kFailed);
  image = Merge({Tar().File("etc/os-release", "ID=rhel\nVERSION_ID=9.4\n")});
  ASSERT_TRUE(image);
  ASSERT_EQ(image->coverage.size(), 1u);
  EXPECT_EQ(image->coverage[0].source, "os");
  EXPECT_EQ(image->coverage[0].state, CoverageState::kUnsupported);
}

TEST(MergeRpm, ADatabaseBehindALinkIsReadInASecondPass) {
  SqliteMaker maker;
  maker.Put(1, HeaderBlob({.name = "a"})).Checkpoint().Put(2, HeaderBlob({.name = "b"}));
  const auto [database, wal] = maker.Copy();
  const Tar tar = Tar()
                      .Symlink("var/lib/rpm", "/srv/rpm")
                      .File("srv/rpm/rpmdb.sqlite", database)
                      .File("srv/rpm/rpmdb.sqlite-wal", wal);
  auto image = Merge({tar});
  ASSERT_TRUE(image);
  EXPECT_EQ(RpmState(*image), CoverageState::kFailed);
  std::vector<Unreached> expected = {{"var/lib/rpm/rpmdb.sqlite", "srv/rpm/rpmdb.sqlite"},
                                     {"var/lib/rpm/rpmdb.sqlite-wal", "srv/rpm/rpmdb.sqlite-wal"}};
  EXPECT_EQ(image->unreached, expected);

  const std::string bytes = tar.Build();
  Budget budget({});
  LayerOptions options;
  for (const auto& path : expected) options.also_known_as.emplace(path.leads_to, path.path);
  auto layer = ScanLayer(testing::Describe(bytes, bytes, testing::kPlainLayer),
                         testing::Reader(bytes), options, budget, {});
  ASSERT_TRUE(layer);
  const LayerInventory* const stack[] = {&*layer};
  image = MergeLayers(stack, packages::AllSources(), {});
  ASSERT_TRUE(image);
  EXPECT_EQ(RpmState(*image), CoverageState::kRead);
  EXPECT_EQ(Packages(*image), (std::vector<std::string>{"a var/lib/rpm/rpmdb.sqlite 0",
                                                        "b var/lib/rpm/rpmdb.sqlite 0"}));
}

// Pitfalls 109, 110: what stands in an rpm belongs to it, by the files that the rpm lists.
TEST(MergeRpm, LanguageRecordsBelongToTheirPackage) {
  SqliteMaker maker;
  maker.Put(1, HeaderBlob({.name = "python3-six",
                           .files = {{"/usr/lib/python3.9/site-packages/six-1.15.0.dist-info/",
                                      "METADATA"}}}));
  const std::string record = "usr/lib/python3.9/site-packages/six-1.15.0.dist-info/METADATA";
  auto image = Merge({Tar()
                          .File(kDatabase, maker.Checkpoint().Copy().database)
                          .File(record, "Metadata-Version: 2.1\nName: six\nVersion: 1.15.0\n")});
  ASSERT_TRUE(image);
  ASSERT_EQ(image->packages.size(), 2u);
  EXPECT_EQ(image->packages[0].type, "pypi");
  EXPECT_EQ(image->packages[0].owner, "python3-six");
}

}  // namespace
}  // namespace landwaiter::layer
