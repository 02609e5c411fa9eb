#include "controller/watch/watch_index.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

const Digest kOne = DigestOf("one");
const Digest kTwo = DigestOf("two");

TEST(WatchIndex, KnowsNothingOfAWatchThatWasNotLookedAt) {
  WatchIndex index;
  EXPECT_FALSE(index.Of("shop/w"));
  EXPECT_TRUE(index.Set("shop/w", {}).empty());
  ASSERT_TRUE(index.Of("shop/w"));
  EXPECT_TRUE(index.Of("shop/w")->empty());
}

TEST(WatchIndex, TellsWhatAWatchHasBegunAndCeasedToHold) {
  WatchIndex index;
  EXPECT_EQ(index.Set("shop/w", {{"r.io/a:1", kOne}, {"r.io/a:latest", kOne}}),
            std::vector<Digest>{kOne})
      << "two tags of one image are one";
  EXPECT_TRUE(index.Set("shop/w", {{"r.io/a:1", kOne}}).empty());
  EXPECT_EQ(index.Set("shop/w", {{"r.io/a:1", kTwo}}).size(), 2u);
  EXPECT_FALSE(index.IsWatched(kOne));
  EXPECT_TRUE(index.IsWatched(kTwo));
}

TEST(WatchIndex, AnImageIsWatchedAsLongAsOneWatchHoldsIt) {
  WatchIndex index;
  index.Set("shop/w", {{"r.io/a:1", kOne}});
  index.Set("bank/w", {{"r.io/a:1", kOne}});
  EXPECT_EQ(index.size(), 1u);
  EXPECT_EQ(index.Remove("shop/w"), std::vector<Digest>{kOne});
  EXPECT_TRUE(index.IsWatched(kOne));
  EXPECT_FALSE(index.Holds("shop/w", kOne));
  EXPECT_TRUE(index.Holds("bank/w", kOne));
  index.Remove("bank/w");
  EXPECT_FALSE(index.IsWatched(kOne));
  EXPECT_TRUE(index.Remove("bank/w").empty());
}

TEST(WatchIndex, TellsTheNamesByWhichWatchesHoldAnImage) {
  WatchIndex index;
  index.Set("shop/w", {{"r.io/a:latest", kOne}, {"r.io/a:1", kOne}, {"r.io/a:2", kTwo}});
  index.Set("bank/w", {{"r.io/a:1", kOne}, {"r.io/b:1", kOne}});
  EXPECT_EQ(index.NamesOf(kOne),
            std::vector<std::string>({"r.io/a:1", "r.io/a:latest", "r.io/b:1"}));
  index.Set("shop/w", {{"r.io/a:latest", kTwo}});
  EXPECT_EQ(index.NamesOf(kOne), std::vector<std::string>({"r.io/a:1", "r.io/b:1"}));
  index.Remove("bank/w");
  EXPECT_TRUE(index.NamesOf(kOne).empty());
}

}  // namespace
}  // namespace landwaiter::controller
