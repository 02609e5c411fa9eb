#include "model/base_image.h"

#include <gtest/gtest.h>

namespace landwaiter {
namespace {

Digest Id(char c) { return *Digest::Parse("sha256:" + std::string(64, c)); }

/// A layer for each letter; the manifest's digest is `digest`.
Inventory AnImage(const std::string& layers, char digest) {
  Inventory inventory;
  inventory.manifest_digest = Id(digest);
  for (const char c : layers) inventory.layers.push_back({Id('f'), Id(c), "", 0});
  return inventory;
}

std::vector<KnownBase> ABase(const std::string& name, const std::string& layers, char digest) {
  return BasesOf(name, {Id(digest), "", {AnImage(layers, digest)}});
}

std::vector<KnownBase> Together(std::initializer_list<std::vector<KnownBase>> lists) {
  std::vector<KnownBase> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

TEST(BaseImageTest, TheLongestChainThatTheImageBeginsWithIsItsBase) {
  struct Case {
    std::string name;
    std::string image;
    std::vector<KnownBase> bases;
    std::string base;  // "" for none
    std::size_t layers = 0;
  };
  const auto debian = ABase("debian:12", "a", '1');
  const auto python = ABase("python:3", "abc", '2');
  const Case cases[] = {
      {"one of one layer", "abcd", debian, "debian:12", 1},
      {"the longer one", "abcd", Together({debian, python}), "python:3", 3},
      {"in whatever order they are named", "abcd", Together({python, debian}), "python:3", 3},
      {"a chain that goes on otherwise is none", "abd", Together({debian, python}), "debian:12", 1},
      {"a chain that is longer than the image is none", "ab", python, "", 0},
      {"one that the image has further up is none", "dabc", Together({debian, python}), "", 0},
      {"another image of the same layers is one", "abc", python, "python:3", 3},
      {"the image itself is none", "abc", ABase("app", "abc", '9'), "", 0},
      {"an image without layers is the base of none", "abc", ABase("scratch", "", '3'), "", 0},
      {"layers that stand twice count twice", "aab", ABase("twice", "aa", '4'), "twice", 2},
      {"no base is known", "abc", {}, "", 0},
  };
  for (const Case& c : cases) {
    const auto base = FindBase(AnImage(c.image, '9'), c.bases);
    EXPECT_EQ(base ? base->name : "", c.base) << c.name;
    EXPECT_EQ(base ? base->layers : 0, c.layers) << c.name;
  }
}

TEST(BaseImageTest, OfEqualChainsTheDeclaredOneCountsElseTheFirstByName) {
  const auto bases = Together(
      {ABase("python:3.12", "ab", '1'), ABase("python:3", "ab", '2'), ABase("x", "a", '3')});
  Inventory image = AnImage("abc", '9');
  EXPECT_EQ(FindBase(image, bases)->name, "python:3");
  image.declared_base = DeclaredBase{"python:3.12", ""};
  EXPECT_EQ(FindBase(image, bases)->name, "python:3.12");
  image.declared_base = DeclaredBase{"", Id('1').ToString()};
  EXPECT_EQ(FindBase(image, bases)->name, "python:3.12");
  image.declared_base = DeclaredBase{"x", ""};
  EXPECT_EQ(FindBase(image, bases)->name, "python:3") << "a word does not make a shorter one right";
}

TEST(BaseImageTest, AListTellsEachBaseThatIsBelowTheLongestFirst) {
  const BaseList list(Together({ABase("debian:12", "a", '1'), ABase("python:3", "abc", '2'),
                                ABase("other", "ac", '3'), ABase("app", "abcd", '9')}));
  std::vector<std::string> names;
  for (const BaseImage& base : list.Under(AnImage("abcd", '9'))) names.push_back(base.name);
  EXPECT_EQ(names, std::vector<std::string>({"app", "python:3", "debian:12"}));
  EXPECT_TRUE(list.KnowsDigest(Id('2')));
  EXPECT_FALSE(list.KnowsDigest(Id('4')));
  EXPECT_TRUE(list.KnowsName([](std::string_view name) { return name == "other"; }));
  EXPECT_FALSE(list.KnowsName([](std::string_view name) { return name == "another"; }));
}

// The example of image-spec config.md: ChainID(A|B) is the digest of "ChainID(A) DiffID(B)".
TEST(BaseImageTest, AChainIdIsOfAllLayersUpToIt) {
  const auto chain = ChainIds(AnImage("aba", '9').layers);
  ASSERT_EQ(chain.size(), 3u);
  EXPECT_EQ(chain[0], Id('a'));
  EXPECT_EQ(chain[1], Sha256::Of(Id('a').ToString() + " " + Id('b').ToString()));
  EXPECT_EQ(chain[2], Sha256::Of(chain[1].ToString() + " " + Id('a').ToString()));
  EXPECT_TRUE(ChainIds({}).empty());
}

TEST(BaseImageTest, PackagesOfItsLayersCameWithTheBase) {
  const std::optional<BaseImage> base = BaseImage{"debian:12", Id('1'), 2};
  EXPECT_EQ(IsFromBase(base, 0), true);
  EXPECT_EQ(IsFromBase(base, 1), true);
  EXPECT_EQ(IsFromBase(base, 2), false);
  EXPECT_EQ(IsFromBase(base, -1), std::nullopt) << "of a layer that nobody knows";
  EXPECT_EQ(IsFromBase(std::nullopt, 0), std::nullopt);
}

}  // namespace
}  // namespace landwaiter
