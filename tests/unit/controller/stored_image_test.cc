// What the store keeps of an image, and what of it is taken for read.
#include "controller/stored_image.h"

#include <gtest/gtest.h>

#include <functional>

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
  const std::pair<const char*, Code> cases[] = {
      {"0", Code::kDataLoss},      // nobody reads it any more
      {"99", Code::kUnsupported},  // of a later program, to which it is whole
  };
  for (const auto& [version, code] : cases) {
    std::string other = EncodeImageInventory(AnInventory(kStored));
    const std::string_view kBefore = "landwaiter inventory ";
    other.replace(kBefore.size(), other.find('\n') - kBefore.size(), version);
    ASSERT_TRUE(store_->PutInventory(kStored, {other, kScannedAt}, {}));
    const auto image = LoadImage(*store_, kStored);
    ASSERT_FALSE(image) << version;
    EXPECT_EQ(image.error().code, code) << version;
    EXPECT_NE(image.error().message.find("'landwaiter inventory " + std::string(version) + "'"),
              std::string::npos)
        << image.error().message;
  }
}

StoredMatch AMatchThatAsked(std::vector<std::uint64_t> words) {
  StoredMatch match;
  match.database_id = "db-1";
  match.database_built_at = "2026-11-24T00:00:00Z";
  match.matched_at = kScannedAt;
  match.platforms.resize(2);
  match.platforms[1].asked = std::move(words);
  return match;
}

TEST_F(StoredImageTest, FindingsThatAreNotWantedAreNotRead) {
  ASSERT_TRUE(SaveInventory(*store_, AnInventory(kStored), kScannedAt));
  StoredMatch match = AMatchThatAsked({});
  match.platforms.resize(1);
  ASSERT_TRUE(SaveMatch(*store_, kStored, match));
  EXPECT_TRUE(LoadImage(*store_, kStored).value()->match);
  EXPECT_FALSE(LoadImage(*store_, kStored, LoadFindings::kNo).value()->match);
}

TEST_F(StoredImageTest, WhatWasAskedComesBackAsItWent) {
  EXPECT_FALSE(LoadBasis(*store_, kStored).value());
  ASSERT_TRUE(SaveInventory(*store_, AnInventory(kStored), kScannedAt));
  EXPECT_FALSE(LoadBasis(*store_, kStored).value());
  for (const std::vector<std::uint64_t>& words :
       {std::vector<std::uint64_t>{}, {1, 0x8000000000000002, ~std::uint64_t{0}}}) {
    StoredMatch match = AMatchThatAsked(words);
    ASSERT_TRUE(SaveMatch(*store_, kStored, match));
    const auto basis = LoadBasis(*store_, kStored).value();
    ASSERT_TRUE(basis);
    EXPECT_EQ(basis->stored.database_id, "db-1");
    EXPECT_EQ(basis->asked, words);
    EXPECT_TRUE(basis->own);
  }
}

// More questions than are kept.
TEST_F(StoredImageTest, FindingsAreItsOwnAlsoWhereItIsNotKnownWhatWasAsked) {
  ASSERT_TRUE(SaveInventory(*store_, AnInventory(kStored), kScannedAt));
  StoredMatch match = AMatchThatAsked({1});
  match.platforms[0].asked_known = false;
  ASSERT_TRUE(SaveMatch(*store_, kStored, match));
  const auto basis = LoadBasis(*store_, kStored).value();
  ASSERT_TRUE(basis);
  EXPECT_TRUE(basis->own);
  EXPECT_EQ(basis->asked, std::nullopt);
  EXPECT_FALSE(RenewMatch(*store_, kStored, *basis, match).value());
}

// An earlier version beside this one, a row of another program, a disk.
TEST_F(StoredImageTest, WhatWasAskedIsNotKnownWhereAnotherHandWroteTheRow) {
  ASSERT_TRUE(SaveInventory(*store_, AnInventory(kStored), kScannedAt));
  StoredMatch match = AMatchThatAsked({1, 2});
  ASSERT_TRUE(SaveMatch(*store_, kStored, match));
  const auto ours = store_->GetFindingsBasis(kStored).value();
  ASSERT_TRUE(ours);
  const std::pair<const char*, std::function<void(store::FindingsBasis&)>> cases[] = {
      {"by who does not know of it", [](auto& row) { row.asked.clear(); }},
      {"with another database", [](auto& row) { row.database_id = "db-2"; }},
      {"with the same feeds of another day",
       [](auto& row) { row.database_built_at = "2026-11-25T00:00:00Z"; }},
      {"at another time", [](auto& row) { row.matched_at += std::chrono::milliseconds(1); }},
      {"by another program", [](auto& row) { row.asked[0] = row.asked[0] == '0' ? '1' : '0'; }},
      {"cut short", [](auto& row) { row.asked.pop_back(); }},
      {"cut by a whole question", [](auto& row) { row.asked.resize(row.asked.size() - 8); }},
      {"cut to its seal", [](auto& row) { row.asked.resize(64); }},
      {"with another question", [](auto& row) { row.asked.back() ^= 1; }},
      {"cut within its seal", [](auto& row) { row.asked.resize(63); }}};
  for (const auto& [title, change] : cases) {
    store::FindingsBasis row = *ours;
    change(row);
    ASSERT_TRUE(
        store_->PutFindings(kStored, {row.database_id, row.database_built_at,
                                      MatchToJson(match.platforms), row.matched_at, row.asked}));
    const auto basis = LoadBasis(*store_, kStored).value();
    ASSERT_TRUE(basis);
    EXPECT_EQ(basis->asked, std::nullopt) << title;
    EXPECT_FALSE(basis->own) << title;
    EXPECT_FALSE(RenewMatch(*store_, kStored, *basis, match).value()) << title;
  }
}

TEST_F(StoredImageTest, ARenewedMatchIsKnownAgain) {
  ASSERT_TRUE(SaveInventory(*store_, AnInventory(kStored), kScannedAt));
  StoredMatch match = AMatchThatAsked({1, 2});
  ASSERT_TRUE(SaveMatch(*store_, kStored, match));
  const auto basis = LoadBasis(*store_, kStored).value();
  ASSERT_TRUE(basis);
  StoredMatch newer = match;
  newer.platforms.clear();
  for (const char* id : {"db-2", "db-3"}) {
    const auto of_now = LoadBasis(*store_, kStored).value();
    ASSERT_TRUE(of_now);
    newer.database_id = id;
    EXPECT_TRUE(RenewMatch(*store_, kStored, *of_now, newer).value());
    const auto renewed = LoadBasis(*store_, kStored).value();
    ASSERT_TRUE(renewed);
    EXPECT_EQ(renewed->stored.database_id, id);
    EXPECT_EQ(renewed->asked, (std::vector<std::uint64_t>{1, 2}));
  }
  EXPECT_FALSE(RenewMatch(*store_, kStored, *basis, newer).value()) << "it is of db-3 by now";
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
