#include "scanner/service/scan_image.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/scanner/service/memory_image.h"

namespace landwaiter::service {
namespace {

using layer::testing::Gzip;
using layer::testing::kGzipLayer;
using layer::testing::kPlainLayer;
using layer::testing::Tar;
using testing::kOsRelease;
using testing::kStatus;
using testing::MemoryImage;
using testing::SmallImage;

// Pitfall 22: what the history calls empty has no layer.
TEST(ScanImage, FillsTheInventory) {
  MemoryImage image;
  image.History(
      R"([{"created_by":"base"},{"created_by":"ENV","empty_layer":true},{"created_by":"app"}])");
  auto scanned = ScanImage(SmallImage(image), {}, {});
  ASSERT_TRUE(scanned) << scanned.error().message;
  ASSERT_EQ(scanned->platforms.size(), 1u);
  const Inventory& inventory = scanned->platforms[0];
  EXPECT_EQ(inventory.platform.ToString(), "linux/amd64");
  EXPECT_EQ(inventory.manifest_digest, image.digest());
  ASSERT_EQ(inventory.layers.size(), 2u);
  EXPECT_EQ(inventory.layers[0].created_by, "base");
  EXPECT_EQ(inventory.layers[1].created_by, "app");
  EXPECT_EQ(inventory.size_bytes, inventory.layers[0].size_bytes + inventory.layers[1].size_bytes);
  EXPECT_TRUE(inventory.Complete());
  EXPECT_EQ(inventory.config.uid, 1000u);
  ASSERT_EQ(inventory.packages.size(), 2u);
  EXPECT_EQ(inventory.packages[1].source_name, "glibc");
  EXPECT_EQ(inventory.packages[1].purl.substr(0, 15), "pkg:deb/debian/");
}

// Pitfall 22: builders write histories that do not fit their layers, or none.
TEST(ScanImage, AHistoryThatDoesNotFitIsLeftOut) {
  MemoryImage image;
  image.History(R"([{"created_by":"only one"}])");
  auto scanned = ScanImage(SmallImage(image), {}, {});
  ASSERT_TRUE(scanned) << scanned.error().message;
  EXPECT_EQ(scanned->platforms[0].layers[0].created_by, "");
}

// Pitfalls 7, 152.
TEST(ScanImage, TheSameLayerTwiceIsReadOnceAndStandsTwice) {
  MemoryImage image;
  const std::string tar =
      Tar().File("etc/os-release", kOsRelease).File("var/lib/dpkg/status", kStatus).Build();
  image.Layer(tar).Layer(Tar().Whiteout("var/lib", "dpkg").Build()).Layer(tar).Build();
  auto scanned = ScanImage(image, {}, {});
  ASSERT_TRUE(scanned) << scanned.error().message;
  EXPECT_EQ(scanned->platforms[0].layers.size(), 3u);
  ASSERT_EQ(scanned->platforms[0].packages.size(), 2u);
  EXPECT_EQ(scanned->platforms[0].packages[0].layer, 2);
  EXPECT_EQ(image.blobs_opened, 3);  // the configuration and two layers
}

TEST(ScanImage, LinksToStoredFilesAreReadInASecondPass) {
  MemoryImage image;
  image.Layer(Tar().File("etc/os-release", kOsRelease).File("data/dpkg/status", kStatus).Build())
      .Layer(Tar().Symlink("var/lib/dpkg", "/data/dpkg").Build())
      .Build();
  auto scanned = ScanImage(image, {}, {});
  ASSERT_TRUE(scanned) << scanned.error().message;
  EXPECT_EQ(scanned->platforms[0].packages.size(), 2u);
  EXPECT_TRUE(scanned->platforms[0].Complete());
}

TEST(ScanImage, ABrokenPackageDatabaseIsNotComplete) {
  MemoryImage image;
  image
      .Layer(Tar()
                 .File("etc/os-release", kOsRelease)
                 .File("var/lib/dpkg/status", "Package bash\n\x01\x02")
                 .Build())
      .Build();
  auto scanned = ScanImage(image, {}, {});
  ASSERT_TRUE(scanned) << scanned.error().message;
  EXPECT_FALSE(scanned->platforms[0].Complete());
}

TEST(ScanImage, AHundredAndTwentySevenLayersAreReadAndNoMore) {
  for (const std::size_t count : {127, 128}) {
    MemoryImage image;
    for (std::size_t i = 0; i < count; ++i) {
      image.Layer(Tar().File("f" + std::to_string(i), "x").Build(), kPlainLayer);
    }
    auto scanned = ScanImage(image.Build(), {}, {});
    if (count == 127) {
      ASSERT_TRUE(scanned) << scanned.error().message;
      EXPECT_EQ(scanned->platforms[0].layers.size(), 127u);
    } else {
      ASSERT_FALSE(scanned);
      EXPECT_EQ(scanned.error().reason, scan_reason::kTooLarge) << scanned.error().message;
    }
  }
}

struct BadImage {
  const char* name;
  std::function<void(MemoryImage&)> make;
  const char* reason;
  const char* words;
};

// Pitfall 20: one layer that cannot be read is no image with the others.
TEST(ScanImage, BadImagesAreNamedErrors) {
  const std::string tar = Tar().File("a", std::string(100000, 'a')).Build();
  const std::string blob = Gzip(tar);
  const std::vector<BadImage> cases = {
      {"a truncated layer",
       [&](MemoryImage& i) {
         i.Layer(tar).Build();
         i.other_bytes[i.LayerDigest(0)] = blob.substr(0, blob.size() / 2);
       },
       "DigestMismatch", "layer 1 of 1 (sha256:"},
      {"a layer pushed truncated",
       [&](MemoryImage& i) {
         i.Blob(blob.substr(0, blob.size() / 2), Sha256::Of(tar), kGzipLayer).Build();
       },
       "MalformedImage", "breaks off"},
      {"another layer's bytes",
       [&](MemoryImage& i) {
         i.Layer(tar).Build();
         i.other_bytes[i.LayerDigest(0)] = Gzip("x");
       },
       "DigestMismatch", "sha256:"},
      {"a wrong diffID", [&](MemoryImage& i) { i.Blob(blob, Sha256::Of("x"), kGzipLayer).Build(); },
       "DigestMismatch", "diffID"},
      {"an unknown layer type",
       [&](MemoryImage& i) {
         i.Blob(blob, Sha256::Of(tar), "application/vnd.wasm.content.layer.v1+wasm").Build();
       },
       "UnsupportedMediaType", "wasm"},
      {"a layer that the registry lost",
       [&](MemoryImage& i) {
         i.Layer(tar).Build();
         i.failures[i.LayerDigest(0)] = NotFound("blob is gone").WithReason("NotFound");
       },
       "NotFound", "blob is gone"},
      {"of two bad layers the lower is told",
       [&](MemoryImage& i) {
         i.Blob("x", Sha256::Of("x"), kGzipLayer).Blob("yy", Sha256::Of("yy"), kGzipLayer).Build();
       },
       "MalformedImage", "layer "},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    MemoryImage image;
    test.make(image);
    auto scanned = ScanImage(image, {}, {});
    ASSERT_FALSE(scanned);
    EXPECT_EQ(scanned.error().reason, test.reason) << scanned.error().message;
    EXPECT_NE(scanned.error().message.find(test.words), std::string::npos)
        << scanned.error().message;
  }
}

TEST(ScanImage, TheLimitsAreTheWholeImages) {
  MemoryImage image;
  for (int i = 0; i < 4; ++i)
    image.Layer(Tar().File("f" + std::to_string(i), std::string(1 << 20, 'x')).Build());
  image.Build();
  ScanOptions options;
  options.limits.inflated_bytes = 3 << 20;
  auto scanned = ScanImage(image, options, {});
  ASSERT_FALSE(scanned);
  EXPECT_EQ(scanned.error().reason, scan_reason::kTooLarge);
  EXPECT_NE(scanned.error().message.find("inflated layers"), std::string::npos);
}

// Pitfall 154.
TEST(ScanImage, SideBySideOrInTurnIsTheSame) {
  MemoryImage image;
  for (int i = 0; i < 12; ++i) {
    image.Layer(Tar()
                    .File("var/lib/dpkg/status", kStatus)
                    .File("f" + std::to_string(i), std::string(200000, 'x'))
                    .Build());
  }
  image.Build();
  ScanOptions in_turn;
  in_turn.layers_at_once = 1;
  ScanOptions side_by_side;
  side_by_side.layers_at_once = 8;
  auto one = ScanImage(image, in_turn, {});
  auto other = ScanImage(image, side_by_side, {});
  ASSERT_TRUE(one && other);
  EXPECT_EQ(ToJson(*one), ToJson(*other));
  EXPECT_EQ(one->platforms[0].packages[0].layer, 0);
}

}  // namespace
}  // namespace landwaiter::service
