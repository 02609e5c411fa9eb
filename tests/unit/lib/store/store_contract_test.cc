// What every Store must do.
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "tests/unit/lib/store/engines.h"
#include "tests/unit/lib/store/records.h"

namespace landwaiter::store {
namespace {

using testing::Engine, testing::kEngines, testing::Place;
using testing::Findings, testing::Inventory, testing::kOne, testing::kThen, testing::kTwo;

class StoreContract : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    place_ = GetParam().place();
    store_ = place_->Open();
    ASSERT_NE(store_, nullptr);
  }
  void Reopen() {
    store_.reset();
    store_ = place_->Open();
    ASSERT_NE(store_, nullptr);
  }

  std::unique_ptr<Place> place_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, ::testing::ValuesIn(kEngines),
                         [](const auto& info) { return info.param.name; });

TEST_P(StoreContract, KeepsAnInventoryAndItsFindings) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("{\"a\":1}"), {{"deb", "openssl", "3.0"}}));
  ASSERT_TRUE(store_->PutFindings(kOne, Findings("[]")));
  Reopen();
  auto inventory = store_->GetInventory(kOne);
  ASSERT_TRUE(inventory && *inventory);
  EXPECT_EQ((*inventory)->document, "{\"a\":1}");
  EXPECT_EQ((*inventory)->scanned_at, kThen);
  auto findings = store_->GetFindings(kOne);
  ASSERT_TRUE(findings && *findings);
  EXPECT_EQ((*findings)->json, "[]");
  EXPECT_EQ((*findings)->database_id, "db-1");
  EXPECT_EQ((*findings)->matched_at, kThen);
}

TEST_P(StoreContract, TellsThatItHasNothing) {
  auto inventory = store_->GetInventory(kOne);
  ASSERT_TRUE(inventory);
  EXPECT_FALSE(*inventory);
  auto findings = store_->GetFindings(kOne);
  ASSERT_TRUE(findings);
  EXPECT_FALSE(*findings);
  EXPECT_TRUE(store_->Delete(kOne));
}

TEST_P(StoreContract, RefusesFindingsWithoutAnInventory) {
  const Status status = store_->PutFindings(kOne, Findings("[]"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kNotFound);
}

TEST_P(StoreContract, DropsFindingsOfAnOlderInventory) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
  ASSERT_TRUE(store_->PutFindings(kOne, Findings("[]")));
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("2"), {{"deb", "b", "1"}}));
  EXPECT_FALSE(store_->GetFindings(kOne).value().has_value());
  EXPECT_TRUE(store_->ImagesWith({"deb", "a", ""}, 10).value().empty());
  EXPECT_EQ(store_->ImagesWith({"deb", "b", ""}, 10).value().size(), 1u);
}

TEST_P(StoreContract, FindsImagesByPackage) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"),
                                   {{"deb", "openssl", "3.0"}, {"npm", "openssl", "1"}}));
  ASSERT_TRUE(store_->PutInventory(kTwo, Inventory("2"), {{"deb", "openssl", "3.1"}}));
  EXPECT_EQ(store_->ImagesWith({"deb", "openssl", ""}, 10).value().size(), 2u);
  EXPECT_EQ(store_->ImagesWith({"deb", "openssl", "3.1"}, 10).value(), std::vector<Digest>{kTwo});
  EXPECT_EQ(store_->ImagesWith({"deb", "openssl", ""}, 1).value().size(), 1u);
  EXPECT_TRUE(store_->ImagesWith({"deb", "openssl' OR '1'='1", ""}, 10).value().empty());
}

TEST_P(StoreContract, ForgetsAnImageWhole) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
  ASSERT_TRUE(store_->PutInventory(kTwo, Inventory("2"), {{"deb", "a", "1"}}));
  ASSERT_TRUE(store_->PutFindings(kOne, Findings("[]")));
  ASSERT_TRUE(store_->Delete(kOne));
  EXPECT_FALSE(store_->GetInventory(kOne).value().has_value());
  EXPECT_FALSE(store_->GetFindings(kOne).value().has_value());
  EXPECT_EQ(store_->ImagesWith({"deb", "a", "1"}, 10).value(), std::vector<Digest>{kTwo});
  EXPECT_EQ(store_->Digests().value(), std::vector<Digest>{kTwo});
}

TEST_P(StoreContract, KeepsBytesOfAnyKind) {
  std::string odd("\0\xff'\";--\n", 8);
  odd += std::string(300'000, 'x');
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory(odd), {{odd.substr(0, 8), "n", "v"}}));
  EXPECT_EQ(store_->GetInventory(kOne).value()->document, odd);
}

TEST_P(StoreContract, RefusesWhatIsTooLarge) {
  const std::vector<PackageKey> many(kMaxIndexedPackages + 1);
  const Status status = store_->PutInventory(kOne, Inventory("1"), many);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kResourceExhausted);
}

TEST_P(StoreContract, ServesManyThreads) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const Digest mine = Sha256::Of(std::to_string(i));
      for (int round = 0; round < 10; ++round) {
        EXPECT_TRUE(
            store_->PutInventory(mine, Inventory(std::to_string(round)), {{"deb", "shared", "1"}}));
        EXPECT_TRUE(store_->PutFindings(mine, Findings("[]")));
        EXPECT_TRUE(store_->Digests());
      }
    });
  }
  threads.clear();
  EXPECT_EQ(store_->Digests().value().size(), 4u);
}

}  // namespace
}  // namespace landwaiter::store
