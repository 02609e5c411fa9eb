#include "scanner/service/layer_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "model/inventory_codec.h"
#include "scanner/service/scan_in_child.h"
#include "tests/unit/scanner/service/memory_image.h"

namespace landwaiter::service {
namespace {

namespace fs = std::filesystem;
using testing::MemoryImage;
using testing::SmallImage;

class LayerCacheTest : public ::testing::Test {
 protected:
  LayerCacheTest() : folder_(::testing::TempDir() + "/layers-" + std::to_string(getpid())) {
    fs::remove_all(folder_);
  }
  ~LayerCacheTest() override { fs::remove_all(folder_); }

  std::unique_ptr<LayerCache> Open(std::uint64_t max_bytes = 1 << 20) {
    auto cache = LayerCache::Open(folder_, max_bytes);
    EXPECT_TRUE(cache) << cache.error().message;
    return cache ? *std::move(cache) : nullptr;
  }
  static FilePart Holding(const std::string& bytes) {
    FILE* const file = std::tmpfile();
    FilePart layer{FileDescriptor(dup(fileno(file))), 0, bytes.size()};
    std::fclose(file);
    EXPECT_EQ(write(layer.file.get(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
    return layer;
  }
  static std::string BytesOf(const FilePart& layer) {
    std::string bytes(layer.size, '\0');
    EXPECT_EQ(pread(layer.file.get(), bytes.data(), bytes.size(), static_cast<off_t>(layer.offset)),
              static_cast<ssize_t>(bytes.size()));
    return bytes;
  }
  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().extension() == ".kept") files.push_back(entry.path());
    }
    return files;
  }

  const std::string folder_;
};

LayerJob Job() {
  return {.digest = Sha256::Of("blob"), .size = 4, .media_type = "tar", .diff_id = Sha256::Of("d")};
}

TEST_F(LayerCacheTest, GivesBackWhatWasPutAndNothingElse) {
  auto cache = Open();
  EXPECT_FALSE(cache->Get("a"));
  ASSERT_TRUE(cache->Put("a", Holding("inventory")));
  const auto kept = cache->Get("a");
  ASSERT_TRUE(kept);
  EXPECT_EQ(BytesOf(*kept), "inventory");
  EXPECT_FALSE(cache->Get("b"));
  EXPECT_TRUE(Open()->Get("a")) << "another process";
}

// Pitfall 24.
TEST_F(LayerCacheTest, TheKeyHoldsAllThatAnInventoryDependsOn) {
  auto cache = Open();
  const StartMessage start;
  const std::string key = cache->KeyOf(Job(), start);
  EXPECT_EQ(key, cache->KeyOf(Job(), start));
  LayerJob job = Job();
  job.digest = Sha256::Of("other");
  EXPECT_NE(key, cache->KeyOf(job, start));
  job = Job();
  job.diff_id = Sha256::Of("other");
  EXPECT_NE(key, cache->KeyOf(job, start)) << "a diffID is an author's word";
  job = Job();
  job.media_type = "tar+zstd";
  EXPECT_NE(key, cache->KeyOf(job, start));
  StartMessage other;
  other.limits.file_bytes = 1;
  EXPECT_NE(key, cache->KeyOf(Job(), other));
  other = {};
  other.collection.files = {{"etc/shadow"}};
  const std::string collects = cache->KeyOf(Job(), other);
  EXPECT_NE(key, collects) << "it lacks what another policy asks for";
  other.collection.secrets = 1;
  EXPECT_NE(collects, cache->KeyOf(Job(), other));
  fs::remove(folder_ + "/name-key");
  EXPECT_NE(key, Open()->KeyOf(Job(), start)) << "names are hashed with another secret";
}

TEST_F(LayerCacheTest, ADamagedFileIsTakenAwayAndNotGiven) {
  auto cache = Open();
  for (const char* how : {"changed", "cut", "empty"}) {
    ASSERT_TRUE(cache->Put("a", Holding("inventory")));
    const fs::path file = Files().at(0);
    if (std::string(how) == "changed") {
      std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
      out.seekp(-1, std::ios::end);
      out.put('Y');
    } else {
      fs::resize_file(file, std::string(how) == "cut" ? fs::file_size(file) - 1 : 0);
    }
    EXPECT_FALSE(cache->Get("a")) << how;
    EXPECT_TRUE(Files().empty()) << how;
  }
}

TEST_F(LayerCacheTest, WhatWasUsedLongestAgoGoesFirst) {
  auto cache = Open(3 * 1100);
  const std::string bytes(1000, 'x');
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(cache->Put(key, Holding(bytes)));
  for (const fs::path& file : Files()) {
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  ASSERT_TRUE(cache->Get("a"));
  ASSERT_TRUE(cache->Put("d", Holding(bytes)));
  EXPECT_TRUE(cache->Get("a"));
  EXPECT_TRUE(cache->Get("d"));
  EXPECT_LE(Files().size(), 3u);
}

// Pitfall 27: scratch files have no name; what must have one is cleaned up after the dead.
TEST_F(LayerCacheTest, WhatAKilledProcessLeftIsTakenAwayAfterAnHour) {
  auto cache = Open();
  const fs::path old = folder_ + "/new-abcdef";
  const fs::path young = folder_ + "/new-ghijkl";
  for (const fs::path& path : {old, young}) std::ofstream(path) << "half";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(2));
  ASSERT_TRUE(cache->Put("a", Holding("inventory")));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(young));
}

TEST_F(LayerCacheTest, AFolderThatOthersMayWriteIsRefused) {
  ASSERT_EQ(mkdir(folder_.c_str(), 0700), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  const auto cache = LayerCache::Open(folder_, 1 << 20);
  ASSERT_FALSE(cache);
  EXPECT_EQ(cache.error().code, Code::kPermissionDenied);
}

TEST_F(LayerCacheTest, ManyWhoOpenAtOnceHaveOneSecret) {
  std::vector<layer::NameKey> keys(8);
  {
    std::vector<std::jthread> threads;
    for (auto& key : keys) {
      threads.emplace_back([&] {
        if (auto cache = LayerCache::Open(folder_, 1)) key = (*cache)->name_key();
      });
    }
  }
  for (const auto& key : keys) EXPECT_EQ(key, keys[0]);
}

// An image whose layers were read before needs none of their blobs.
TEST_F(LayerCacheTest, AnImageOfKnownLayersIsReadWithoutThem) {
  auto cache = Open();
  ChildOptions child;
  child.layer_cache = cache.get();
  MemoryImage image;
  SmallImage(image);
  const auto first = ScanInChild(image, {}, child, {});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(Files().size(), 3u) << "two layers and the image";
  const auto inventory = ToJson(*first);
  image.ForgetLayers();
  ScanOptions options;
  // Another question about the same layers, so that they are merged again.
  options.limits.layers = 100;
  ScanProgress last;
  options.on_progress = [&](const ScanProgress& progress) { last = progress; };
  const auto again = ScanInChild(image, options, child, {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(ToJson(*again), inventory);
  EXPECT_GT(last.bytes_total, 0u);
  EXPECT_EQ(last.bytes_received, last.bytes_total);
}

TEST_F(LayerCacheTest, AnImageReadBeforeNeedsNoProcess) {
  auto cache = Open();
  ChildOptions child;
  child.layer_cache = cache.get();
  MemoryImage image;
  SmallImage(image);
  const auto first = ScanInChild(image, {}, child, {});
  ASSERT_TRUE(first) << first.error().message;
  child.program = "/nowhere";
  const auto again = ScanInChild(image, {}, child, {});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(ToJson(*again), ToJson(*first));
  MemoryImage other;
  SmallImage(other);
  other.User("someone").Build();
  EXPECT_FALSE(ScanInChild(other, {}, child, {})) << "its name means another image now";
}

TEST_F(LayerCacheTest, AKeptImageThatIsAnotherOnesOrNoneIsReadAgain) {
  auto cache = Open();
  ChildOptions child;
  child.layer_cache = cache.get();
  MemoryImage image;
  SmallImage(image);
  const auto first = ScanInChild(image, {}, child, {});
  ASSERT_TRUE(first) << first.error().message;
  ImageInventory changed = *first;
  changed.digest = Sha256::Of("another image");
  StartMessage start;
  const auto root = image.Manifest(std::nullopt);
  ASSERT_TRUE(root);
  const std::string key = cache->KeyOf(*root, start);
  ASSERT_TRUE(cache->Get(key));
  for (const std::string& bytes : {EncodeImageInventory(changed), std::string("no inventory")}) {
    ASSERT_TRUE(cache->Put(key, Holding(bytes)));
    const auto again = ScanInChild(image, {}, child, {});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(ToJson(*again), ToJson(*first));
  }
}

TEST_F(LayerCacheTest, TheKeyOfAnImageHoldsWhatWasAskedOfIt) {
  auto cache = Open();
  MemoryImage image;
  SmallImage(image);
  image::RawManifest root = *image.Manifest(std::nullopt);
  const StartMessage start;
  const std::string key = cache->KeyOf(root, start);
  EXPECT_EQ(key, cache->KeyOf(root, start));
  StartMessage other = start;
  other.platforms = {{"linux", "arm64"}};
  EXPECT_NE(key, cache->KeyOf(root, other));
  other = start;
  other.single_of_any_platform = true;
  EXPECT_NE(key, cache->KeyOf(root, other));
  other = start;
  other.limits.layers = 1;
  EXPECT_NE(key, cache->KeyOf(root, other));
  other = start;
  other.declared = packages::Declared::kAll;
  EXPECT_NE(key, cache->KeyOf(root, other));
  root.media_type += "x";
  EXPECT_NE(key, cache->KeyOf(root, start));
  root.bytes += " ";
  EXPECT_NE(key, cache->KeyOf(root, start));
}

TEST_F(LayerCacheTest, ADamagedInventoryThatIsWellSealedFailsTheScanByName) {
  auto cache = Open();
  ChildOptions child;
  child.layer_cache = cache.get();
  MemoryImage image;
  SmallImage(image);
  ASSERT_TRUE(ScanInChild(image, {}, child, {}));
  for (const fs::path& file : Files()) {
    ASSERT_TRUE(cache->Put(file.stem().string(), Holding("no inventory")));
  }
  const auto again = ScanInChild(image, {}, child, {});
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("layer 1 of 2"), std::string::npos) << again.error().message;
}

}  // namespace
}  // namespace landwaiter::service
