#include "scanner/image/archive.h"

#include <archive.h>
#include <gtest/gtest.h>

#include "model/scan_request.h"
#include "scanner/image/loader.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/saved_archive.h"
#include "tests/unit/scanner/image/tar_maker.h"

namespace landwaiter::image {
namespace {

TEST(Archive, ReadsDockerSaveAndLayoutPlainAndCompressed) {
  const TinyImage image;
  for (const std::string& tar : {Saved(image).Done(), Layout(image).Done()}) {
    for (const char* filter : {"", "gzip", "zstd"}) {
      const std::string bytes = *filter == '\0' ? tar : Compress(tar, filter);
      const auto layer = FirstLayer(bytes);
      ASSERT_TRUE(layer) << filter << ": " << layer.error().message;
      EXPECT_EQ(*layer, image.layer);
    }
  }
}

// Pitfall 31.
TEST(Archive, LayoutKeepsTheTrueManifest) {
  const TinyImage image;
  auto source = Open(Layout(image).Done());
  ASSERT_TRUE(source) << source.error().message;
  const auto loaded = LoadImage(**source, {});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->digest, image.ManifestDigest());
}

// Pitfall 52: an archive has lost the registry's manifest, and is not given another's digest.
TEST(Archive, DockerSaveWithCompressedLayersComputesTheirDigests) {
  TinyImage image;
  const std::string packed = Compress(image.layer, "gzip");
  const std::string tar =
      TarMaker()
          .File("l.tar.gz", packed)
          .File("c.json", image.config)
          .File("manifest.json", "[" + SavedEntry("c.json", "null", R"(["l.tar.gz"])") + "]")
          .Done();
  const auto layer = FirstLayer(tar);
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(*layer, packed);
}

TEST(Archive, FollowsLinksInside) {
  const TinyImage image;
  const std::string config = HexOf(image.config) + ".json";
  const std::string manifest = "[" + SavedEntry(config, "[]", R"(["2/layer.tar"])") + "]";
  const std::string symbolic = TarMaker()
                                   .File("1/layer.tar", image.layer)
                                   .Link("2/layer.tar", "../1/layer.tar")
                                   .File(config, image.config)
                                   .File("manifest.json", manifest)
                                   .Done();
  const std::string hard = TarMaker()
                               .File("1/layer.tar", image.layer)
                               .HardLink("2/layer.tar", "1/layer.tar")
                               .File(config, image.config)
                               .File("manifest.json", manifest)
                               .Done();
  for (const std::string& tar : {symbolic, hard}) {
    const auto layer = FirstLayer(tar);
    ASSERT_TRUE(layer) << layer.error().message;
    EXPECT_EQ(*layer, image.layer);
  }
}

TEST(Archive, LongNamesOfPaxAndGnuAreRead) {
  const TinyImage image;
  const std::string name = std::string(150, 'd') + "/layer.tar";
  const auto around = [&](TarMaker maker) {
    return maker.Member('0', "short", "", image.layer)
        .File(HexOf(image.config) + ".json", image.config)
        .File("manifest.json",
              "[" + SavedEntry(HexOf(image.config) + ".json", "[]", "[\"" + name + "\"]") + "]")
        .Done();
  };
  for (const std::string& tar :
       {around(TarMaker().Pax("path", name)),
        around(TarMaker().Member('L', "././@LongLink", "", name + std::string(1, '\0'))),
        around(TarMaker().Pax("comment", "x", 'g').Pax("path", name))}) {
    const auto layer = FirstLayer(tar);
    ASSERT_TRUE(layer) << layer.error().message;
    EXPECT_EQ(*layer, image.layer);
  }
}

TEST(Archive, SeveralImagesNeedAChoice) {
  TinyImage one;
  TinyImage two;
  two.config.insert(two.config.size() - 1, R"(,"created":"2026-01-01T00:00:00Z")");
  const std::string tar =
      TarMaker()
          .File("l", one.layer)
          .File("1.json", one.config)
          .File("2.json", two.config)
          .File("manifest.json",
                "[" + SavedEntry("1.json", R"(["app:1","app:stable"])", R"(["l"])") + "," +
                    SavedEntry("2.json", R"(["registry.example/other:2"])", R"(["l"])") + "]")
          .Done();
  const auto none = Open(tar);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message,
            "app.tar: holds several images, choose one of app:1, registry.example/other:2");
  for (const char* name : {"app:1", "app:stable", "docker.io/library/app:1"}) {
    auto source = Open(tar, name);
    ASSERT_TRUE(source) << name << ": " << source.error().message;
    EXPECT_EQ(LoadImage(**source, {})->platforms[0].image_id, Sha256::Of(one.config));
  }
  auto other = Open(tar, "registry.example/other:2");
  ASSERT_TRUE(other);
  EXPECT_EQ(LoadImage(**other, {})->platforms[0].image_id, Sha256::Of(two.config));
  const auto missing = Open(tar, "app:3");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, scan_reason::kNotFound);
  EXPECT_NE(missing.error().message.find("it has app:1"), std::string::npos);
}

TEST(Archive, LayoutIsChosenByItsAnnotations) {
  const TinyImage image;
  const std::string tar = Layout(image, R"({"io.containerd.image.name":"docker.io/library/app:1",)"
                                        R"("org.opencontainers.image.ref.name":"1"})")
                              .Done();
  for (const std::string& name :
       {std::string("app:1"), std::string("1"), image.ManifestDigest().ToString(), std::string()}) {
    EXPECT_TRUE(Open(tar, name)) << name;
  }
  EXPECT_FALSE(Open(tar, "app:2"));
}

}  // namespace
}  // namespace landwaiter::image
