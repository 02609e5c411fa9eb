#include "controller/scan_board.h"

#include <gtest/gtest.h>

#include <thread>

#include "model/scan_request.h"

namespace landwaiter::controller {
namespace {

using State = ScanProgress::State;

ScanBoard::Task Next(ScanBoard& board) {
  const std::stop_source stop;
  return board.Take(stop.get_token()).value_or(ScanBoard::Task{});
}

// Admission pitfall 80.
TEST(ScanBoard, TakesAdmissionMissesBeforeNewPodsBeforeRescans) {
  ScanBoard board(9);
  board.Want({"rescan", ScanClass::kRescan, "a"});
  board.Want({"new", ScanClass::kNew, "a"});
  board.Want({"admission", ScanClass::kAdmission, "a"});
  EXPECT_EQ(Next(board).name, "admission");
  EXPECT_EQ(Next(board).name, "new");
  EXPECT_EQ(Next(board).name, "rescan");
}

TEST(ScanBoard, LetsNamespacesTakeTurns) {
  ScanBoard board(99);
  for (int i = 0; i < 100; ++i) {
    board.Want({"flood" + std::to_string(i), ScanClass::kAdmission, "flooder"});
  }
  board.Want({"mine", ScanClass::kAdmission, "quiet"});
  Next(board);
  const std::string second = Next(board).name;
  const std::string third = Next(board).name;
  EXPECT_TRUE(second == "mine" || third == "mine") << second << " " << third;
}

// Admission pitfall 80.
TEST(ScanBoard, BoundsWhatOneNamespaceHasUnderWay) {
  ScanBoard board(2);
  for (const char* name : {"a", "b", "c"}) board.Want({name, ScanClass::kAdmission, "shop"});
  board.Want({"late", ScanClass::kRescan, "other"});
  const auto first = Next(board);
  Next(board);
  EXPECT_EQ(Next(board).name, "late") << "shop has two under way";
  board.Succeeded(first);
  EXPECT_EQ(Next(board).name, "c");
}

TEST(ScanBoard, QueuesAScanOnceAndRaisesItsClass) {
  ScanBoard board(9);
  board.Want({"a", ScanClass::kRescan, "x"});
  board.Want({"b", ScanClass::kNew, "x"});
  board.Want({"a", ScanClass::kRescan, "x"});
  board.Want({"a", ScanClass::kAdmission, "x"});
  EXPECT_EQ(Next(board).name, "a");
  EXPECT_EQ(Next(board).name, "b");
  EXPECT_EQ(board.Depth(), (std::array<std::size_t, kScanClasses>{}));
}

TEST(ScanBoard, LeavesARunningScanAlone) {
  ScanBoard board(9);
  board.Want({"a", ScanClass::kNew, "x"});
  const auto task = Next(board);
  EXPECT_EQ(board.Want({"a", ScanClass::kAdmission, "x"}).state, State::kRunning);
  EXPECT_EQ(board.Running(), 1u);
  board.Succeeded(task);
  EXPECT_EQ(board.Progress("a").state, State::kNone);
  EXPECT_EQ(board.Running(), 0u);
}

TEST(ScanBoard, TriesAgainAfterAPauseOrWhenSomethingHasChanged) {
  ScanBoard board(9);
  board.Want({"a", ScanClass::kNew, "x", 1});
  board.Failed(Next(board), Error{Code::kNotFound, "no", std::string(scan_reason::kNotFound)});
  auto progress = board.Want({"a", ScanClass::kNew, "x", 1});
  EXPECT_EQ(progress.state, State::kFailed);
  EXPECT_EQ(progress.failures, 1u);
  ASSERT_TRUE(progress.retry_in);
  progress = board.Want({"a", ScanClass::kNew, "x", 2});
  EXPECT_EQ(progress.state, State::kQueued) << "asked anew, or a secret more";
}

// Admission pitfall 68.
TEST(ScanBoard, LeavesAFinalFailureUntilSomethingChanges) {
  ScanBoard board(9);
  board.Want({"a", ScanClass::kNew, "x", 1});
  board.Failed(Next(board),
               Error{Code::kResourceExhausted, "bomb", std::string(scan_reason::kTooLarge)});
  EXPECT_FALSE(board.Want({"a", ScanClass::kNew, "x", 1}).retry_in);
  EXPECT_EQ(board.Progress("a").state, State::kFailed);
}

TEST(ScanBoard, CountsNoTurnedAwayScanAsAFailureOfTheImage) {
  ScanBoard board(9);
  std::uint64_t basis = 1;
  board.Want({"a", ScanClass::kNew, "x", basis});
  const auto fail = [&](std::string_view reason) {
    board.Failed(Next(board), Error{Code::kUnavailable, "no", std::string(reason)});
    const auto progress = board.Progress("a");
    // A changed basis queues it at once, without waiting for the pause.
    board.Want({"a", ScanClass::kNew, "x", ++basis});
    return progress;
  };
  for (int i = 0; i < 20; ++i) {
    const auto progress = fail(scan_reason::kScannerBusy);
    EXPECT_EQ(progress.failures, 0u);
    EXPECT_TRUE(progress.retry_in) << i;
  }
  EXPECT_EQ(fail(scan_reason::kScannerFailed).failures, 1u);
}

TEST(ScanBoard, ForgetsWhatWaitsAndWhatFailed) {
  ScanBoard board(9);
  board.Want({"a", ScanClass::kNew, "x"});
  board.Forget("a");
  EXPECT_EQ(board.Depth()[1], 0u);
  board.Want({"b", ScanClass::kNew, "x"});
  board.Want({"c", ScanClass::kNew, "x"});
  const auto running = Next(board);
  board.Reset();
  EXPECT_EQ(board.Depth()[1], 0u);
  EXPECT_EQ(board.Progress(running.name).state, State::kRunning);
  board.Succeeded(running);
}

TEST(ScanBoard, EndsAWaitWhenStopped) {
  ScanBoard board(9);
  std::jthread waiter([&](const std::stop_token& stop) { EXPECT_FALSE(board.Take(stop)); });
  waiter.request_stop();
}

TEST(ScanBoard, GivesEveryTaskToOneOfManyThreads) {
  ScanBoard board(3);
  std::atomic<int> done{0};
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&](const std::stop_token& stop) {
      while (auto task = board.Take(stop)) {
        board.Succeeded(*task);
        ++done;
      }
    });
  }
  for (int i = 0; i < 500; ++i) {
    board.Want({std::to_string(i), static_cast<ScanClass>(i % 3), std::to_string(i % 7)});
  }
  while (done < 500) std::this_thread::yield();
  for (auto& worker : workers) worker.request_stop();
  workers.clear();
  EXPECT_EQ(done, 500);
  EXPECT_EQ(board.Running(), 0u);
}

}  // namespace
}  // namespace landwaiter::controller
