// What the cluster knows of images that others are built on: a letter is a layer.
#include "controller/base_index.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

Inventory Layered(const std::string& layers, const std::string& manifest) {
  Inventory image;
  image.manifest_digest = DigestOf(manifest);
  for (const char c : layers) {
    image.layers.push_back({DigestOf("blob"), DigestOf(std::string(1, c)), "", 0});
  }
  return image;
}

/// A scan of an image whose platforms have these layers.
resources::ImageScan Scanned(const std::string& name, const std::vector<std::string>& platforms,
                             const std::vector<std::string>& watched_as = {}) {
  resources::ImageScan scan = AScan(DigestOf(name));
  for (const std::string& layers : platforms) {
    auto& platform = scan.status.platforms.emplace_back();
    platform.manifest_digest = DigestOf(name + layers).ToString();
    const auto chain = ChainIds(Layered(layers, "").layers);
    if (!chain.empty()) platform.chain_id = chain.back().ToString();
  }
  scan.status.watched_as = watched_as;
  return scan;
}

class BaseIndexTest : public ::testing::Test {
 protected:
  void Set(const resources::ImageScan& scan) { index_.Set(scan.name, scan); }
  /// "name/layers" of what is below, or of the digest of what has no name.
  std::vector<std::string> Under(const std::string& layers) {
    std::vector<std::string> out;
    for (const BaseImage& base : index_.Under(Layered(layers, "app"))) {
      out.push_back((base.name.empty() ? base.image.ToString().substr(0, 11) : base.name) + "/" +
                    std::to_string(base.layers));
    }
    return out;
  }
  bool KnowsName(std::string_view name) {
    return index_.KnowsName([&](std::string_view one) { return one == name; });
  }
  using Names = std::vector<std::string>;

  BaseIndex index_;
};

TEST_F(BaseIndexTest, TellsEveryImageThatIsBelowTheLongestFirst) {
  Set(Scanned("debian", {"a"}, {"r.io/debian:12"}));
  Set(Scanned("team", {"ab", "xy"}, {"r.io/team:7", "r.io/team:latest"}));
  Set(Scanned("other", {"ac"}, {"r.io/other:1"}));
  EXPECT_EQ(Under("abc"), Names({"r.io/team:7/2", "r.io/team:latest/2", "r.io/debian:12/1"}));
  EXPECT_EQ(Under("xyz"), Names({"r.io/team:7/2", "r.io/team:latest/2"})) << "another platform";
  EXPECT_EQ(Under("b"), Names());
  EXPECT_EQ(Under(""), Names());
}

TEST_F(BaseIndexTest, WithoutANameThatARegistryConfirmedOnlyTheDigestIsKnown) {
  resources::ImageScan scan = Scanned("debian", {"a"});
  scan.status.references = {"r.io/allowed:1"};  // as a pod named it
  Set(scan);
  EXPECT_EQ(Under("ab"), Names({DigestOf("debian").ToString().substr(0, 11) + "/1"}));
  EXPECT_FALSE(KnowsName("r.io/allowed:1"));
  EXPECT_TRUE(index_.KnowsDigest(DigestOf("debian")));
  EXPECT_TRUE(index_.KnowsDigest(DigestOf("debiana"))) << "of its manifest";
  EXPECT_FALSE(index_.KnowsDigest(DigestOf("a"))) << "a layer is no image";
}

TEST_F(BaseIndexTest, WhatChangesOrGoesIsForgotten) {
  Set(Scanned("debian", {"a"}, {"r.io/debian:12"}));
  Set(Scanned("twin", {"a", "a"}));
  Set(Scanned("debian", {"ab"}, {"r.io/debian:12", "r.io/debian:latest"}));
  EXPECT_EQ(Under("a").size(), 2u) << "both platforms of the twin";
  EXPECT_EQ(Under("ab").size(), 4u);
  EXPECT_FALSE(index_.KnowsDigest(DigestOf("debiana")));
  index_.Remove(resources::ScanName(DigestOf("debian")));
  index_.Remove(resources::ScanName(DigestOf("nobody")));
  EXPECT_FALSE(KnowsName("r.io/debian:12"));
  EXPECT_FALSE(index_.KnowsDigest(DigestOf("debian")));
  index_.Remove(resources::ScanName(DigestOf("twin")));
  EXPECT_EQ(Under("ab"), Names());
}

TEST_F(BaseIndexTest, WhatIsNotScannedOrHasNoLayersIsTheBaseOfNone) {
  Set(Scanned("waiting", {}, {"r.io/waiting:1"}));
  Set(Scanned("scratch", {""}, {"r.io/scratch:1"}));
  EXPECT_EQ(Under("ab"), Names());
  EXPECT_FALSE(KnowsName("r.io/waiting:1")) << "a rule about it cannot be decided yet";
  EXPECT_FALSE(KnowsName("r.io/scratch:1"));
}

// What a person asks by hand bears the result of another object.
TEST_F(BaseIndexTest, ARequestIsNoImage) {
  resources::ImageScan request = Scanned("debian", {"a"}, {"r.io/debian:12"});
  request.name = "by-hand";
  Set(request);
  EXPECT_EQ(Under("ab"), Names());
}

}  // namespace
}  // namespace landwaiter::controller
