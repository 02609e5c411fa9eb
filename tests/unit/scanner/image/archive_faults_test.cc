// Archives that are broken, or lie.
#include <archive.h>
#include <gtest/gtest.h>

#include "model/scan_request.h"
#include "scanner/image/archive.h"
#include "scanner/image/tar_index.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/saved_archive.h"
#include "tests/unit/scanner/image/tar_maker.h"

namespace landwaiter::image {
namespace {

struct BadArchive {
  const char* name;
  std::string bytes;
  std::string_view reason;
  const char* says;
};

TEST(Archive, NamesWhatIsWrong) {
  const TinyImage image;
  const std::string good = Saved(image).Done();
  const std::string config = HexOf(image.config) + ".json";
  std::string bad_checksum = good;
  bad_checksum[0] ^= 1;
  std::string later_checksum = good;
  later_checksum[512 + 3] ^= 1;
  const auto with_manifest = [&](const std::string& manifest) {
    return TarMaker()
        .File("l", image.layer)
        .File("c.json", image.config)
        .File("manifest.json", manifest)
        .Done();
  };
  TinyImage swapped;
  swapped.layer[0] = 'x';
  const BadArchive cases[] = {
      {"empty", "", scan_reason::kMalformedImage, "is empty"},
      {"text", std::string(2000, 'x'), scan_reason::kMalformedImage, "is no tar archive"},
      {"short text", "hello", scan_reason::kMalformedImage, "breaks off"},
      {"a tar of something else", TarMaker().File("README", "x").Done(),
       scan_reason::kMalformedImage, "neither index.json nor manifest.json"},
      {"an empty tar", TarMaker().Done(), scan_reason::kMalformedImage, "neither"},
      {"first header broken", bad_checksum, scan_reason::kMalformedImage, "is no tar archive"},
      {"later header broken", later_checksum, scan_reason::kMalformedImage,
       "byte 512: bad header checksum"},
      {"no end marker", Saved(image).Open(), scan_reason::kMalformedImage, "without an end marker"},
      {"cut in a layer", good.substr(0, 50'000), scan_reason::kMalformedImage, "breaks off"},
      {"an absolute name", Saved(image).File("/etc/passwd", "x").Done(),
       scan_reason::kMalformedImage, "'/etc/passwd' has a name outside"},
      {"a name that steps upwards", Saved(image).File("a/../../b", "x").Done(),
       scan_reason::kMalformedImage, "outside of the archive"},
      {"a PAX path that steps upwards", Saved(image).Pax("path", "../x").File("y", "").Done(),
       scan_reason::kMalformedImage, "outside of the archive"},
      {"a negative size", Saved(image).Pax("size", "-1").File("y", "").Done(),
       scan_reason::kMalformedImage, "PAX"},
      {"a huge size", Saved(image).Pax("size", "9223372036854775807").File("y", "").Done(),
       scan_reason::kMalformedImage, "breaks off"},
      {"a sparse member", Saved(image).Pax("GNU.sparse.major", "1").File("y", "").Done(),
       scan_reason::kMalformedImage, "sparse"},
      {"a link out of the archive",
       TarMaker()
           .Link("l", "../../etc/passwd")
           .File("c.json", image.config)
           .File("manifest.json", "[" + SavedEntry("c.json", "[]", R"(["l"])") + "]")
           .Done(),
       scan_reason::kMalformedImage, "leads out of the archive"},
      {"an absolute link",
       TarMaker()
           .Link("l", "/etc/passwd")
           .File("c.json", image.config)
           .File("manifest.json", "[" + SavedEntry("c.json", "[]", R"(["l"])") + "]")
           .Done(),
       scan_reason::kMalformedImage, "leads out of the archive"},
      {"a ring of links",
       TarMaker()
           .Link("l", "m")
           .Link("m", "l")
           .File("c.json", image.config)
           .File("manifest.json", "[" + SavedEntry("c.json", "[]", R"(["l"])") + "]")
           .Done(),
       scan_reason::kMalformedImage, "loop of links"},
      {"a folder for a layer",
       TarMaker()
           .Folder("l")
           .File("c.json", image.config)
           .File("manifest.json", "[" + SavedEntry("c.json", "[]", R"(["l"])") + "]")
           .Done(),
       scan_reason::kMalformedImage, "'l' is no file"},
      {"a layer that is missing", with_manifest("[" + SavedEntry("c.json", "[]", R"(["m"])") + "]"),
       scan_reason::kMalformedImage, "has no member 'm'"},
      {"a config that is missing",
       with_manifest("[" + SavedEntry("d.json", "[]", R"(["l"])") + "]"),
       scan_reason::kMalformedImage, "has no member 'd.json'"},
      {"a config outside", with_manifest("[" + SavedEntry("../c.json", "[]", R"(["l"])") + "]"),
       scan_reason::kMalformedImage, "leads out"},
      {"no images", with_manifest("[]"), scan_reason::kMalformedImage, "holds no image"},
      {"manifest.json a map", with_manifest("{}"), scan_reason::kMalformedImage, "must be a list"},
      {"manifest.json deep", with_manifest(std::string(100'000, '[')), scan_reason::kMalformedImage,
       "deeper"},
      {"manifest.json of wrong types", with_manifest(R"([{"Config":1,"Layers":[]}])"),
       scan_reason::kMalformedImage, "Config"},
      {"more layers than diffIDs",
       with_manifest("[" + SavedEntry("c.json", "[]", R"(["l","l"])") + "]"),
       scan_reason::kMalformedImage, "2 layers"},
      {"a config that is not what its name says",
       TarMaker()
           .File("l", image.layer)
           .File(std::string(64, 'a') + ".json", image.config)
           .File("manifest.json",
                 "[" + SavedEntry(std::string(64, 'a') + ".json", "[]", R"(["l"])") + "]")
           .Done(),
       scan_reason::kDigestMismatch, "has the digest"},
      {"a layer that is not its diffID",
       TarMaker()
           .File("l", swapped.layer)
           .File(config, image.config)
           .File("manifest.json", "[" + SavedEntry(config, "[]", R"(["l"])") + "]")
           .Done(),
       scan_reason::kDigestMismatch, "digest"},
      {"a layout without its manifest",
       TarMaker()
           .File("index.json",
                 R"({"schemaVersion":2,"manifests":[)" +
                     TinyImage::Descriptor("application/vnd.oci.image.manifest.v1+json",
                                           image.manifest) +
                     "]}")
           .Done(),
       scan_reason::kMalformedImage, "has no member 'blobs/sha256/"},
      {"a layout with another manifest",
       TarMaker()
           .File("index.json",
                 R"({"schemaVersion":2,"manifests":[)" +
                     TinyImage::Descriptor("application/vnd.oci.image.manifest.v1+json",
                                           image.manifest) +
                     "]}")
           .File(BlobName(image.manifest), image.config)
           .Done(),
       scan_reason::kDigestMismatch, "manifest sha256:"},
      {"gzip cut off", Compress(good, "gzip").substr(0, 200), scan_reason::kMalformedImage,
       "cannot be inflated"},
      {"zstd cut off", Compress(good, "zstd").substr(0, 100), scan_reason::kMalformedImage, ""},
      {"xz", Compress(good, "xz"), scan_reason::kUnsupportedMediaType, "xz"},
  };
  for (const BadArchive& c : cases) {
    const auto layer = FirstLayer(c.bytes);
    ASSERT_FALSE(layer) << c.name;
    EXPECT_EQ(layer.error().reason, c.reason) << c.name << ": " << layer.error().message;
    EXPECT_NE(layer.error().message.find(c.says), std::string::npos)
        << c.name << ": " << layer.error().message;
    EXPECT_NE(layer.error().message.find("app.tar"), std::string::npos)
        << c.name << ": " << layer.error().message;
  }
}

TEST(Archive, EveryTruncationIsAnError) {
  TinyImage image;
  image.layer = "tiny";
  image.config = TinyImage{.layer = image.layer}.config;
  const std::string whole = Saved(image).Open() + std::string(512, '\0');
  ASSERT_TRUE(FirstLayer(whole));
  for (std::size_t size = 0; size < whole.size(); size += 64) {
    EXPECT_FALSE(FirstLayer(whole.substr(0, size))) << size;
  }
}

TEST(Archive, BombsAreTooLarge) {
  const std::string bomb = Compress(std::string(200u << 20, '\0'), "zstd");
  const auto by_ratio = Open(bomb);
  ASSERT_FALSE(by_ratio);
  EXPECT_EQ(by_ratio.error().reason, scan_reason::kTooLarge) << by_ratio.error().message;
  const auto by_size = Open(Compress(Saved(TinyImage()).Done(), "gzip"), "", true, 50'000);
  ASSERT_FALSE(by_size);
  EXPECT_EQ(by_size.error().reason, scan_reason::kTooLarge) << by_size.error().message;
}

TEST(Archive, CompressedOneNeedsAScratchFile) {
  const auto source = Open(Compress(Saved(TinyImage()).Done(), "gzip"), "", false);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().reason, scan_reason::kUnsupportedMediaType);
}

TEST(Archive, MembersAreBounded) {
  TarMaker maker;
  for (std::size_t i = 0; i <= kMaxArchiveEntries; ++i) maker.File("f" + std::to_string(i), "");
  const auto file = FileOf(maker.Done());
  const auto index = TarIndex::Build(file.get(), {});
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().reason, scan_reason::kTooLarge);
}

}  // namespace
}  // namespace landwaiter::image
