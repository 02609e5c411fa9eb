#include "model/inventory.h"

#include <gtest/gtest.h>

namespace landwaiter {
namespace {

using Sets = std::vector<std::string>;

struct SetsCase {
  const char* name;
  std::vector<Sets> layers;
  std::vector<Sets> of;  // by layer
};

// Pitfall 96: Red Hat's content sets speak of a layer, and later layers go on with them.
TEST(ContentSetsOf, AreTheLayersOwnOrItsNeighbours) {
  const std::vector<SetsCase> cases = {
      {"no layer has any", {{}, {}}, {{}, {}}},
      {"the layer's own", {{"a"}, {"b"}}, {{"a"}, {"b"}}},
      {"later layers go on with those of their base", {{"a"}, {}, {}}, {{"a"}, {"a"}, {"a"}}},
      {"up to the next that has its own", {{"a"}, {}, {"b"}, {}}, {{"a"}, {"a"}, {"b"}, {"b"}}},
      {"a base whose manifest stands in the layer above it",
       {{}, {"a"}, {}},
       {{"a"}, {"a"}, {"a"}}},
  };
  for (const auto& test : cases) {
    Inventory inventory;
    for (const auto& sets : test.layers) inventory.layers.emplace_back().content_sets = sets;
    for (int layer = 0; layer < static_cast<int>(test.of.size()); ++layer) {
      EXPECT_EQ(inventory.ContentSetsOf(layer), test.of[static_cast<std::size_t>(layer)])
          << test.name << ", layer " << layer;
    }
  }
}

TEST(ContentSetsOf, APackageOfNoKnownLayerHasThoseOfTheFirst) {
  Inventory inventory;
  EXPECT_EQ(inventory.ContentSetsOf(-1), Sets());
  EXPECT_EQ(inventory.ContentSetsOf(7), Sets());
  inventory.layers.emplace_back().content_sets = {"a"};
  inventory.layers.emplace_back().content_sets = {"b"};
  EXPECT_EQ(inventory.ContentSetsOf(-1), Sets{"a"});
  EXPECT_EQ(inventory.ContentSetsOf(7), Sets{"b"});
}

TEST(InventoryJson, TheDeclaredBaseComesBack) {
  ImageInventory image{Sha256::Of("a"), "type", {Inventory{}}};
  Inventory& platform = image.platforms[0];
  platform.platform = {"linux", "amd64"};
  platform.manifest_digest = platform.image_id = image.digest;
  for (const auto& base : {std::optional<DeclaredBase>(), std::optional(DeclaredBase{"a:1", ""}),
                           std::optional(DeclaredBase{"", "sha256:1"})}) {
    platform.declared_base = base;
    const auto again = ImageInventoryFromJson(ToJson(image));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(*again, image);
  }
}

}  // namespace
}  // namespace landwaiter
