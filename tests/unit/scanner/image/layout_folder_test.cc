// An OCI layout that is a folder.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "model/scan_request.h"
#include "scanner/image/loader.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/saved_archive.h"

namespace landwaiter::image {
namespace {

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
