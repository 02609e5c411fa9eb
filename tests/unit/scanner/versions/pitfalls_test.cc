// What other scanners got wrong in comparing versions, one case a report.
#include <gtest/gtest.h>

#include "scanner/versions/scheme.h"

namespace landwaiter::versions {
namespace {

struct OrderCase {
  const char* name;
  Scheme scheme;
  const char* lower;
  const char* higher;
};

class PitfallOrderTest : public testing::TestWithParam<OrderCase> {};

TEST_P(PitfallOrderTest, Holds) {
  const auto order = Compare(GetParam().scheme, GetParam().lower, GetParam().higher);
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(*order, -1) << GetParam().lower << " < " << GetParam().higher;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PitfallOrderTest,
    testing::Values(
        OrderCase{"P065_EpochBeforeAll", Scheme::kDpkg, "9.9-1", "1:0.1-1"},
        OrderCase{"P065_TildeBeforeTheEnd", Scheme::kDpkg, "1.0~rc1-1", "1.0-1"},
        OrderCase{"P065_LettersBeforeOthers", Scheme::kDpkg, "1.0a-1", "1.0+1-1"},
        OrderCase{"P065_NoRevisionIsZero", Scheme::kDpkg, "1.0", "1.0-1"},
        OrderCase{"P066_BinaryRebuildIsNewer", Scheme::kDpkg, "1.0-1", "1.0-1+b1"},
        OrderCase{"P066_BackportIsOlder", Scheme::kDpkg, "1.0-1~bpo12+1", "1.0-1"},
        OrderCase{"P066_SecurityUpdateIsNewer", Scheme::kDpkg, "2.36-9+deb12u9", "2.36-9+deb12u10"},
        OrderCase{"P083_CandidateBeforeRelease", Scheme::kApk, "1.6_rc1-r0", "1.6-r0"},
        OrderCase{"P083_PatchAfterRelease", Scheme::kApk, "1.6-r9", "1.6_p1-r0"},
        OrderCase{"P083_RevisionsAreNumbers", Scheme::kApk, "1.6-r9", "1.6-r10"},
        OrderCase{"P083_LetterSuffix", Scheme::kApk, "0.9.8c-r1", "0.9.8d"},
        OrderCase{"P094_TildeBeforeRelease", Scheme::kRpm, "1.0~rc1-1", "1.0-1"},
        OrderCase{"P094_CaretAfterRelease", Scheme::kRpm, "1.0-1", "1.0^git1-1"},
        OrderCase{"P094_CaretBeforeNext", Scheme::kRpm, "1.0^git1-1", "1.0.1-1"},
        OrderCase{"P093_MissingEpochIsZero", Scheme::kRpm, "9-1", "1:1-1"},
        OrderCase{"P111_PythonCandidate", Scheme::kPep440, "1.0rc1", "1.0"},
        OrderCase{"P112_PrereleaseBelowRelease", Scheme::kNpm, "1.0.0-beta.11", "1.0.0"},
        OrderCase{"P114_LocalAboveItsPublic", Scheme::kPep440, "1.0", "1.0+cpu"},
        OrderCase{"P114_PythonEpoch", Scheme::kPep440, "2020.1", "1!1.0"},
        OrderCase{"P114_DevBeforeAlpha", Scheme::kPep440, "1.0.dev1", "1.0a1"},
        OrderCase{"P114_PostAfterFinal", Scheme::kPep440, "1.0", "1.0.post1"},
        OrderCase{"P115_AlphaBeforeBeta", Scheme::kMaven, "1.0-alpha-9", "1.0-beta-1"},
        OrderCase{"P115_BetaBeforeMilestone", Scheme::kMaven, "1.0-beta-9", "1.0-milestone-1"},
        OrderCase{"P115_MilestoneBeforeCandidate", Scheme::kMaven, "1.0-m9", "1.0-rc1"},
        OrderCase{"P115_CandidateBeforeSnapshot", Scheme::kMaven, "1.0-rc9", "1.0-SNAPSHOT"},
        OrderCase{"P115_SnapshotBeforeRelease", Scheme::kMaven, "1.0-SNAPSHOT", "1.0"},
        OrderCase{"P115_ServicePackAfterRelease", Scheme::kMaven, "1.0.Final", "1.0-sp1"},
        OrderCase{"P115_FlavoursOfOneVersion", Scheme::kMaven, "31.1-jre", "32.0-android"},
        OrderCase{"P117_ToolchainCandidate", Scheme::kGo, "go1.21rc2", "go1.21.0"}),
    [](const auto& info) { return info.param.name; });

struct EqualCase {
  const char* name;
  Scheme scheme;
  const char* left;
  const char* right;
};

class PitfallEqualTest : public testing::TestWithParam<EqualCase> {};

TEST_P(PitfallEqualTest, Holds) {
  const auto order = Compare(GetParam().scheme, GetParam().left, GetParam().right);
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(*order, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PitfallEqualTest,
    testing::Values(EqualCase{"P113_BuildMetadata", Scheme::kSemver, "1.2.3+build.7", "1.2.3"},
                    EqualCase{"P113_PrefixV", Scheme::kSemver, "v1.2.3", "1.2.3"},
                    EqualCase{"P113_PrefixUpperV", Scheme::kSemver, "V1.2.3", "1.2.3"},
                    EqualCase{"P113_Incompatible", Scheme::kGo, "v3.2.0+incompatible", "v3.2.0"},
                    EqualCase{"P115_CandidateHasTwoNames", Scheme::kMaven, "1.0-cr1", "1.0-rc1"},
                    EqualCase{"P115_ReleaseHasFourNames", Scheme::kMaven, "1.0.GA", "1.0-final"},
                    EqualCase{"P115_ReleaseWritesNone", Scheme::kMaven, "1.0.RELEASE", "1.0"},
                    EqualCase{"P115_TrailingZeros", Scheme::kMaven, "1.0.0", "1"},
                    EqualCase{"P117_Experiment", Scheme::kGo, "go1.20.3 X:boringcrypto", "1.20.3"},
                    EqualCase{"P114_TrailingZeros", Scheme::kPep440, "1.0", "1.0.0"}),
    [](const auto& info) { return info.param.name; });

struct RangeCase {
  const char* name;
  Scheme scheme;
  const char* range;
  const char* version;
  bool satisfied;
};

class PitfallRangeTest : public testing::TestWithParam<RangeCase> {};

// As advisories ask: pre-releases within the range are in it.
TEST_P(PitfallRangeTest, Holds) {
  const auto satisfied = Satisfies(GetParam().scheme, GetParam().range, GetParam().version,
                                   {.include_prerelease = true});
  ASSERT_TRUE(satisfied) << satisfied.error().message;
  EXPECT_EQ(*satisfied, GetParam().satisfied);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PitfallRangeTest,
    testing::Values(
        RangeCase{"P112_PrereleaseIsAffected", Scheme::kNpm, "<2.0.0", "1.5.0-rc.1", true},
        RangeCase{"P112_PrereleaseOfTheFixIsAffected", Scheme::kNpm, "<2.0.0", "2.0.0-rc.1", true},
        RangeCase{"P112_LowerBoundStays", Scheme::kNpm, ">=1.0.0 <2.0.0", "1.0.0-rc.1", false},
        RangeCase{"P112_CaretUpperBound", Scheme::kNpm, "^1.0.0", "2.0.0-rc.1", false},
        RangeCase{"P114_LocalIsItsPublic", Scheme::kPep440, "==1.0", "1.0+cpu", true},
        RangeCase{"P114_LocalIsNotAbove", Scheme::kPep440, ">1.0", "1.0+cpu", false},
        RangeCase{"P111_CommasAndAlternatives", Scheme::kDpkg, ">=1.0, <2.0 || =3.1-1", "3.1-1",
                  true},
        RangeCase{"P111_TildeBelowTheBound", Scheme::kDpkg, ">=1.0", "1.0~rc1", false},
        RangeCase{"P094_RpmRange", Scheme::kRpm, "<1:2.0", "3.0-1", true}),
    [](const auto& info) { return info.param.name; });

TEST(PitfallRangeErrorTest, MalformedRangesAreErrors) {
  EXPECT_FALSE(Satisfies(Scheme::kDpkg, ">>1", "1"));
  EXPECT_FALSE(Satisfies(Scheme::kNpm, "foo", "1.0.0"));
  EXPECT_FALSE(Satisfies(Scheme::kPep440, "1.0", "1.0"));
  EXPECT_FALSE(Satisfies(Scheme::kPep440, ">=1.0+local", "1.0"));
  EXPECT_FALSE(Satisfies(Scheme::kPep440, "~=1", "1.0"));
}

// Pitfall 116: the main module of a plain build has no version that could be compared.
TEST(PitfallGoTest, DevelIsNoVersion) {
  const auto order = Compare(Scheme::kGo, "(devel)", "v1.0.0");
  ASSERT_FALSE(order);
  EXPECT_NE(order.error().message.find("(devel)"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::versions
