// What the store keeps of an image, and what of it is taken for read.
#include "controller/stored_image.h"

#include <gtest/gtest.h>

#include "lib/store/sqlite_store.h"
#include "model/inventory_codec.h"
#include "tests/unit/controller/builders.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::controller {
namespace {

const Digest kStored = DigestOf("image");
const TimePoint kScannedAt = *ParseTime("2026-11-24T12:00:00Z");

class StoredImageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::OpenSqliteStore(folder_.Path("store"));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(opened->store);
  }

  const advisories::TemporaryFolder folder_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(StoredImageTest, ComesBackAsItWent) {
  const ImageInventory inventory = AnInventory(kStored);
  ASSERT_TRUE(SaveInventory(*store_, inventory, kScannedAt));
  const auto image = LoadImage(*store_, kStored);
  ASSERT_TRUE(image && *image);
  EXPECT_EQ((*image)->inventory, inventory);
  EXPECT_EQ((*image)->scanned_at, kScannedAt);
  EXPECT_FALSE((*image)->match);
}

TEST_F(StoredImageTest, TheJsonOfEarlierVersionsIsRead) {
  const ImageInventory inventory = AnInventory(kStored);
  ASSERT_TRUE(store_->PutInventory(kStored, {ToJson(inventory), kScannedAt}, {}));
  const auto image = LoadImage(*store_, kStored);
  ASSERT_TRUE(image) << image.error().message;
  ASSERT_TRUE(*image);
  EXPECT_EQ((*image)->inventory, inventory);
}

TEST_F(StoredImageTest, TheBytesOfAnotherVersionAreRefusedByName) {
  std::string other = EncodeImageInventory(AnInventory(kStored));
  ++other[other.find('1')];
  ASSERT_TRUE(store_->PutInventory(kStored, {other, kScannedAt}, {}));
  const auto image = LoadImage(*store_, kStored);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, Code::kDataLoss) << "so that it is scanned again";
  EXPECT_NE(image.error().message.find("'landwaiter inventory 2'"), std::string::npos)
      << image.error().message;
}

// Versions that knew JSON alone, after a step back: to them it is a row that cannot be read, which
// they take away and scan again.
TEST_F(StoredImageTest, WhatIsStoredIsNoJsonToEarlierVersions) {
  ASSERT_TRUE(SaveInventory(*store_, AnInventory(kStored), kScannedAt));
  const auto record = store_->GetInventory(kStored);
  ASSERT_TRUE(record && *record);
  EXPECT_FALSE(ImageInventoryFromJson((*record)->document));
}

}  // namespace
}  // namespace landwaiter::controller
