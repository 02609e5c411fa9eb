#include "controller/new_image_pace.h"

#include <gtest/gtest.h>

namespace landwaiter::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct PaceTime {
  std::chrono::steady_clock::time_point now{std::chrono::hours(1000)};
  NewImagePace Pace(std::size_t at_once) {
    return NewImagePace(at_once, minutes(1), [this] { return now; });
  }
};

Digest NewImage() {
  static int made = 0;
  return Sha256::Of(std::to_string(++made));
}

std::size_t TakenBy(NewImagePace& pace, const std::string& ns, std::size_t asked) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < asked; ++i) taken += pace.Take(ns, NewImage()) ? 1 : 0;
  return taken;
}

// Admission pitfall 85.
TEST(NewImagePace, LetsSoManyInAtOnceAndOneEachMinuteAfterwards) {
  PaceTime time;
  NewImagePace pace = time.Pace(5);
  EXPECT_EQ(TakenBy(pace, "shop", 100), 5u);
  time.now += seconds(59);
  EXPECT_EQ(TakenBy(pace, "shop", 100), 0u);
  time.now += seconds(1);
  EXPECT_EQ(TakenBy(pace, "shop", 100), 1u);
  time.now += minutes(3);
  EXPECT_EQ(TakenBy(pace, "shop", 100), 3u);
  time.now += minutes(1000);
  EXPECT_EQ(TakenBy(pace, "shop", 100), 5u) << "a long rest earns no more than the first time";
}

TEST(NewImagePace, OneNamespaceHoldsNoOtherUp) {
  PaceTime time;
  NewImagePace pace = time.Pace(2);
  EXPECT_EQ(TakenBy(pace, "greedy", 1000), 2u);
  EXPECT_EQ(TakenBy(pace, "shop", 2), 2u);
}

TEST(NewImagePace, SaysWhenToComeAgain) {
  PaceTime time;
  NewImagePace pace = time.Pace(1);
  ASSERT_TRUE(pace.Take("shop", NewImage()));
  time.now += milliseconds(20'500);
  const Status refused = pace.Take("shop", NewImage());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_EQ(refused.error().reason, "TooManyNewImages");
  EXPECT_EQ(refused.error().message,
            "namespace shop has brought 1 images that were new here; the next one is looked at in "
            "40 s");
  time.now += seconds(40);
  EXPECT_TRUE(pace.Take("shop", NewImage()));
}

TEST(NewImagePace, CountsAnImageOnceHoweverManyAskForIt) {
  PaceTime time;
  NewImagePace pace = time.Pace(2);
  const Digest image = NewImage();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pace.Take("shop", image)) << i;
  EXPECT_EQ(TakenBy(pace, "shop", 100), 1u);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(pace.Take("shop", image)) << i;
  EXPECT_FALSE(pace.Take("shop", NewImage()));
}

TEST(NewImagePace, WhatCameToNothingDoesNotCount) {
  PaceTime time;
  NewImagePace pace = time.Pace(2);
  for (int i = 0; i < 100; ++i) {
    const Digest image = NewImage();
    ASSERT_TRUE(pace.Take("shop", image)) << i;
    pace.GiveBack("shop", image);
  }
  EXPECT_EQ(TakenBy(pace, "shop", 100), 2u);
}

TEST(NewImagePace, ZeroIsNoBound) {
  PaceTime time;
  NewImagePace pace = time.Pace(0);
  EXPECT_EQ(TakenBy(pace, "shop", 10'000), 10'000u);
  EXPECT_EQ(pace.size(), 0u);
}

std::size_t Waiting(NewImagePace& pace) {
  return pace.Waiting([](const Digest&) { return false; });
}

TEST(NewImagePace, CountsWhatWaitsUntilItIsLetIn) {
  PaceTime time;
  NewImagePace pace = time.Pace(1);
  EXPECT_EQ(Waiting(pace), 0u);
  ASSERT_TRUE(pace.Take("shop", NewImage()));
  EXPECT_EQ(Waiting(pace), 0u) << "nothing was refused";
  const Digest first = NewImage(), second = NewImage();
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(pace.Take("shop", first));
    EXPECT_FALSE(pace.Take("shop", second));
  }
  EXPECT_EQ(Waiting(pace), 2u) << "once, however often it is asked for";
  time.now += minutes(1);
  ASSERT_TRUE(pace.Take("shop", first));
  EXPECT_EQ(Waiting(pace), 1u);
  pace.GiveBack("shop", first);
  EXPECT_EQ(Waiting(pace), 1u) << "what came to nothing waits no more";
}

TEST(NewImagePace, WhatSomebodyElseHasBroughtWaitsNoLonger) {
  PaceTime time;
  NewImagePace pace = time.Pace(1);
  for (const char* ns : {"shop", "bank"}) ASSERT_TRUE(pace.Take(ns, NewImage()));
  const Digest wanted = NewImage(), other = NewImage();
  for (const char* ns : {"shop", "bank"}) EXPECT_FALSE(pace.Take(ns, wanted));
  EXPECT_FALSE(pace.Take("shop", other));
  EXPECT_EQ(Waiting(pace), 3u) << "of each namespace that waits for it";
  EXPECT_EQ(pace.Waiting([&](const Digest& image) { return image == wanted; }), 1u);
  EXPECT_EQ(Waiting(pace), 1u) << "nor does it come back";
}

TEST(NewImagePace, WhatNobodyAsksForAgainIsNotWaitedFor) {
  PaceTime time;
  NewImagePace pace = time.Pace(1);
  ASSERT_TRUE(pace.Take("shop", NewImage()));
  const Digest given_up = NewImage(), retried = NewImage();
  ASSERT_FALSE(pace.Take("shop", given_up));
  ASSERT_FALSE(pace.Take("shop", retried));
  time.now += seconds(1'312);
  EXPECT_EQ(Waiting(pace), 2u) << "an owner's longest pause";
  ASSERT_TRUE(pace.Take("shop", NewImage()));
  ASSERT_FALSE(pace.Take("shop", retried));
  time.now += minutes(10);
  EXPECT_EQ(Waiting(pace), 1u);
}

TEST(NewImagePace, MadeUpImagesFillNoMemory) {
  PaceTime time;
  NewImagePace pace = time.Pace(1);
  EXPECT_EQ(TakenBy(pace, "greedy", 3 * kMostNewImagesWaiting), 1u);
  EXPECT_EQ(Waiting(pace), kMostNewImagesWaiting);
  EXPECT_LE(pace.size(), kMostNewImagesWaiting + 2);
  time.now += minutes(30);
  EXPECT_EQ(Waiting(pace), 0u);
}

TEST(NewImagePace, RemembersOnlyWhoHasBroughtOneLately) {
  PaceTime time;
  NewImagePace pace = time.Pace(2);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(pace.Take("ns-" + std::to_string(i), NewImage()));
    time.now += seconds(1);
  }
  EXPECT_LT(pace.size(), 400u);
}

}  // namespace
}  // namespace landwaiter::controller
