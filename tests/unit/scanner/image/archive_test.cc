#include "scanner/image/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "model/scan_request.h"
#include "scanner/image/loader.h"
#include "scanner/image/tar_index.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/tar_maker.h"

namespace landwaiter::image {
namespace {

using testing::FileOf;
using testing::TarMaker;
using testing::TinyImage;

/// The bytes through one of libarchive's write filters: "gzip", "zstd", "xz".
std::string Compress(const std::string& bytes, const std::string& filter) {
  std::string out(bytes.size() + (1u << 20), '\0');
  std::size_t used = 0;
  struct ::archive* writer = archive_write_new();
  archive_write_set_format_raw(writer);
  archive_write_add_filter_by_name(writer, filter.c_str());
  archive_write_set_bytes_per_block(writer, 0);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  struct archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, bytes.data(), bytes.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

Result<std::unique_ptr<ImageSource>> Open(const std::string& bytes, const std::string& image = "",
                                          bool scratch = true, std::uint64_t limit = 1u << 30) {
  ArchiveOptions options;
  options.image = image;
  options.max_inflated_bytes = limit;
  if (scratch) options.scratch = FileOf("");
  return OpenArchive(FileOf(bytes), "app.tar", std::move(options), {});
}

/// The first layer's bytes, everything verified on the way.
Result<std::string> FirstLayer(const std::string& bytes, const std::string& image = "") {
  auto source = Open(bytes, image);
  if (!source) return std::move(source).error();
  auto loaded = LoadImage(**source, {});
  if (!loaded) return std::move(loaded).error();
  return ReadBlob(**source, loaded->platforms.at(0).manifest.layers.at(0), 1u << 20);
}

std::string HexOf(const std::string& bytes) { return std::string(Sha256::Of(bytes).Hex()); }
std::string BlobName(const std::string& bytes) { return "blobs/sha256/" + HexOf(bytes); }

std::string SavedEntry(const std::string& config, const std::string& tags,
                       const std::string& layers) {
  return R"({"Config":")" + config + R"(","RepoTags":)" + tags + R"(,"Layers":)" + layers + "}";
}

TarMaker Saved(const TinyImage& image, const std::string& layer_name = "1/layer.tar") {
  return TarMaker()
      .Folder("1/")
      .File(layer_name, image.layer)
      .File(HexOf(image.config) + ".json", image.config)
      .File("manifest.json", "[" +
                                 SavedEntry(HexOf(image.config) + ".json", R"(["app:1"])",
                                            "[\"" + layer_name + "\"]") +
                                 "]");
}

TarMaker Layout(const TinyImage& image, const std::string& annotations = "") {
  std::string entry =
      TinyImage::Descriptor("application/vnd.oci.image.manifest.v1+json", image.manifest);
  if (!annotations.empty()) entry.insert(entry.size() - 1, R"(,"annotations":)" + annotations);
  return TarMaker()
      .File("oci-layout", R"({"imageLayoutVersion":"1.0.0"})")
      .File("index.json", R"({"schemaVersion":2,"manifests":[)" + entry + "]}")
      .File("./" + BlobName(image.manifest), image.manifest)
      .File(BlobName(image.config), image.config)
      .File(BlobName(image.layer), image.layer);
}

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

namespace fs = std::filesystem;

class LayoutFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "layout-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    Write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    Write("index.json",
          R"({"schemaVersion":2,"manifests":[)" +
              TinyImage::Descriptor("application/vnd.oci.image.manifest.v1+json", image_.manifest) +
              "]}");
    for (const std::string* blob : {&image_.manifest, &image_.config, &image_.layer}) {
      Write(BlobName(*blob), *blob);
    }
  }
  void TearDown() override { fs::remove_all(folder_); }
  void Write(const std::string& name, const std::string& bytes) {
    fs::create_directories(fs::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name, std::ios::binary) << bytes;
  }
  Result<std::string> FirstLayerOfFolder() {
    auto source = OpenLayout(folder_, "");
    if (!source) return std::move(source).error();
    auto loaded = LoadImage(**source, {});
    if (!loaded) return std::move(loaded).error();
    return ReadBlob(**source, loaded->platforms.at(0).manifest.layers.at(0), 1u << 20);
  }
  const TinyImage image_;
  std::string folder_;
};

TEST_F(LayoutFolderTest, IsRead) {
  const auto layer = FirstLayerOfFolder();
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(*layer, image_.layer);
}

TEST_F(LayoutFolderTest, NamesWhatIsWrong) {
  const std::string layer = folder_ + "/" + BlobName(image_.layer);
  fs::remove(layer);
  auto result = FirstLayerOfFolder();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(BlobName(image_.layer)), std::string::npos);

  fs::create_symlink("/etc/passwd", layer);
  result = FirstLayerOfFolder();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("is a symbolic link"), std::string::npos);

  fs::remove(layer);
  ASSERT_EQ(mkfifo(layer.c_str(), 0600), 0);
  result = FirstLayerOfFolder();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("is no regular file"), std::string::npos);

  fs::remove(layer);
  Write(BlobName(image_.layer), "shorter");
  result = FirstLayerOfFolder();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, scan_reason::kDigestMismatch);

  fs::remove(folder_ + "/index.json");
  result = FirstLayerOfFolder();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, scan_reason::kMalformedImage);
  EXPECT_EQ(OpenLayout("/nowhere/at/all", "").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace landwaiter::image
