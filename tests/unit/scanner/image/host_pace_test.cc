#include "scanner/image/host_pace.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "model/scan_request.h"
#include "tests/unit/scanner/image/pace_time.h"

namespace landwaiter::image {
namespace {

using namespace std::chrono_literals;
using Waits = std::vector<std::int64_t>;

constexpr auto kPatience = 30'000ms;
constexpr auto kUnnamed = 500ms;
const std::string kHost = "registry.example";

http::Response Answered(int status, std::vector<http::Header> headers = {}) {
  return {status, std::move(headers), ""};
}

struct Paced {
  explicit Paced(HostPaceOptions options = {}) {
    options.time = time.Get();
    options.longest_pause = kPatience;
    options.on_pause = [this] { ++pauses; };
    pace.emplace(options);
  }
  /// Asks once: "waits 500" in milliseconds, "at once", or the error's message.
  std::string Ask(const std::string& host = kHost, const std::string& login = "",
                  std::chrono::milliseconds patience = kPatience) {
    time.Waits();
    const auto turn = pace->Enter(host, login, patience, {});
    if (!turn) {
      EXPECT_EQ(turn.error().reason, scan_reason::kRateLimited);
      EXPECT_EQ(turn.error().code, Code::kResourceExhausted);
      return turn.error().message;
    }
    const Waits waits = time.Waits();
    return waits.empty() ? "at once" : "waits " + std::to_string(waits.front());
  }

  testing::PaceTime time;
  std::optional<HostPace> pace;
  int pauses = 0;
};

// Pitfall 47. Admission pitfall 66.
TEST(HostPace, HoldsTheNextOneBackAsLongAsTheHostAsks) {
  const std::string refused = "registry registry.example: was not asked, since it asks to wait ";
  const struct {
    const char* name;
    http::Response answer;
    std::string next;
  } cases[] = {
      {"a good answer", Answered(200), "at once"},
      {"a good answer with a time", Answered(200, {{"Retry-After", "20"}}), "at once"},
      {"429 without a time", Answered(429), "waits 500"},
      {"429 with a time", Answered(429, {{"Retry-After", "20"}}), "waits 20000"},
      {"429 with no time at all", Answered(429, {{"Retry-After", "0"}}), "waits 500"},
      {"429 with a time that is none", Answered(429, {{"Retry-After", "35.852µs"}}), "waits 500"},
      {"429 with the longest time that is waited", Answered(429, {{"Retry-After", "30"}}),
       "waits 30000"},
      {"429 with a longer one", Answered(429, {{"Retry-After", "31"}}), refused + "31 s"},
      {"429 with more than a day", Answered(429, {{"Retry-After", "4294967295"}}),
       refused + "86400 s"},
      {"503 with a time", Answered(503, {{"Retry-After", "5"}}), "waits 5000"},
      {"503 without", Answered(503), "at once"},
      {"500 with a time", Answered(500, {{"Retry-After", "5"}}), "at once"},
      {"nothing left, as Docker Hub says it", Answered(200, {{"RateLimit-Remaining", "0;w=21600"}}),
       "at once"},
      {"nothing left for a while",
       Answered(200, {{"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "10"}}), "waits 10000"},
      {"nothing left for an hour",
       Answered(200, {{"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "3600"}}), "at once"},
      {"nothing left until a point in time",
       Answered(200, {{"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "1764190000"}}), "at once"},
      {"something left", Answered(200, {{"RateLimit-Remaining", "1"}, {"RateLimit-Reset", "10"}}),
       "at once"},
  };
  for (const auto& c : cases) {
    Paced paced;
    ASSERT_EQ(paced.Ask(), "at once");
    paced.pace->Heard(kHost, "", c.answer, kUnnamed);
    EXPECT_EQ(paced.Ask(), c.next) << c.name;
    EXPECT_EQ(paced.pauses, c.next == "at once" ? 0 : 1) << c.name;
    EXPECT_EQ(paced.Ask("other.example"), "at once") << c.name << ": another host";
    EXPECT_EQ(paced.Ask(kHost, "other"), "at once") << c.name << ": another login there";
  }
}

TEST(HostPace, AsksAgainAfterABoundHoweverLongAHostWants) {
  Paced paced;
  paced.pace->Heard(kHost, "", Answered(429, {{"Retry-After", "86400"}}), kUnnamed);
  paced.time.Pass(kPatience - 1ms);
  EXPECT_NE(paced.Ask(), "at once");
  paced.time.Pass(1ms);
  EXPECT_EQ(paced.Ask(), "at once");
}

TEST(HostPace, WaitsForNoMirrorWhereAnotherHostCanBeAsked) {
  Paced paced;
  paced.pace->Heard(kHost, "", Answered(429, {{"Retry-After", "1"}}), kUnnamed);
  EXPECT_EQ(paced.Ask(kHost, "", 0ms),
            "registry registry.example: was not asked, since it asks to wait 1 s");
  EXPECT_EQ(paced.Ask(), "waits 1000");
}

TEST(HostPace, TakesTheLongestOfSeveralPausesAndCountsThemOnce) {
  Paced paced;
  for (const char* time : {"5", "20", "10"}) {
    paced.pace->Heard(kHost, "", Answered(429, {{"Retry-After", time}}), kUnnamed);
  }
  EXPECT_EQ(paced.pauses, 1);
  EXPECT_EQ(paced.Ask(), "waits 20000");
}

TEST(HostPace, WaitsForNothingThatWouldOutlastTheDeadline) {
  Paced paced;
  paced.pace->Heard(kHost, "", Answered(429, {{"Retry-After", "20"}}), kUnnamed);
  const auto turn = paced.pace->Enter(kHost, "", kPatience, Cancellation{}.Within(5'000ms));
  ASSERT_FALSE(turn);
  EXPECT_EQ(turn.error().reason, scan_reason::kRateLimited);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = paced.pace->Enter(kHost, "", kPatience, {stop.get_token()});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::kCancelled);
}

// Admission pitfall 66.
TEST(HostPace, BoundsTheRateOfAHostAfterABurst) {
  Paced paced({.per_second = 10, .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(paced.Ask(), "at once") << i;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(paced.Ask(), "waits 100") << i;
  EXPECT_EQ(paced.Ask("other.example"), "at once");
  paced.time.Pass(200ms);
  for (const char* expected : {"at once", "at once", "waits 100"}) EXPECT_EQ(paced.Ask(), expected);
  paced.time.Pass(1h);
  for (const char* expected : {"at once", "at once", "at once", "waits 100"}) {
    EXPECT_EQ(paced.Ask(), expected);
  }
}

TEST(HostPace, TheDefaultsHoldUpNoOrdinaryInstallation) {
  Paced paced;
  for (int i = 0; i < 500; ++i) ASSERT_EQ(paced.Ask(), "at once") << i;
  // From then on a host is asked 50 times a second.
  EXPECT_EQ(paced.Ask(), "waits 20");
}

TEST(HostPace, BoundsTheRequestsOfAHostThatHaveNoAnswer) {
  HostPace pace({.max_in_flight = 2, .per_second = 1e9, .burst = 1e9});
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 300; ++round) {
          auto turn = pace.Enter(kHost, "", kPatience, {});
          ASSERT_TRUE(turn);
          const int now = ++inside;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          std::this_thread::yield();
          --inside;
          if (round % 2 == 0) turn->End();
        }
      });
    }
  }
  EXPECT_EQ(most, 2);
}

TEST(HostPace, LeavesRoomForOthersThanALoginWhoseRequestsGetNoAnswer) {
  HostPace pace({.max_in_flight = 3, .max_in_flight_of_login = 2});
  std::vector<HostPace::Turn> turns;
  const auto enter = [&](const std::string& login) {
    auto turn = pace.Enter(kHost, login, kPatience, Cancellation{}.Within(1ms));
    if (turn) turns.push_back(*std::move(turn));
    return turn.has_value();
  };
  EXPECT_TRUE(enter("slow"));
  EXPECT_TRUE(enter("slow"));
  EXPECT_FALSE(enter("slow")) << "its share is used up";
  EXPECT_TRUE(enter("other"));
  EXPECT_FALSE(enter("third")) << "the host's is, too";
  turns.front().End();
  EXPECT_TRUE(enter("third"));
  turns[1].End();
  EXPECT_TRUE(enter("slow"));
}

TEST(HostPace, WhatAnEarlierPauseWantedIsOverWithIt) {
  Paced paced;
  paced.pace->Heard(kHost, "", Answered(429, {{"Retry-After", "86400"}}), kUnnamed);
  paced.time.Pass(31s);
  paced.pace->Heard(kHost, "", Answered(429, {{"Retry-After", "2"}}), kUnnamed);
  EXPECT_EQ(paced.Ask(), "waits 2000");
}

TEST(HostPace, StopsWaitingForATurnWhenItIsToldTo) {
  HostPace pace({.max_in_flight = 1});
  const auto first = pace.Enter(kHost, "", kPatience, {});
  ASSERT_TRUE(first);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  const auto second = pace.Enter(kHost, "", kPatience, {stop.get_token()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kCancelled);
  const auto late = pace.Enter(kHost, "", kPatience, Cancellation{}.Within(1ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
}

TEST(HostPace, KeepsNoMoreHostsThanItsBoundAndForgetsThoseAtRest) {
  Paced paced;
  paced.pace->Heard(kHost, "", Answered(429, {{"Retry-After", "30"}}), kUnnamed);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(paced.Ask("h" + std::to_string(i) + ".example"), "at once") << i;
    paced.time.Pass(1ms);
  }
  EXPECT_EQ(paced.Ask(), "waits 20000") << "who pauses is no host at rest";
}

}  // namespace
}  // namespace landwaiter::image
