#include "scanner/layer/handover.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace landwaiter::layer {
namespace {

constexpr std::size_t kCell = 16;

// A ring of cells through which numbers go: each reader must see each number, whole.
TEST(Handover, HandsOnEachPieceAsItWasWritten) {
  constexpr std::size_t kCells = 5;
  constexpr std::size_t kPieces = 20'000;
  Handover handover;
  std::array<char, kCells * kCell> ring{};
  std::size_t seen = 0;
  bool whole = true;
  {
    const std::jthread reader([&] {
      while (const auto piece = handover.Pop()) {
        whole = whole && *piece == std::string(kCell, static_cast<char>(seen % 251));
        ++seen;
      }
    });
    for (std::size_t i = 0; i < kPieces; ++i) {
      const std::string_view cell(ring.data() + i % kCells * kCell, kCell);
      ASSERT_TRUE(handover.Reclaim(cell));
      std::fill_n(ring.data() + i % kCells * kCell, kCell, static_cast<char>(i % 251));
      ASSERT_TRUE(handover.Push(cell));
    }
    handover.Close();
  }
  EXPECT_EQ(seen, kPieces);
  EXPECT_TRUE(whole);
}

TEST(Handover, AReaderThatAsksForMoreHasLetGo) {
  Handover handover;
  const std::string memory = "abcd";
  const std::string_view all = memory;
  ASSERT_TRUE(handover.Push(all.substr(0, 2)));
  EXPECT_TRUE(handover.Reclaim(all.substr(2))) << "nobody has that";
  EXPECT_EQ(handover.Pop(), "ab");
  std::atomic<bool> reclaimed = false;
  const std::jthread giver([&] {
    EXPECT_TRUE(handover.Reclaim(all.substr(1, 1)));
    reclaimed = true;
    EXPECT_TRUE(handover.Push(all.substr(2)));
  });
  // Time for a wrong Reclaim to come back; a right one does not, however long it takes.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(reclaimed) << "the reader still has it";
  EXPECT_EQ(handover.Pop(), "cd");
  EXPECT_TRUE(reclaimed);
}

TEST(Handover, WhatWasPushedIsStillTakenAfterItsEnd) {
  Handover handover;
  ASSERT_TRUE(handover.Push("a"));
  ASSERT_TRUE(handover.Push("b"));
  handover.Close();
  EXPECT_EQ(handover.Pop(), "a");
  EXPECT_EQ(handover.Pop(), "b");
  EXPECT_EQ(handover.Pop(), std::nullopt);
  EXPECT_EQ(handover.Pop(), std::nullopt);
}

TEST(Handover, AbortedItHoldsNobodyUp) {
  Handover handover;
  const std::string memory = "ab";
  ASSERT_TRUE(handover.Push(memory));
  bool waited_in_vain = false;
  {
    const std::jthread giver([&] { waited_in_vain = !handover.Reclaim(memory); });
    handover.Abort();
  }
  EXPECT_TRUE(waited_in_vain);
  EXPECT_FALSE(handover.Push("c"));
  EXPECT_FALSE(handover.Reclaim("elsewhere"));
  EXPECT_EQ(handover.Pop(), std::nullopt);
}

}  // namespace
}  // namespace landwaiter::layer
