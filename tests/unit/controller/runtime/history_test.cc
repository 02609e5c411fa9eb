// Verdicts over time: what counts, what is kept and what is not.
#include "controller/runtime/history.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimePoint kNoon = *ParseTime("2026-11-24T12:00:00Z");

VerdictSample At(TimePoint time, std::uint64_t fail) {
  VerdictSample sample;
  sample.at = time;
  sample.images.fail = fail;
  return sample;
}

TEST(VerdictHistory, CountsImagesByVerdictAndThoseThatRun) {
  VerdictSample sample;
  const auto add = [&](const std::string& verdict, std::uint64_t pods) {
    auto scan = AScan(DigestOf(verdict));
    scan.status.verdict = verdict;
    scan.status.used_by_pods = pods;
    AddTo(sample, scan);
  };
  add("Pass", 0);
  add("Fail", 3);
  add("Fail", 0);
  add("Unknown", 1);
  add("Warn", 1);
  add("", 2);
  resources::ImageScan request;
  request.name = "request-1";
  request.spec.image = "r.io/shop/cart:1";
  request.status.verdict = "Fail";
  AddTo(sample, request);  // the image that it was resolved to counts
  EXPECT_EQ(sample.images,
            (VerdictCounts{.pass = 1, .warn = 1, .unknown = 1, .fail = 2, .pending = 1}));
  EXPECT_EQ(sample.running,
            (VerdictCounts{.pass = 0, .warn = 1, .unknown = 1, .fail = 1, .pending = 1}));
}

TEST(VerdictHistory, IsReadAsItWasWritten) {
  VerdictHistory history = {At(kNoon, 1), At(kNoon + minutes(1), 2)};
  history[1].running = {.pass = 5, .warn = 4, .unknown = 3, .fail = 2, .pending = 1};
  const auto read = HistoryFromText(HistoryToText(history));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, history);
  EXPECT_TRUE(HistoryFromText(HistoryToText({}))->empty());
}

TEST(VerdictHistory, RefusesWhatItHasNotWritten) {
  const std::string row = "[1,1,1,1,1,1,1,1,1,1,1]";
  std::string many = row;
  for (std::size_t i = 0; i < 20'000; ++i) many += "," + row;
  const struct {
    const char* name;
    std::string text;
  } cases[] = {
      {"nothing", ""},
      {"half of it", R"({"version":1,"samples":[[1,1,1)"},
      {"a list", "[]"},
      {"another version", R"({"version":2,"samples":[]})"},
      {"no samples", R"({"version":1})"},
      {"a row too short", R"({"version":1,"samples":[[1,1]]})"},
      {"a row of texts",
       R"({"version":1,"samples":[["1","1","1","1","1","1","1","1","1","1","1"]]})"},
      {"a negative number", R"({"version":1,"samples":[[1,-1,1,1,1,1,1,1,1,1,1]]})"},
      {"a time that no calendar has",
       R"({"version":1,"samples":[[18446744073709551615,1,1,1,1,1,1,1,1,1,1]]})"},
      {"times that go back",
       R"({"version":1,"samples":[[2,1,1,1,1,1,1,1,1,1,1],[1,1,1,1,1,1,1,1,1,1,1]]})"},
      {"far too many", R"({"version":1,"samples":[)" + many + "]}"},
      {"nested deeply", std::string(9000, '[')},
  };
  for (const auto& c : cases) EXPECT_FALSE(HistoryFromText(c.text)) << c.name;
}

TEST(VerdictHistory, LeavesTheLastOfEachMinuteThenOfTenMinutesThenOfADay) {
  VerdictHistory history;
  const TimePoint begin = kNoon - hours(24 * 5);
  for (TimePoint at = begin; at <= kNoon; at += seconds(30)) {
    history.push_back(At(at, history.size()));
  }
  const auto last = history.back();
  Thin(history, kNoon);
  EXPECT_EQ(history.back(), last);
  std::size_t minutely = 0, fine = 0;
  for (std::size_t i = 1; i < history.size(); ++i) {
    ASSERT_LT(history[i - 1].at, history[i].at);
    const auto old = kNoon - history[i].at;
    minutely += old < hours(2) ? 1 : 0;
    fine += old >= hours(2) && old < hours(48) ? 1 : 0;
  }
  EXPECT_NEAR(minutely, 120, 1);
  EXPECT_NEAR(fine, 6 * 46, 1);
  EXPECT_NEAR(history.size() - minutely - fine, 4, 1) << "parts of days before, by UTC";
  VerdictHistory again = history;
  Thin(again, kNoon);
  EXPECT_EQ(again, history) << "nothing is lost by looking";
}

TEST(VerdictHistory, HasABoundHoweverLongItGoesOn) {
  VerdictHistory history;
  for (std::size_t day = 0; day < 3 * kMaxSamples; ++day) {
    history.push_back(At(kNoon + hours(24) * day, ~std::uint64_t{0} - day));
  }
  for (auto& sample : history) sample.running = sample.images;
  const auto last = history.back();
  Thin(history, last.at);
  EXPECT_EQ(history.size(), kMaxSamples);
  EXPECT_EQ(history.back(), last);
  EXPECT_LT(HistoryToText(history).size(), store::kMaxOutboxBytes);
  EXPECT_TRUE(HistoryFromText(HistoryToText(history)));
}

class KeptHistory : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    Reopen();
  }
  void TearDown() override {
    notes_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Reopen() {
    notes_.reset();
    auto opened = store::OpenSqliteOutbox(folder_);
    ASSERT_TRUE(opened) << opened.error().message;
    notes_ = *std::move(opened);
  }
  std::chrono::milliseconds Keep(const VerdictSample& sample) {
    const auto wait = KeepSample(*notes_, sample);
    EXPECT_TRUE(wait);
    return wait ? *wait : std::chrono::milliseconds(-1);
  }
  VerdictHistory Read() {
    auto read = ReadHistory(*notes_);
    EXPECT_TRUE(read);
    return read ? *read : VerdictHistory();
  }

  const std::string folder_ = std::filesystem::temp_directory_path().string() +
                              "/landwaiter-history-" + std::to_string(::getpid());
  std::unique_ptr<store::Outbox> notes_;
};

TEST_F(KeptHistory, ASampleIsKeptWhereNumbersHaveChangedAndNotTooOften) {
  EXPECT_TRUE(Read().empty());
  EXPECT_EQ(Keep(At(kNoon, 1)), seconds(0));
  EXPECT_EQ(Keep(At(kNoon + hours(1), 1)), seconds(0));
  EXPECT_EQ(Read(), VerdictHistory{At(kNoon, 1)}) << "the same";
  EXPECT_EQ(Keep(At(kNoon + hours(1), 2)), seconds(0));
  EXPECT_EQ(Keep(At(kNoon + hours(1) + seconds(20), 3)), seconds(40)) << "one a minute";
  EXPECT_EQ(Read().size(), 2u);
  EXPECT_EQ(Keep(At(kNoon + hours(1) + seconds(60), 3)), seconds(0));
  EXPECT_EQ(Read().back(), At(kNoon + hours(1) + seconds(60), 3));
}

TEST_F(KeptHistory, OutlivesARestart) {
  Keep(At(kNoon, 1));
  Keep(At(kNoon + hours(1), 2));
  Reopen();
  EXPECT_EQ(Read(), (VerdictHistory{At(kNoon, 1), At(kNoon + hours(1), 2)}));
}

TEST_F(KeptHistory, OneThatCannotBeReadBeginsAnew) {
  ASSERT_TRUE(*notes_->Advance(kHistoryNote, std::nullopt, "{\"version\":9", {}));
  EXPECT_FALSE(ReadHistory(*notes_));
  Keep(At(kNoon, 1));
  EXPECT_EQ(Read(), VerdictHistory{At(kNoon, 1)});
}

TEST_F(KeptHistory, AClockThatWasSetBackGoesOn) {
  Keep(At(kNoon, 1));
  Keep(At(kNoon + hours(5), 2));
  Keep(At(kNoon + hours(1), 3));
  EXPECT_EQ(Read(), (VerdictHistory{At(kNoon, 1), At(kNoon + hours(1), 3)}));
}

}  // namespace
}  // namespace landwaiter::controller
