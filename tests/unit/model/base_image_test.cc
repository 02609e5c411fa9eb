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
