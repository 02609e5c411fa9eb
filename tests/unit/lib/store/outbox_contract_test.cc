// What every Outbox must do.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "lib/store/outbox.h"
#include "tests/unit/lib/store/postgres_server.h"

namespace landwaiter::store {
namespace {

/// Where an outbox is: opened as often as the test likes, and empty at first.
struct OutboxPlace {
  std::function<Result<std::unique_ptr<Outbox>>()> open;
  std::shared_ptr<void> cleanup = nullptr;
};

OutboxPlace SqlitePlace() {
  const std::string folder = std::filesystem::temp_directory_path().string() +
                             "/landwaiter-outbox-" + std::to_string(::getpid());
  std::filesystem::remove_all(folder);
  return {[folder] { return OpenSqliteOutbox(folder); },
          std::shared_ptr<void>(nullptr, [folder](void*) { std::filesystem::remove_all(folder); })};
}

OutboxPlace PostgresPlace() {
  const std::string dsn_file = testing::SharedPostgres().NewDatabase();
  return {[dsn_file] { return OpenPostgresOutbox(dsn_file); }};
}

struct OutboxEngine {
  const char* name;
  OutboxPlace (*place)();
};
void PrintTo(const OutboxEngine& engine, std::ostream* out) { *out << engine.name; }

class OutboxContract : public ::testing::TestWithParam<OutboxEngine> {
 protected:
  void SetUp() override {
    place_ = GetParam().place();
    Reopen();
  }
  void Reopen() {
    outbox_.reset();
    auto opened = place_.open();
    ASSERT_TRUE(opened) << opened.error().message;
    outbox_ = *std::move(opened);
  }
  std::vector<std::string> Ids(const std::string& box, std::size_t limit = 100) {
    std::vector<std::string> out;
    const auto waiting = outbox_->Oldest(box, limit);
    EXPECT_TRUE(waiting);
    for (const auto& message : *waiting) out.push_back(message.id);
    return out;
  }

  OutboxPlace place_;
  std::unique_ptr<Outbox> outbox_;
};

INSTANTIATE_TEST_SUITE_P(Engines, OutboxContract,
                         ::testing::Values(OutboxEngine{"Sqlite", SqlitePlace},
                                           OutboxEngine{"Postgres", PostgresPlace}),
                         [](const auto& info) { return info.param.name; });

const TimePoint kFirstTime = *ParseTime("2026-11-27T12:00:00.123Z");
OutboxMessage AMessage(const std::string& id, const std::string& box = "ops") {
  return {id, box, kFirstTime, "{\"id\":\"" + id + "\"}" + std::string("\0\xff", 2)};
}
using IdList = std::vector<std::string>;

TEST_P(OutboxContract, NotesAndMessagesOutliveTheProcess) {
  ASSERT_TRUE(*outbox_->Advance("ops/a", std::nullopt, "one", {AMessage("1"), AMessage("2")}));
  Reopen();
  EXPECT_EQ(outbox_->Note("ops/a")->value(), "one");
  const auto waiting = outbox_->Oldest("ops", 10);
  ASSERT_TRUE(waiting);
  EXPECT_EQ(*waiting, (std::vector{AMessage("1"), AMessage("2")})) << "every byte, in order";
}

TEST_P(OutboxContract, ANoteMovesOnOnlyFromWhatWasRead) {
  ASSERT_TRUE(*outbox_->Advance("k", std::nullopt, "one", {}));
  const struct {
    const char* name;
    std::optional<std::string> from;
  } kStale[] = {{"nothing where there is one", std::nullopt}, {"another", "two"}, {"empty", ""}};
  for (const auto& c : kStale) {
    const auto advanced = outbox_->Advance("k", c.from, "three", {AMessage("lost")});
    ASSERT_TRUE(advanced) << c.name;
    EXPECT_FALSE(*advanced) << c.name;
  }
  EXPECT_EQ(outbox_->Note("k")->value(), "one");
  EXPECT_EQ(Ids("ops"), IdList{}) << "nothing was queued";
  EXPECT_TRUE(*outbox_->Advance("k", "one", "two", {AMessage("1")}));
  EXPECT_EQ(Ids("ops"), IdList{"1"});
  const auto none = outbox_->Advance("unknown", "one", "two", {});
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST_P(OutboxContract, MessagesThatCannotAllBeQueuedLeaveTheNoteAsItWas) {
  ASSERT_TRUE(*outbox_->Advance("k", std::nullopt, "one", {AMessage("1")}));
  EXPECT_FALSE(outbox_->Advance("k", "one", "two", {AMessage("2"), AMessage("1")}))
      << "an id is there once";
  EXPECT_EQ(outbox_->Note("k")->value(), "one");
  EXPECT_EQ(Ids("ops"), IdList{"1"});
}

TEST_P(OutboxContract, BoxesAreApart) {
  ASSERT_TRUE(*outbox_->Advance("k", std::nullopt, "x",
                                {AMessage("1", "a"), AMessage("1", "b"), AMessage("2", "a")}));
  EXPECT_EQ(*outbox_->Waiting("a"), 2u);
  EXPECT_EQ(*outbox_->Waiting("b"), 1u);
  EXPECT_EQ(*outbox_->Waiting("c"), 0u);
  EXPECT_EQ(Ids("a", 1), IdList{"1"});
  ASSERT_TRUE(outbox_->Remove("a", "1"));
  ASSERT_TRUE(outbox_->Remove("a", "1")) << "once more is no fault";
  EXPECT_EQ(Ids("a"), IdList{"2"});
  EXPECT_EQ(Ids("b"), IdList{"1"});
}

TEST_P(OutboxContract, ADroppedNoteIsNone) {
  ASSERT_TRUE(*outbox_->Advance("k", std::nullopt, "x", {AMessage("1")}));
  ASSERT_TRUE(outbox_->DropNote("k"));
  ASSERT_TRUE(outbox_->DropNote("k"));
  EXPECT_FALSE(outbox_->Note("k")->has_value());
  EXPECT_EQ(Ids("ops"), IdList{"1"}) << "what is on its way is brought";
}

TEST_P(OutboxContract, OfManyWhoMoveANoteOnOneIsFirst) {
  ASSERT_TRUE(*outbox_->Advance("k", std::nullopt, "0", {}));
  std::atomic<int> first{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const auto advanced = outbox_->Advance("k", "0", "1", {AMessage(std::to_string(i))});
        if (advanced && *advanced) ++first;
      });
    }
  }
  EXPECT_EQ(first, 1);
  EXPECT_EQ(Ids("ops").size(), 1u);
}

}  // namespace
}  // namespace landwaiter::store
