#include "controller/watch/tag_choice.h"

#include <gtest/gtest.h>

namespace landwaiter::controller {
namespace {

using Tags = std::vector<std::string>;

TEST(TagChoice, TakesWhatTheRuleSays) {
  const struct {
    const char* name;
    Tags tags;
    resources::TagRule rule;
    Tags taken;
  } kCases[] = {
      {"without a rule all, versions first and the highest before the lower",
       {"latest", "1.9.2", "1.10.0", "edge"},
       {},
       {"1.10.0", "1.9.2", "edge", "latest"}},
      {"a release comes before its pre-releases",
       {"2.0.0-rc.1", "2.0.0", "2.0.0-rc.10", "2.0.0-rc.2"},
       {},
       {"2.0.0", "2.0.0-rc.10", "2.0.0-rc.2", "2.0.0-rc.1"}},
      {"a v before a version does not matter, and equal ones go by name",
       {"v1.2.0", "1.2.0", "v1.3.0"},
       {},
       {"v1.3.0", "1.2.0", "v1.2.0"}},
      {"the newest are versions and nothing else",
       {"latest", "1.0", "1.1", "1.2", "stable"},
       {{}, {}, 2},
       {"1.2", "1.1"}},
      {"more than there are", {"1.0", "x_y"}, {{}, {}, 9}, {"1.0"}},
      {"only what is included",
       {"1.0-alpine", "1.0", "2.0-alpine"},
       {{"*-alpine"}, {}, 0},
       {"2.0-alpine", "1.0-alpine"}},
      {"what is excluded stays out whatever includes it",
       {"1.0", "1.0-debug", "2.0-debug"},
       {{"*"}, {"*-debug"}, 0},
       {"1.0"}},
      {"a question mark is one character", {"v1", "v10", "v2"}, {{"v?"}, {}, 0}, {"v2", "v1"}},
      {"the rule chooses before the newest are counted",
       {"3.0-rc1", "2.0", "1.0"},
       {{}, {"*-rc*"}, 1},
       {"2.0"}},
      {"nothing of nothing", {}, {{}, {}, 5}, {}},
  };
  for (const auto& c : kCases) EXPECT_EQ(ChooseTags(c.tags, c.rule), c.taken) << c.name;
}

TEST(TagChoice, IsTheSameWhateverTheOrderThatARegistryNamesTagsIn) {
  const Tags forth{"1.0", "v1.0", "1.0.0", "2", "10", "a", "B"};
  const Tags back(forth.rbegin(), forth.rend());
  EXPECT_EQ(ChooseTags(forth, {}), ChooseTags(back, {}));
}

}  // namespace
}  // namespace landwaiter::controller
