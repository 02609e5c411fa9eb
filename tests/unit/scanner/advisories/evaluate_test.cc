#include "scanner/advisories/evaluate.h"

#include <gtest/gtest.h>

#include "lib/base/text.h"

namespace landwaiter::advisories {
namespace {

using versions::Scheme;

/// "i:1.0 f:2.0 | i:3.0" is two ranges; i introduced, f fixed, l last_affected, m limit.
std::vector<Range> Ranges(std::string_view text) {
  std::vector<Range> ranges;
  if (text.empty()) return ranges;
  for (const std::string_view part : text::Split(text, '|')) {
    Range& range = ranges.emplace_back();
    for (const std::string_view word : text::Split(text::Trim(part), ' ')) {
      const EventKind kind = word[0] == 'i'   ? EventKind::kIntroduced
                             : word[0] == 'f' ? EventKind::kFixed
                             : word[0] == 'l' ? EventKind::kLastAffected
                                              : EventKind::kLimit;
      range.events.push_back({kind, std::string(word.substr(2))});
    }
  }
  return ranges;
}

struct Case {
  std::string name;
  Scheme scheme;
  std::string ranges;
  std::vector<std::string> versions;
  std::string version;
  bool affected;
  std::vector<std::string> fixes;
};

class EvaluateTest : public testing::TestWithParam<Case> {};

// Pitfall 131: the schema's own algorithm.
TEST_P(EvaluateTest, FollowsTheSchema) {
  const Case& c = GetParam();
  Affected affected;
  affected.ranges = Ranges(c.ranges);
  affected.versions = c.versions;
  const auto evaluation = Evaluate(c.scheme, affected, c.version);
  ASSERT_TRUE(evaluation.has_value()) << c.name << ": " << evaluation.error().message;
  EXPECT_EQ(evaluation->affected(), c.affected) << c.name;
  EXPECT_EQ(evaluation->fixes, c.fixes) << c.name;
}

INSTANTIATE_TEST_SUITE_P(
    Table, EvaluateTest,
    testing::Values(
        Case{"below the fix is affected",
             Scheme::kSemver,
             "i:0 f:1.2.6",
             {},
             "1.2.5",
             true,
             {"1.2.6"}},
        Case{"the fix itself is not affected",
             Scheme::kSemver,
             "i:0 f:1.2.6",
             {},
             "1.2.6",
             false,
             {}},
        Case{"before introduced is not affected",
             Scheme::kSemver,
             "i:1.0.0 f:1.2.6",
             {},
             "0.9.0",
             false,
             {}},
        Case{"introduced itself is affected",
             Scheme::kSemver,
             "i:1.0.0 f:1.2.6",
             {},
             "1.0.0",
             true,
             {"1.2.6"}},
        Case{"introduced 0 is before a pre-release of the first version",
             Scheme::kSemver,
             "i:0 f:1.0.0",
             {},
             "0.0.0-alpha",
             true,
             {"1.0.0"}},
        Case{"introduced 0 is before a tilde version",
             Scheme::kDpkg,
             "i:0 f:1.0-1",
             {},
             "0~beta1",
             true,
             {"1.0-1"}},
        Case{"fixed 0 says that nothing is affected",
             Scheme::kDpkg,
             "i:0 f:0",
             {},
             "1.0-1",
             false,
             {}},
        Case{"fixed 0 holds for versions below zero",
             Scheme::kApk,
             "i:0 f:0",
             {},
             "0_alpha1",
             false,
             {}},
        Case{"no fix leaves every version affected", Scheme::kDpkg, "i:0", {}, "9:9-9", true, {}},
        Case{"last_affected is inclusive",
             Scheme::kSemver,
             "i:1.0.0 l:1.4.0",
             {},
             "1.4.0",
             true,
             {}},
        Case{"above last_affected is not affected",
             Scheme::kSemver,
             "i:1.0.0 l:1.4.0",
             {},
             "1.4.1",
             false,
             {}},
        Case{"between two branches is not affected",
             Scheme::kSemver,
             "i:0 f:2.2.28 i:3.2.0 f:3.2.13",
             {},
             "3.0.0",
             false,
             {}},
        Case{"in the second branch the fix is that branch's",
             Scheme::kSemver,
             "i:0 f:2.2.28 i:3.2.0 f:3.2.13",
             {},
             "3.2.12",
             true,
             {"3.2.13"}},
        Case{"in the first branch both fixes mend, lowest first",
             Scheme::kSemver,
             "i:0 f:2.2.28 i:3.2.0 f:3.2.13",
             {},
             "2.2.27",
             true,
             {"2.2.28", "3.2.13"}},
        Case{"events need not be sorted",
             Scheme::kPep440,
             "i:4.0 f:4.0.4 i:3.2 f:3.2.13 i:2.2 f:2.2.28",
             {},
             "3.2.12",
             true,
             {"3.2.13", "4.0.4"}},
        Case{"fixed before introduced in the record",
             Scheme::kSemver,
             "f:1.2.6 i:1.0.0",
             {},
             "1.1.0",
             true,
             {"1.2.6"}},
        Case{"two ranges of one package are alternatives",
             Scheme::kSemver,
             "i:0 f:0.2.4 | i:1.0.0 f:1.2.6",
             {},
             "1.2.0",
             true,
             {"1.2.6"}},
        Case{"a fix in one range that another range affects is no fix",
             Scheme::kSemver,
             "i:0 f:1.1.0 | i:1.0.0 f:1.2.0",
             {},
             "1.0.5",
             true,
             {"1.2.0"}},
        Case{
            "below a limit is affected", Scheme::kSemver, "i:1.0.0 m:2.0.0", {}, "1.9.9", true, {}},
        Case{"a limit is exclusive", Scheme::kSemver, "i:1.0.0 m:2.0.0", {}, "2.0.0", false, {}},
        Case{"a limit of * is none", Scheme::kSemver, "i:1.0.0 m:*", {}, "9.0.0", true, {}},
        Case{"of two limits the higher counts",
             Scheme::kSemver,
             "i:1.0.0 m:2.0.0 m:3.0.0",
             {},
             "2.5.0",
             true,
             {}},
        Case{"versions name affected ones exactly",
             Scheme::kSemver,
             "",
             {"1.0.0", "1.0.2"},
             "1.0.2",
             true,
             {}},
        Case{"what versions do not name is not affected",
             Scheme::kSemver,
             "",
             {"1.0.0", "1.0.2"},
             "1.0.1",
             false,
             {}},
        Case{"PyPI's versions are the same when PEP 440 says so",
             Scheme::kPep440,
             "",
             {"1.0"},
             "1.0.0",
             true,
             {}},
        Case{"legacy versions in a list do no harm",
             Scheme::kPep440,
             "",
             {"2.0.0-final-x y", "1.0"},
             "1.0",
             true,
             {}},
        Case{"versions and ranges are alternatives",
             Scheme::kSemver,
             "i:2.0.0 f:2.1.0",
             {"1.5.0"},
             "1.5.0",
             true,
             {"2.1.0"}},
        Case{"neither ranges nor versions match nothing",
             Scheme::kSemver,
             "",
             {},
             "1.0.0",
             false,
             {}},
        Case{"an epoch counts",
             Scheme::kDpkg,
             "i:0 f:1:1.2.11-4",
             {},
             "2.0-1",
             true,
             {"1:1.2.11-4"}},
        Case{"Go versions may have their v",
             Scheme::kGo,
             "i:0 f:0.3.7",
             {},
             "v0.3.5",
             true,
             {"0.3.7"}},
        Case{"Go pseudo versions lie before their release",
             Scheme::kGo,
             "i:0 f:0.17.0",
             {},
             "v0.0.0-20210322153248-0c34fe9e7dc2",
             true,
             {"0.17.0"}}),
    [](const testing::TestParamInfo<Case>& info) { return "Row" + std::to_string(info.index); });

TEST(EvaluateErrorTest, AVersionThatNoSchemeReadsIsAnErrorAndNotClean) {
  Affected affected;
  affected.ranges = Ranges("i:0 f:1.2.6");
  const auto evaluation = Evaluate(Scheme::kSemver, affected, "not a version");
  ASSERT_FALSE(evaluation.has_value());
  EXPECT_NE(evaluation.error().message.find("not a version"), std::string::npos);
}

Affected WithRanges(std::vector<Range> ranges, Claim claim = Claim::kAffected) {
  Affected affected;
  affected.ranges = std::move(ranges);
  affected.claim = claim;
  return affected;
}

Range To(const std::string& fix, const std::string& stream = "") {
  return {{{EventKind::kIntroduced, "0"}, {EventKind::kFixed, fix}}, stream};
}

// Pitfalls 69, 81, 100: what is said not to be affected is data.
TEST(StandingTest, AStatementThatAPackageIsNotAffectedIsNoGap) {
  struct Case {
    std::string name;
    Affected row;
    std::string version;
    Standing standing;
    std::string fixed_in;
  };
  const Range everything{{{EventKind::kIntroduced, "0"}}};
  const Range later{{{EventKind::kIntroduced, "2-1"}}};
  const Case cases[] = {
      {"below the fix", WithRanges({To("2-1")}), "1-1", Standing::kAffected, ""},
      {"the fix itself", WithRanges({To("2-1")}), "2-1", Standing::kFixed, "2-1"},
      {"fixed 0", WithRanges({To("0")}), "1-1", Standing::kNotAffected, ""},
      {"a claim", WithRanges({everything}, Claim::kNotAffected), "1-1", Standing::kNotAffected, ""},
      {"a claim of later versions", WithRanges({later}, Claim::kNotAffected), "1-1",
       Standing::kOutside, ""},
      {"before it was introduced", WithRanges({later}), "1-1", Standing::kOutside, ""},
  };
  for (const Case& c : cases) {
    const auto evaluation = Evaluate(versions::Scheme::kRpm, c.row, c.version);
    ASSERT_TRUE(evaluation.has_value()) << c.name;
    EXPECT_EQ(evaluation->standing, c.standing) << c.name;
    EXPECT_EQ(evaluation->fixed_in, c.fixed_in) << c.name;
  }
}

// Pitfall 99: a fix of el9_2 (extended updates) is not the mainline's.
TEST(StandingTest, PitfallMinorReleasesAreMendedApart) {
  const Affected row = WithRanges({To("7-26.el9_3.2"), To("7-23.el9_2.4", "el9_2")});
  const std::tuple<std::string, bool, std::string> cases[] = {
      {"7-23.el9_2.3", true, "7-23.el9_2.4"},
      {"7-23.el9_2.4", false, ""},
      {"7-24.el9_2.1", false, ""},
      {"7-26.el9_3.1", true, "7-26.el9_3.2"},
      {"7-26.el9_3.2", false, ""},
      {"7-25.el9", true, "7-26.el9_3.2"},
      {"7-1.el9_0.9", true, "7-26.el9_3.2"},
  };
  for (const auto& [version, affected, fix] : cases) {
    const auto evaluation = Evaluate(versions::Scheme::kRpm, row, version);
    ASSERT_TRUE(evaluation.has_value()) << version;
    EXPECT_EQ(evaluation->affected(), affected) << version;
    EXPECT_EQ(evaluation->fixes,
              fix.empty() ? std::vector<std::string>() : std::vector<std::string>{fix})
        << version;
  }
  EXPECT_EQ(MinorStreamOf("1-1.module+el8.9.0+1"), "");
  EXPECT_EQ(MinorStreamOf("1-1.el8"), "");
  EXPECT_EQ(MinorStreamOf("1-1.elx_2.el10_12"), "el10_12");
}

// Pitfall 95: the build of a module, where no label names its stream.
TEST(ModuleTagTest, VersionsTellTheBuildOfTheirModule) {
  struct Case {
    std::string version, tag;
    bool names_build;
  };
  const Case cases[] = {
      {"1:14.1-1.module+el8.4.0+597+ddf0ddea", "module+el8.4.0+597+ddf0ddea", true},
      {"7.74-1.module_el8.2.0+305+5e198a41", "module_el8.2.0+305+5e198a41", true},
      {"1.0.0-54.rc5.dev.git2abd837.module+el8+5201+6423ecab", "module+el8+5201+6423ecab", true},
      {"9-3.module+el8.3.0+9715+1a1a1b7c.2", "module+el8.3.0+9715+1a1a1b7c", true},
      {"1-1.module+el8.9.0+1+a+b", "module+el8.9.0+1+a", true},
      {"1-1.module+el8.9.0+1", "module+el8.9.0+1", false},
      {"1-1.module+el8.9.0+1+", "module+el8.9.0+1+", false},
      {"1-1.module_el8++a", "module_el8++a", false},
      {"1-1.module+el8.", "module+el8", false},
      {"1-1.module+el", "module+el", false},
      {"1-1.modules+el8.module_el9", "module_el9", false},
      {"1-1.el8", "", false},
      {"module+el8", "", false},
      {"1-1.module", "", false},
      {"", "", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ModuleTagOf(c.version), c.tag) << c.version;
    EXPECT_EQ(NamesModuleBuild(ModuleTagOf(c.version)), c.names_build) << c.version;
  }
}

}  // namespace
}  // namespace landwaiter::advisories
