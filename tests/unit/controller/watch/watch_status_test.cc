#include "controller/watch/watch_status.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using namespace std::chrono_literals;
using resources::Condition;
using resources::FindCondition;
using resources::RegistryWatch;

TimePoint At(const char* text) { return *ParseTime(text); }
const TimePoint kNow = At("2026-11-27T12:00:00Z");

RegistryWatch AWatch() {
  RegistryWatch watch;
  watch.generation = 1;
  watch.spec.interval = 1h;
  watch.status.observed_generation = 1;
  watch.status.last_checked_at = "2026-11-27T11:30:00Z";
  watch.status.next_check_at = "2026-11-27T12:30:00Z";
  return watch;
}

TEST(WatchStatus, AWatchIsLookedAtWhenItIsDue) {
  const struct {
    const char* name;
    std::function<void(RegistryWatch&)> change;
    std::optional<std::chrono::milliseconds> wait;
  } kCases[] = {
      {"its interval is not over", [](RegistryWatch&) {}, 30min},
      {"its interval is over",
       [](RegistryWatch& w) { w.status.next_check_at = "2026-11-27T12:00:00Z"; }, std::nullopt},
      {"it was never looked at", [](RegistryWatch& w) { w.status = {}; }, std::nullopt},
      {"its spec is another", [](RegistryWatch& w) { w.generation = 2; }, std::nullopt},
      {"somebody asks anew",
       [](RegistryWatch& w) { w.spec.check_after = At("2026-11-27T11:59:00Z"); }, std::nullopt},
      {"in the second of the last look",
       [](RegistryWatch& w) { w.spec.check_after = At("2026-11-27T11:30:00Z"); }, std::nullopt},
      {"what was asked for has been done",
       [](RegistryWatch& w) { w.spec.check_after = At("2026-11-27T11:29:59Z"); }, 30min},
      {"somebody asks for later",
       [](RegistryWatch& w) { w.spec.check_after = At("2026-11-27T12:10:00Z"); }, 10min},
      {"somebody asks for later than the interval",
       [](RegistryWatch& w) { w.spec.check_after = At("2026-11-27T13:10:00Z"); }, 30min},
      {"the clock has jumped back",
       [](RegistryWatch& w) { w.status.last_checked_at = "2027-01-01T00:00:00Z"; }, std::nullopt},
      {"the registry wants to be left alone, whatever else is wanted",
       [](RegistryWatch& w) {
         w.generation = 2;
         w.spec.check_after = At("2026-11-27T11:59:00Z");
         w.status.conditions = {{"Ready", "False", "RateLimited", "", 1, "2026-11-27T11:30:00Z"}};
       },
       30min},
  };
  for (const auto& c : kCases) {
    RegistryWatch watch = AWatch();
    c.change(watch);
    EXPECT_EQ(UntilDue(watch, kNow), c.wait) << c.name;
  }
}

using Shortfalls = std::vector<Shortfall>;

Look ALook(bool answered, Shortfalls faults = {}, Shortfalls left_out = {},
           std::chrono::milliseconds pause = 0ms) {
  Look look;
  look.answered = answered;
  look.faults = std::move(faults);
  look.left_out = std::move(left_out);
  look.pause = pause;
  return look;
}

Look Unmade() {
  Look look = ALook(true, {}, {{"Unavailable", "m"}});
  look.unmade = true;
  return look;
}

TEST(WatchStatus, SaysWhatALookCameTo) {
  const struct {
    const char* name;
    Look look;
    std::string ready, complete;
    std::chrono::milliseconds next;
  } kCases[] = {
      {"all is well", ALook(true), "Checked", "AllChecked", 1h},
      {"a bound was met", ALook(true, {}, {{"TooManyImages", "m"}}), "Checked", "TooManyImages",
       1h},
      {"one repository is private", ALook(true, {{"Unauthorized", "m"}}), "Checked", "Unauthorized",
       1h},
      {"nothing answered", ALook(false, {{"RegistryUnavailable", "m"}}), "RegistryUnavailable",
       "RegistryUnavailable", 1min},
      {"the registry wants an hour and a half", ALook(true, {{"RateLimited", "m"}}, {}, 90min),
       "RateLimited", "RateLimited", 90min},
      {"the API server took not all of it", Unmade(), "Checked", "Unavailable", 1min},
  };
  for (const auto& c : kCases) {
    const auto status = StatusAfter(AWatch(), c.look, {}, kNow, kNow);
    EXPECT_EQ(FindCondition(status.conditions, "Ready")->reason, c.ready) << c.name;
    EXPECT_EQ(FindCondition(status.conditions, "Complete")->reason, c.complete) << c.name;
    EXPECT_EQ(At(status.next_check_at.c_str()), kNow + c.next) << c.name;
    EXPECT_EQ(status.last_checked_at, FormatTime(kNow)) << c.name;
  }
}

TEST(WatchStatus, LooksAreAsFarApartAsTheRegistryHasFailed) {
  RegistryWatch watch = AWatch();
  const Look down = ALook(false, {{"RegistryUnavailable", "m"}});
  for (const auto& [failing, next] :
       {std::pair{10s, 60s}, std::pair{300s, 300s}, std::pair{50'000s, 3600s}}) {
    watch.status.conditions = {
        {"Ready", "False", "RegistryUnavailable", "m", 1, FormatTime(kNow - failing)}};
    const auto status = StatusAfter(watch, down, {}, kNow, kNow);
    EXPECT_EQ(At(status.next_check_at.c_str()), kNow + next);
  }
}

TEST(WatchStatus, NamesTheNewestImagesAndNoMoreThanItsBound) {
  RegistryWatch watch = AWatch();
  std::vector<Sighting> made;
  for (int i = 0; i < 30; ++i) {
    const std::string tag = "r.io/a:" + std::to_string(i);
    made.push_back({*ImageReference::Parse(tag), DigestOf(tag)});
  }
  watch.status = StatusAfter(watch, ALook(true), made, kNow, kNow);
  ASSERT_EQ(watch.status.newest.size(), resources::kMaxNewestImages);
  EXPECT_EQ(watch.status.newest.front().image, "r.io/a:29");
  const auto later = StatusAfter(watch, ALook(true), {}, kNow, kNow);
  EXPECT_EQ(later.newest, watch.status.newest) << "nothing new, nothing changed";
}

TEST(WatchStatus, OneAtRestSaysWhy) {
  RegistryWatch watch = AWatch();
  watch.spec.suspend = true;
  auto status = StatusAtRest(watch, kNow);
  EXPECT_EQ(FindCondition(status.conditions, "Ready")->reason, "Suspended");
  watch.problem = "registry: …";
  status = StatusAtRest(watch, kNow);
  EXPECT_EQ(FindCondition(status.conditions, "Ready")->reason, "InvalidSpec");
}

}  // namespace
}  // namespace landwaiter::controller
