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

TEST_P(StoreContract, KeepsWhenAKeyWasFirstNoted) {
  const auto later = [](int hours) { return kThen + std::chrono::hours(hours); };
  const std::string bytes("\0\xFF'", 3);
  using Times = std::vector<TimePoint>;
  EXPECT_EQ(store_->NoteFirst({"a", bytes}, later(2)).value(), Times({later(2), later(2)}));
  EXPECT_EQ(store_->NoteFirst({"b", "a", bytes, "a"}, later(3)).value(),
            Times({later(3), later(2), later(2), later(2)}))
      << "in the order of the question, each as often as it is asked";
  Reopen();
  EXPECT_EQ(store_->NoteFirst({"a"}, later(1)).value(), Times({later(1)}))
      << "of a clock that was ahead";
  EXPECT_EQ(store_->NoteFirst({"a", "b"}, later(9)).value(), Times({later(1), later(3)}));
  EXPECT_EQ(store_->NoteFirst({}, later(9)).value(), Times());
}

TEST_P(StoreContract, WhatWasFirstNotedOutlivesImages) {
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"), {{"deb", "openssl", "3.0"}}));
  ASSERT_TRUE(store_->NoteFirst({"a"}, kThen));
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("2"), {}));
  ASSERT_TRUE(store_->Delete(kOne));
  EXPECT_EQ(store_->NoteFirst({"a"}, kThen + std::chrono::hours(9)).value().front(), kThen);
}

FindingsBasis Basis(const FindingsRecord& findings) {
  return {findings.database_id, findings.database_built_at, findings.matched_at, findings.asked};
}

TEST_P(StoreContract, TellsWhatFindingsRestOnWithoutThem) {
  EXPECT_EQ(store_->GetFindingsBasis(kOne).value(), std::nullopt) << "no such image";
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"), {}));
  EXPECT_EQ(store_->GetFindingsBasis(kOne).value(), std::nullopt) << "no findings";
  FindingsRecord findings = Findings("[1]");
  ASSERT_TRUE(store_->PutFindings(kOne, findings));
  EXPECT_EQ(store_->GetFindingsBasis(kOne).value(), Basis(findings)) << "not known what was asked";
  findings.asked = std::string("\0\xFF'", 3) + std::string(20'000, 'x');
  ASSERT_TRUE(store_->PutFindings(kOne, findings));
  Reopen();
  EXPECT_EQ(store_->GetFindingsBasis(kOne).value(), Basis(findings));
  ASSERT_TRUE(store_->PutFindings(kOne, Findings("[2]")));
  EXPECT_EQ(store_->GetFindingsBasis(kOne).value(), Basis(Findings("[2]")))
      << "what was asked before is none of theirs";
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("2"), {}));
  EXPECT_EQ(store_->GetFindingsBasis(kOne).value(), std::nullopt) << "of an older inventory";
}

TEST_P(StoreContract, RenewsFindingsOnlyFromTheBasisThatIsNamed) {
  const FindingsBasis from{"db-1", "2026-01-01", kThen, std::string("\0a", 2)};
  const FindingsBasis to{"db-2", "2026-01-02", kThen + std::chrono::hours(1), "b"};
  EXPECT_FALSE(store_->RenewFindings(kOne, from, to).value()) << "no such image";
  ASSERT_TRUE(store_->PutInventory(kOne, Inventory("1"), {{"deb", "a", "1"}}));
  EXPECT_FALSE(store_->RenewFindings(kOne, from, to).value()) << "no findings";
  FindingsRecord findings = Findings("[1]");
  findings.asked = from.asked;
  ASSERT_TRUE(store_->PutFindings(kOne, findings));
  ASSERT_TRUE(store_->PutInventory(kTwo, Inventory("2"), {}));
  ASSERT_TRUE(store_->PutFindings(kTwo, findings));
  const FindingsBasis others[] = {{"db-0", "2026-01-01", kThen, from.asked},
                                  {"db-1", "2026-01-02", kThen, from.asked},
                                  {"db-1", "2026-01-01", to.matched_at, from.asked},
                                  {"db-1", "2026-01-01", kThen, ""},
                                  {"db-1", "2026-01-01", kThen, std::string("\0b", 2)}};
  for (const FindingsBasis& other : others) {
    EXPECT_FALSE(store_->RenewFindings(kOne, other, to).value()) << other.database_id;
  }
  EXPECT_EQ(store_->GetFindingsBasis(kOne).value(), from);
  EXPECT_TRUE(store_->RenewFindings(kOne, from, to).value());
  EXPECT_FALSE(store_->RenewFindings(kOne, from, to).value()) << "once";
  Reopen();
  EXPECT_EQ(store_->GetFindingsBasis(kOne).value(), to);
  const auto renewed = store_->GetFindings(kOne).value();
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed->json, "[1]");
  EXPECT_EQ(renewed->database_id, to.database_id);
  EXPECT_EQ(renewed->database_built_at, to.database_built_at);
  EXPECT_EQ(renewed->matched_at, to.matched_at);
  EXPECT_EQ(store_->GetFindingsBasis(kTwo).value(), from) << "another image";
  EXPECT_EQ(store_->ImagesWith({"deb", "a", "1"}, 10).value(), std::vector<Digest>{kOne});
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
