// Content sets speak of the layer that their manifest stands in. Pitfall 96.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/layer/merge.h"
#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using testing::Tar;
using Sets = std::vector<std::vector<std::string>>;

constexpr const char* kFolder = "root/buildinfo/content_manifests/";

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

std::string Manifest(const std::vector<std::string>& sets) {
  std::string text;
  for (const auto& set : sets) text += (text.empty() ? "\"" : ",\"") + set + "\"";
  return "{\"content_sets\": [" + text + "]}";
}

const Coverage* Find(const MergedImage& image) {
  for (const auto& line : image.coverage) {
    if (line.source == "content-sets") return &line;
  }
  return nullptr;
}

TEST(MergeContentSets, StandAtTheLayerOfTheirManifest) {
  const std::string one = std::string(kFolder) + "ubi8-container-8.5-218.json";
  const Tar base = Tar().File(one, Manifest({"baseos", "appstream"}));
  struct Case {
    const char* name;
    std::vector<Tar> layers;
    Sets sets;
    std::vector<std::string> repositories;
  };
  const std::vector<Case> cases = {
      {"none", {Tar().File("a", "")}, {{}}, {}},
      {"one layer has them",
       {base, Tar().File("a", "")},
       {{"appstream", "baseos"}, {}},
       {"appstream", "baseos"}},
      {"two manifests of one layer are one list",
       {Tar()
            .File(one, Manifest({"b", "a"}))
            .File("usr/share/buildinfo/x.json", Manifest({"c", "a"}))},
       {{"a", "b", "c"}},
       {"a", "b", "c"}},
      {"every layer has its own",
       {base, Tar().File(std::string(kFolder) + "app-1-1.json", Manifest({"rhscl"}))},
       {{"appstream", "baseos"}, {"rhscl"}},
       {"appstream", "baseos", "rhscl"}},
      {"an upper layer that takes the file away leaves the lower one's packages what they are",
       {base, Tar().Whiteout("", "root")},
       {{"appstream", "baseos"}, {}},
       {"appstream", "baseos"}},
      {"one that overwrites it too",
       {base, Tar().File(one, Manifest({"other"}))},
       {{"appstream", "baseos"}, {"other"}},
       {"appstream", "baseos", "other"}},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    auto image = Merge(test.layers);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->content_sets, test.sets);
    EXPECT_EQ(image->repositories, test.repositories);
    if (Find(*image) != nullptr) EXPECT_EQ(Find(*image)->state, CoverageState::kRead);
  }
}

TEST(MergeContentSets, AManifestThatCannotBeReadIsSaidEvenWhereItWasTakenAway) {
  auto image = Merge({Tar().File(std::string(kFolder) + "x.json", "{\"content_sets\": ["),
                      Tar().Whiteout("", "root")});
  ASSERT_TRUE(image);
  ASSERT_NE(Find(*image), nullptr);
  EXPECT_EQ(Find(*image)->state, CoverageState::kFailed);
}

TEST(MergeContentSets, AreBounded) {
  std::vector<std::string> first;
  std::vector<std::string> second;
  for (std::size_t i = 0; i < kMaxContentSets; ++i) {
    (i % 2 == 0 ? first : second).push_back("set-" + std::to_string(i));
  }
  const std::string folder = kFolder;
  const Tar most =
      Tar().File(folder + "a.json", Manifest(first)).File(folder + "b.json", Manifest(second));
  auto image = Merge({most});
  ASSERT_TRUE(image);
  EXPECT_EQ(image->content_sets[0].size(), kMaxContentSets);
  EXPECT_EQ(Find(*image)->state, CoverageState::kRead);
  image = Merge({Tar(most).File(folder + "c.json", Manifest({"one-more"}))});
  ASSERT_TRUE(image);
  EXPECT_EQ(image->content_sets, Sets{{}});
  EXPECT_EQ(Find(*image)->state, CoverageState::kFailed);
  image = Merge({most, Tar().File(folder + "c.json", Manifest({"one-more"}))});
  ASSERT_TRUE(image);
  EXPECT_EQ(image->repositories.size(), kMaxContentSets);
  EXPECT_EQ(image->content_sets[1], std::vector<std::string>());
  EXPECT_EQ(Find(*image)->state, CoverageState::kFailed);
}

}  // namespace
}  // namespace landwaiter::layer
