// Which system a stack of layers is, of all files that may say so.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/layer/merge.h"
#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using testing::Tar;

constexpr const char* kRocky = "Rocky Linux release 8.4 (Green Obsidian)\n";
constexpr const char* kApk = "P:musl\nV:1.2.4-r0\nA:x86_64\n\n";

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

const Coverage* Find(const MergedImage& image, std::string_view source) {
  for (const auto& line : image.coverage) {
    if (line.source == source) return &line;
  }
  return nullptr;
}

struct SystemCase {
  const char* name;
  std::vector<Tar> layers;
  std::string system;  // "family version variant", "" for none
};

// Pitfall 53: an os-release may be a link, broken, in either folder, or not there at all; what
// counts is the stack of layers, not one of them.
TEST(MergeSystem, IsToldByReleaseFilesWhereThereIsNoOsRelease) {
  const std::string rocky9 = "ID=rocky\nVERSION_ID=9.3\n";
  const std::vector<SystemCase> cases = {
      {"a release file alone", {Tar().File("etc/rocky-release", kRocky)}, "rocky 8.4 "},
      {"the shared name is a link to the own one",
       {Tar().File("etc/rocky-release", kRocky).Symlink("etc/redhat-release", "rocky-release")},
       "rocky 8.4 "},
      {"an os-release counts before, whatever its layer",
       {Tar().File("etc/os-release", rocky9), Tar().File("etc/redhat-release", kRocky)},
       "rocky 9.3 "},
      {"an os-release that was taken away does not",
       {Tar().File("etc/os-release", rocky9).File("etc/rocky-release", kRocky),
        Tar().Whiteout("etc", "os-release")},
       "rocky 8.4 "},
      {"a broken link to an os-release does not",
       {Tar().Symlink("etc/os-release", "../usr/lib/os-release").File("etc/rocky-release", kRocky)},
       "rocky 8.4 "},
      {"a release file that an upper layer has overwritten is the upper one",
       {Tar().File("etc/redhat-release", "CentOS Linux release 8.2.2004 (Core)\n"),
        Tar().File("etc/redhat-release", "CentOS Stream release 8\n")},
       "centos 8 stream"},
      // Pitfall 57.
      {"an upper layer that moves Alpine to edge",
       {Tar()
            .File("etc/os-release", "ID=alpine\nVERSION_ID=3.18.4\n")
            .File("etc/apk/repositories", "https://example.org/alpine/v3.18/main\n"),
        Tar().File("etc/apk/repositories", "https://example.org/alpine/edge/main\n")},
       "alpine 3.18.4 edge"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    auto image = Merge(test.layers);
    ASSERT_TRUE(image) << image.error().message;
    ASSERT_TRUE(image->os);
    EXPECT_EQ(image->os->family + " " + image->os->version + " " + image->os->variant, test.system);
    EXPECT_TRUE(image->unreached.empty());
  }
}

TEST(MergeSystem, AReleaseFileBehindALinkIsReadInASecondPassOnlyWhereItCounts) {
  const Tar release =
      Tar().File("opt/release", kRocky).Symlink("etc/redhat-release", "/opt/release");
  auto image = Merge({release});
  ASSERT_TRUE(image);
  const std::vector<Unreached> expected = {{"etc/redhat-release", "opt/release"}};
  EXPECT_EQ(image->unreached, expected);
  image = Merge({Tar(release).File("etc/os-release", "ID=rocky\nVERSION_ID=9.3\n")});
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->unreached.empty());
}

// Pitfall 54: an image without a system is scanned for languages all the same, and has no system;
// one that has packages of a system that it does not name is not clean.
TEST(MergeSystem, AbsentIsSaidWherePackagesNeedIt) {
  const Tar module =
      Tar().File("app/node_modules/x/package.json", R"({"name": "x", "version": "1.0.0"})");
  auto image = Merge({module});
  ASSERT_TRUE(image);
  EXPECT_FALSE(image->os);
  EXPECT_EQ(image->packages.size(), 1u);
  EXPECT_EQ(Find(*image, "os"), nullptr);
  image = Merge({Tar(module).File("lib/apk/db/installed", kApk)});
  ASSERT_TRUE(image);
  EXPECT_FALSE(image->os);
  EXPECT_EQ(image->packages.size(), 2u);
  ASSERT_NE(Find(*image, "os"), nullptr);
  EXPECT_EQ(Find(*image, "os")->state, CoverageState::kFailed);
}

}  // namespace
}  // namespace landwaiter::layer
