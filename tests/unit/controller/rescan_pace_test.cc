// How often an image is asked for again for what may never come.
#include "controller/rescan_pace.h"

#include <gtest/gtest.h>

namespace landwaiter::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const TimePoint kStart = *ParseTime("2026-11-24T12:00:00Z");

RescanPace::Wish ForReaders(const std::string& readers) {
  return {"sha256:a", {{Platform{"linux", "amd64"}}, readers}, true, false};
}

TEST(RescanPaceTest, AnOldScannerIsAskedAtTwiceThePauseEachTimeUpToOnceADay) {
  RescanPace pace;
  EXPECT_TRUE(pace.Ask(ForReaders("new"), kStart));
  TimePoint asked = kStart;
  for (const int pause : {1, 2, 4, 8, 16, 24, 24, 24}) {
    EXPECT_FALSE(pace.Ask(ForReaders("new"), asked + minutes(10))) << pause;
    EXPECT_FALSE(pace.Ask(ForReaders("new"), asked + hours(pause) - minutes(1))) << pause;
    asked += hours(pause);
    EXPECT_TRUE(pace.Ask(ForReaders("new"), asked)) << pause;
  }
  EXPECT_TRUE(pace.Ask(ForReaders("newer"), asked + minutes(1))) << "another wish";
  EXPECT_TRUE(pace.Ask(ForReaders("newer"), asked + minutes(61))) << "begins with a short pause";
}

TEST(RescanPaceTest, APlatformThatAnIndexLacksIsAskedForOnce) {
  RescanPace pace;
  RescanPace::Wish wish = ForReaders("");
  wish.looks_otherwise = false;
  EXPECT_TRUE(pace.Ask(wish, kStart));
  EXPECT_FALSE(pace.Ask(wish, kStart + hours(1000)));
  wish.wanted.platforms.push_back({"linux", "arm64"});
  EXPECT_TRUE(pace.Ask(wish, kStart + hours(1000)));
}

TEST(RescanPaceTest, WhatIsUnderWayStaysAskedForAndTakesNoTurn) {
  RescanPace pace;
  RescanPace::Wish wish = ForReaders("new");
  EXPECT_TRUE(pace.Ask(wish, kStart));
  wish.under_way = true;
  for (int look = 1; look < 6; ++look) EXPECT_TRUE(pace.Ask(wish, kStart + minutes(10 * look)));
  wish.under_way = false;
  EXPECT_FALSE(pace.Ask(wish, kStart + minutes(59)));
  EXPECT_TRUE(pace.Ask(wish, kStart + hours(1)));
}

TEST(RescanPaceTest, AnImageThatWentAndCameIsAskedForAnew) {
  RescanPace pace;
  EXPECT_TRUE(pace.Ask(ForReaders("new"), kStart));
  pace.Forget("sha256:a");
  EXPECT_TRUE(pace.Ask(ForReaders("new"), kStart));
}

}  // namespace
}  // namespace landwaiter::controller
