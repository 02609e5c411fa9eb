// The rules `malicious`, `os`, `coverage` and `always`.
#include <gtest/gtest.h>

#include "tests/unit/policy/rule_case.h"

namespace landwaiter::policy {
namespace {

INSTANTIATE_TEST_SUITE_P(
    Malicious, ContentRuleTest,
    testing::Values(
        RuleCase{"AMalRecordFires", "malicious: {}",
                 AnImage().Has(AFinding("MAL-2024-1").In("evil", "npm").Of(Severity::kUnknown)),
                 kFail, "evil 3.0.1-1 is malicious (MAL-2024-1)"},
        RuleCase{"AMalAliasFires", "malicious: {}",
                 AnImage().Has(AFinding("GHSA-1").Alias("MAL-2024-1").In("evil", "npm")), kFail,
                 "MAL-2024-1"},
        RuleCase{"AVulnerabilityIsNoMalice", "malicious: {}",
                 AnImage().Has(AFinding("CVE-2024-1").Alias("GHSA-MAL-1")), kPass, ""},
        RuleCase{"OtherPackagesPass", "malicious: {packages: {types: [pypi]}}",
                 AnImage().Has(AFinding("MAL-2024-1").In("evil", "npm")), kPass, ""},
        RuleCase{"NoAdvisoriesForALanguageLeaveItOpen", "malicious: {}",
                 [] {
                   AnImage image;
                   image.coverage.push_back(
                       {"advisories-npm", CoverageState::kUnsupported, "no feed for npm", 1});
                   return image;
                 }(),
                 kOpen, "no feed for npm"},
        RuleCase{"ASystemWithoutAdvisoriesDoesNotMatterHere", "malicious: {}",
                 AnImage().NotMatched(CoverageState::kUnsupported, "no feed for void"), kPass, ""},
        RuleCase{"UnreadPackagesLeaveItOpen", "malicious: {}",
                 AnImage().NotRead("npm", CoverageState::kFailed, "broken"), kOpen, "broken"},
        RuleCase{"WhatWasNeverMatchedIsOpen", "malicious: {}", AnImage().NeverMatched(), kOpen,
                 "not matched"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Os, ContentRuleTest,
    testing::Values(
        RuleCase{"AnAllowedSystem", "os: {allowed: [{family: debian, versions: [\"12\"]}]}",
                 AnImage().Runs("debian", "12"), kPass, ""},
        RuleCase{"AnotherVersion", "os: {allowed: [{family: debian, versions: [\"12\"]}]}",
                 AnImage().Runs("debian", "11"), kFail, "debian 11 is not among those allowed"},
        RuleCase{"AnotherFamily", "os: {allowed: [{family: debian}, {family: \"opensuse-*\"}]}",
                 AnImage().Runs("alpine", "3.20"), kFail, "alpine 3.20"},
        RuleCase{"AFamilyByItsPattern", "os: {allowed: [{family: \"opensuse-*\"}]}",
                 AnImage().Runs("opensuse-leap", "15.6"), kPass, ""},
        RuleCase{"WithoutASystemNoneIsForbidden", "os: {allowed: [{family: debian}]}", AnImage(),
                 kPass, ""},
        RuleCase{"ASystemIsRequired", "os: {required: true}", AnImage(), kFail,
                 "the image has no operating system"},
        RuleCase{"ASystemIsThere", "os: {required: true}", AnImage().Runs("debian", "12"), kPass,
                 ""},
        RuleCase{"ASystemThatWasNotReadIsOpen", "os: {required: true}",
                 AnImage().NotRead("os", CoverageState::kFailed, "etc/os-release: cut"), kOpen,
                 "etc/os-release: cut"},
        RuleCase{"AnUnsupportedSystemHasItsName", "os: {allowed: [{family: debian}]}",
                 AnImage().Runs("solaris", "11").NotRead("os", CoverageState::kUnsupported, "?"),
                 kFail, "solaris 11"},
        RuleCase{"PastItsEnd", "os: {endOfLife: true}",
                 AnImage().Runs("debian", "10", "2026-11-23"), kFail,
                 "debian 10 is past its end of life (2026-11-23)"},
        RuleCase{"OnItsLastDay", "os: {endOfLife: true}",
                 AnImage().Runs("debian", "10", "2026-11-24"), kPass, ""},
        RuleCase{"WithinItsGrace", "os: {endOfLife: true, graceDays: 30}",
                 AnImage().Runs("debian", "10", "2026-10-25"), kPass, ""},
        RuleCase{"PastItsGrace", "os: {endOfLife: true, graceDays: 30}",
                 AnImage().Runs("debian", "10", "2026-10-24"), kFail, "2026-10-24"},
        RuleCase{"EndedNobodyKnowsWhen", "os: {endOfLife: true, graceDays: 30}",
                 AnImage().Runs("centos", "5", "0000-00-00"), kFail,
                 "centos 5 is past its end of life"},
        RuleCase{"WithoutADateItIsOpen", "os: {endOfLife: true}", AnImage().Runs("debian", "10"),
                 kOpen, "no date for debian 10"},
        RuleCase{"WhatRollsHasNoEnd", "os: {endOfLife: true}", AnImage().Runs("arch", ""), kPass,
                 ""},
        RuleCase{"WhatRollsWithANumberNeither", "os: {endOfLife: true}",
                 AnImage().Runs("wolfi", "20230201"), kPass, ""}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    CoverageRule, ContentRuleTest,
    testing::Values(
        RuleCase{"AllWasRead",
                 "coverage: {require: [OSPackages, LanguagePackages, Configuration, "
                 "Advisories]}",
                 AnImage(), kPass, ""},
        RuleCase{"AnUnreadPackageDatabaseFires", "coverage: {require: [OSPackages]}",
                 AnImage().NotRead("dpkg", CoverageState::kFailed, "line 7"), kFail,
                 "OSPackages: dpkg is Failed: line 7"},
        RuleCase{"AnUnknownSystemFires", "coverage: {require: [OSPackages]}",
                 AnImage().NotRead("os", CoverageState::kUnsupported, "plan9"), kFail, "plan9"},
        RuleCase{"ALanguageIsNoSystem", "coverage: {require: [OSPackages]}",
                 AnImage().NotRead("npm", CoverageState::kFailed, "cut"), kPass, ""},
        RuleCase{"AnUnreadLanguageFires", "coverage: {require: [LanguagePackages]}",
                 AnImage().NotRead("npm", CoverageState::kFailed, "cut"), kFail, "npm is Failed"},
        RuleCase{"AnUnreadConfigurationFires", "coverage: {require: [Configuration]}",
                 AnImage().NotRead("config", CoverageState::kFailed, "cut"), kFail, "config"},
        RuleCase{"MissingAdvisoriesFire", "coverage: {require: [Advisories]}",
                 AnImage().NotMatched(CoverageState::kUnsupported, "no feed for void"), kFail,
                 "no feed for void"},
        RuleCase{"AnEndedReleaseFires", "coverage: {require: [Advisories]}",
                 AnImage().NotMatched(CoverageState::kEndOfLife, "debian 8 ended"), kFail,
                 "EndOfLife"},
        RuleCase{"NoMatchingFires", "coverage: {require: [Advisories]}", AnImage().NeverMatched(),
                 kFail, "not matched"},
        RuleCase{"WarnOnlyWarnsOfAGap", "action: Warn, coverage: {require: [OSPackages]}",
                 AnImage().NotRead("dpkg", CoverageState::kFailed, "cut"), Verdict::kWarn, "dpkg"},
        RuleCase{"AYoungDatabase", "coverage: {maxDatabaseAge: 1d}", AnImage(), kPass, ""},
        RuleCase{"AnOldDatabase", "coverage: {maxDatabaseAge: 2d}",
                 AnImage().DatabaseBuilt(At("2026-11-22T11:59:59Z")), kFail,
                 "of 2026-11-22T11:59:59Z, older than maxDatabaseAge"},
        RuleCase{"ADatabaseOfUnknownAge", "coverage: {maxDatabaseAge: 2d}",
                 AnImage().DatabaseBuilt(std::nullopt), kFail, "not known"}),
    CaseName);

TEST(Always, FiresForEveryReferenceAndNeedsNoScan) {
  const ScanPolicy policy = ARule("always: {}");
  EXPECT_FALSE(NeedsScan(policy));
  const auto verdict = EvaluateReference(policy, *ImageReference::Parse("any.io/a:1"), "", kNow);
  EXPECT_EQ(verdict.verdict, Verdict::kFail);
  EXPECT_EQ(EvaluateReference(ARule("action: Warn, always: {}"),
                              *ImageReference::Parse("any.io/a:1"), "", kNow)
                .verdict,
            Verdict::kWarn);
}

TEST(ComingDue, AnEndOfLifeIsToldAMonthAheadAndNoSooner) {
  const ScanPolicy policy = ARule("os: {endOfLife: true}");
  const auto near = Judge(policy, AnImage().Runs("debian", "12", "2026-12-10"));
  ASSERT_EQ(near.coming.size(), 1u);
  EXPECT_EQ(near.coming[0].from, "2026-12-11T00:00:00Z");
  EXPECT_EQ(near.coming[0].message, "debian 12 is past its end of life (2026-12-10)");
  EXPECT_TRUE(Judge(policy, AnImage().Runs("debian", "12", "2028-06-30")).coming.empty());
}

TEST(SmallKinds, RefuseWhatAsksNothing) {
  for (const char* rule : {"os: {graceDays: 3}", "os: {endOfLife: false}", "coverage: {}",
                           "licenses: {packages: {types: [npm]}}", "image: {missingAge: Ignore}"}) {
    const auto policy = ParsePolicyYaml(
        std::string("apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: a}\n"
                    "spec: {rules: [{name: r, ") +
        rule + "}]}\n");
    EXPECT_FALSE(policy) << rule;
  }
}

}  // namespace
}  // namespace landwaiter::policy
