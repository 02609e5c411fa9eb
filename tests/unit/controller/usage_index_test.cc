#include "controller/usage_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace landwaiter::controller {
namespace {

TimePoint At(const std::string& time) { return *ParseTime("2026-11-24T" + time + "Z"); }

std::vector<std::string> References(const UsageIndex& index) { return index.Of("s")->references; }

TEST(UsageIndex, NamesTheReferenceOfTheNewestPodFirst) {
  UsageIndex index;
  index.SetComplete();
  index.Set("shop/a", At("10:00:00"), {{"s", "r.io/a:1.9"}});
  index.Set("shop/b", At("12:00:00"), {{"s", "r.io/a:1.10"}});
  index.Set("shop/c", At("11:00:00"), {{"s", "r.io/a:1.8"}});
  EXPECT_EQ(References(index),
            (std::vector<std::string>{"r.io/a:1.10", "r.io/a:1.8", "r.io/a:1.9"}));
  index.Set("shop/b", At("12:00:00"), {});
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
      index->Set("shop/" + std::to_string(pod), At("10:0" + std::to_string(pod % 2) + ":00"),
                 {{"s", "r.io/a:" + std::to_string(pod)}});
    }
  }
  EXPECT_EQ(References(one), References(two));
}

TEST(UsageIndex, CountsAPodOnceThatUsesAnImageByTwoReferences) {
  UsageIndex index;
  index.SetComplete();
  index.Set("shop/a", {}, {{"s", "r.io/a:1"}, {"s", "r.io/a:2"}, {"t", "r.io/t:1"}});
  index.Set("shop/b", {}, {{"s", "r.io/a:2"}});
  EXPECT_EQ(index.Of("s")->pods, 2u);
  EXPECT_EQ(index.PodsOf("s", 10), (std::vector<std::string>{"shop/a", "shop/b"}));
  index.Set("shop/a", {}, {});
  EXPECT_EQ(index.Of("s")->pods, 1u);
  EXPECT_EQ(References(index), std::vector<std::string>{"r.io/a:2"});
  EXPECT_EQ(index.Of("s")->namespaces, std::vector<std::string>{"shop"});
  EXPECT_EQ(index.Of("t")->pods, 0u);
}

// What pods point to must be right in whatever order they come, change and go.
TEST(UsageIndex, AgreesWithAPlainCountWhateverComesAndGoes) {
  UsageIndex index;
  index.SetComplete();
  std::map<std::string, std::vector<PodUse>> plain;
  std::mt19937 random(7);  // the same each time
  const auto below = [&](unsigned n) {
    return std::uniform_int_distribution<unsigned>(0, n - 1)(random);
  };
  for (int step = 0; step < 5'000; ++step) {
    const std::string pod = "ns-" + std::to_string(below(3)) + "/pod-" + std::to_string(below(40));
    std::vector<PodUse> uses;
    for (unsigned i = below(4); i > 0; --i) {
      uses.push_back(PodUse{"s" + std::to_string(below(5)), "r" + std::to_string(below(3))});
    }
    index.Set(pod, {}, uses);
    plain[pod] = uses;
    const std::string scan = "s" + std::to_string(below(5));
    std::vector<std::string> pods;
    std::set<std::string> namespaces;
    std::set<std::string> references;
    for (const auto& [name, used] : plain) {
      const auto of_scan = [&](const PodUse& use) { return use.scan == scan; };
      if (!std::any_of(used.begin(), used.end(), of_scan)) continue;
      pods.push_back(name);
      namespaces.insert(name.substr(0, name.find('/')));
      for (const auto& use : used) {
        if (of_scan(use)) references.insert(use.reference);
      }
    }
    const auto usage = index.Of(scan);
    ASSERT_EQ(index.PodsOf(scan, 1'000), pods) << step;
    ASSERT_EQ(usage->pods, pods.size());
    ASSERT_EQ(usage->namespaces, std::vector<std::string>(namespaces.begin(), namespaces.end()));
    ASSERT_EQ(usage->references, std::vector<std::string>(references.rbegin(), references.rend()));
    ASSERT_EQ(index.PodsOf(scan, 2).size(), std::min<std::size_t>(2, pods.size()));
  }
}

TEST(UsageIndex, TellsWhichScansChanged) {
  UsageIndex index;
  index.SetComplete();
  EXPECT_EQ(index.Set("shop/a", {}, {{"s", "r.io/a:1"}}), std::vector<std::string>{"s"});
  EXPECT_TRUE(index.Set("shop/a", {}, {{"s", "r.io/a:1"}}).empty());
  EXPECT_EQ(index.Set("shop/a", {}, {{"t", "r.io/a:1"}}), (std::vector<std::string>{"s", "t"}));
  EXPECT_EQ(index.Of("s")->pods, 0u);
}

}  // namespace
}  // namespace landwaiter::controller
