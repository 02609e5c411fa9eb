#include "controller/usage_index.h"

#include <gtest/gtest.h>

namespace landwaiter::controller {
namespace {

TimePoint At(const std::string& time) { return *ParseTime("2026-11-24T" + time + "Z"); }

std::vector<std::string> References(const UsageIndex& index) { return index.Of("s")->references; }

TEST(UsageIndex, NamesTheReferenceOfTheNewestPodFirst) {
  UsageIndex index;
  index.SetComplete();
  index.Set("shop/a", "shop", At("10:00:00"), {{"s", "r.io/a:1.9"}});
  index.Set("shop/b", "shop", At("12:00:00"), {{"s", "r.io/a:1.10"}});
  index.Set("shop/c", "shop", At("11:00:00"), {{"s", "r.io/a:1.8"}});
  EXPECT_EQ(References(index),
            (std::vector<std::string>{"r.io/a:1.10", "r.io/a:1.8", "r.io/a:1.9"}));
  index.Set("shop/b", "shop", At("12:00:00"), {});
  EXPECT_EQ(References(index), (std::vector<std::string>{"r.io/a:1.8", "r.io/a:1.9"}))
      << "nobody uses it any more";
}

TEST(UsageIndex, DoesNotDependOnTheOrderInWhichPodsAreCounted) {
  UsageIndex one;
  UsageIndex two;
  for (UsageIndex* index : {&one, &two}) {
    index->SetComplete();
    for (int i = 0; i < 3; ++i) {
      const int pod = index == &one ? i : 2 - i;
      index->Set("shop/" + std::to_string(pod), "shop",
                 At("10:0" + std::to_string(pod % 2) + ":00"),
                 {{"s", "r.io/a:" + std::to_string(pod)}});
    }
  }
  EXPECT_EQ(References(one), References(two));
}

TEST(UsageIndex, TellsWhichScansChanged) {
  UsageIndex index;
  index.SetComplete();
  EXPECT_EQ(index.Set("shop/a", "shop", {}, {{"s", "r.io/a:1"}}), std::vector<std::string>{"s"});
  EXPECT_TRUE(index.Set("shop/a", "shop", {}, {{"s", "r.io/a:1"}}).empty());
  EXPECT_EQ(index.Set("shop/a", "shop", {}, {{"t", "r.io/a:1"}}),
            (std::vector<std::string>{"s", "t"}));
  EXPECT_EQ(index.Of("s")->pods, 0u);
}

}  // namespace
}  // namespace landwaiter::controller
