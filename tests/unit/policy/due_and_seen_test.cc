// The `vulnerabilities` rule's times that are not the advisory's own: by when the list of known
// exploited ones wants it mended, and since when the cluster knows of it.
#include <gtest/gtest.h>

#include "tests/unit/policy/rule_case.h"

namespace landwaiter::policy {
namespace {

// kNow is noon of 2026-11-24.
INSTANTIATE_TEST_SUITE_P(
    KnownExploitedDue, ContentRuleTest,
    testing::Values(
        RuleCase{"OneThatIsOverdueFires", "vulnerabilities: {knownExploitedDueWithin: 0d}",
                 AnImage().Has(AFinding("CVE-1").Due("2026-11-23")), kFail, "CVE-1"},
        RuleCase{"ItsDayIsNotOverYet", "vulnerabilities: {knownExploitedDueWithin: 0d}",
                 AnImage().Has(AFinding("CVE-1").Due("2026-11-24")), kPass, ""},
        RuleCase{"OneThatIsDueSoonFires", "vulnerabilities: {knownExploitedDueWithin: 12h}",
                 AnImage().Has(AFinding("CVE-1").Due("2026-11-24")), kFail, "CVE-1"},
        RuleCase{"OneThatIsDueLaterIsLeftItsTime",
                 "vulnerabilities: {knownExploitedDueWithin: 14d}",
                 AnImage().Has(AFinding("CVE-1").Due("2026-12-08")), kPass, ""},
        RuleCase{"OneWithoutADayFires", "vulnerabilities: {knownExploitedDueWithin: 14d}",
                 AnImage().Has(AFinding("CVE-1").Exploited(true)), kFail, "CVE-1"},
        RuleCase{"SoDoesOneWhoseDayCannotBeRead", "vulnerabilities: {knownExploitedDueWithin: 14d}",
                 AnImage().Has(AFinding("CVE-1").Due("next week")), kFail, "CVE-1"},
        RuleCase{"WhatIsNotOnTheListIsNeverDue", "vulnerabilities: {knownExploitedDueWithin: 14d}",
                 AnImage().Has(AFinding("CVE-1").Exploited(false)), kPass, ""},
        RuleCase{"WithoutTheListItIsOpen", "vulnerabilities: {knownExploitedDueWithin: 14d}",
                 AnImage().Has(AFinding("CVE-1")), kOpen, "no list of known exploited"},
        RuleCase{"KnownExploitedMayStandBesideIt",
                 "vulnerabilities: {knownExploited: true, knownExploitedDueWithin: 14d}",
                 AnImage().Has(AFinding("CVE-1").Due("2026-11-30")), kFail, "CVE-1"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    FirstSeen, ContentRuleTest,
    testing::Values(
        RuleCase{"OneThatIsNewHereIsLeftItsTime", "vulnerabilities: {firstSeenFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").FirstSeen("2026-11-10T12:00:01Z")), kPass, ""},
        RuleCase{"OneThatIsKnownSoLongFires", "vulnerabilities: {firstSeenFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").FirstSeen("2026-11-10T12:00:00Z")), kFail,
                 "CVE-1"},
        RuleCase{"ItsAdvisoryMayBeOld", "vulnerabilities: {firstSeenFor: 14d}",
                 AnImage().Has(AFinding("CVE-1")
                                   .Published("2001-01-01T00:00:00Z")
                                   .FirstSeen("2026-11-20T00:00:00Z")),
                 kPass, ""},
        RuleCase{"WhereNobodyKeepsItItIsOpen", "vulnerabilities: {firstSeenFor: 14d}",
                 AnImage().Has(AFinding("CVE-1")), kOpen,
                 "firstSeenFor: nobody knows when they were first seen (1 finding undecided)"},
        RuleCase{"OpenOnesWithinMaxCountStillPass",
                 "vulnerabilities: {firstSeenFor: 14d, maxCount: 1}",
                 AnImage().Has(AFinding("CVE-1")), kPass, ""},
        RuleCase{"WhatDoesNotMeetTheRestIsNotOpen",
                 "vulnerabilities: {firstSeenFor: 14d, severityAtLeast: High}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kLow)), kPass, ""}),
    CaseName);

TEST(DueAndSeen, AreAnnouncedAndJudgedByTime) {
  struct Case {
    const char* name;
    const char* rule;
    AnImage image;
    const char* from;  // "" where nothing comes
  };
  const Case cases[] = {
      {"it is due within the time from then on", "vulnerabilities: {knownExploitedDueWithin: 3d}",
       AnImage().Has(AFinding("CVE-1").Due("2026-12-10")), "2026-12-08T00:00:00Z"},
      {"it is overdue when its day is over", "vulnerabilities: {knownExploitedDueWithin: 0d}",
       AnImage().Has(AFinding("CVE-1").Due("2026-12-10")), "2026-12-11T00:00:00Z"},
      {"it was first seen so long ago from then on", "vulnerabilities: {firstSeenFor: 7d}",
       AnImage().Has(AFinding("CVE-1").FirstSeen("2026-11-20T06:00:00Z")), "2026-11-27T06:00:00Z"},
      {"what nobody keeps is not announced", "vulnerabilities: {firstSeenFor: 7d}",
       AnImage().Has(AFinding("CVE-1")), ""},
      {"the latest of the times",
       "vulnerabilities: {firstSeenFor: 7d, knownExploitedDueWithin: 0d}",
       AnImage().Has(AFinding("CVE-1").Due("2026-11-25").FirstSeen("2026-11-24T12:00:00Z")),
       "2026-12-01T12:00:00Z"},
  };
  for (const Case& c : cases) {
    const ScanPolicy policy = ARule(c.rule);
    EXPECT_TRUE(JudgesByTime(policy)) << c.name;
    const PolicyVerdict verdict = Judge(policy, c.image);
    EXPECT_EQ(verdict.coming.empty() ? "" : verdict.coming.front().from, c.from) << c.name;
    if (verdict.coming.empty()) continue;
    const TimePoint from = At(c.from);
    EXPECT_EQ(EvaluateContent(policy, c.image.Input(), from).verdict, kFail) << c.name;
    EXPECT_EQ(EvaluateContent(policy, c.image.Input(), from - std::chrono::milliseconds(1)).verdict,
              kPass)
        << c.name;
  }
  EXPECT_FALSE(JudgesByTime(ARule("vulnerabilities: {knownExploited: true}")));
}

TEST(DueAndSeen, WhatSaysNothingIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"{knownExploited: false, knownExploitedDueWithin: 3d}", "is about known exploited ones"},
      {"{knownExploitedDueWithin: soon}", "knownExploitedDueWithin"},
      {"{firstSeenFor: 0d}", "firstSeenFor"},
      {"{firstSeenFor: 14}", "firstSeenFor"},
  };
  for (const auto& [rule, says] : cases) {
    const auto policies = ParsePolicyYaml(
        "apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: test}\nspec:\n"
        "  rules:\n  - {name: rule, vulnerabilities: " +
        std::string(rule) + "}\n");
    ASSERT_FALSE(policies) << rule;
    EXPECT_NE(policies.error().message.find(says), std::string::npos) << policies.error().message;
  }
}

}  // namespace
}  // namespace landwaiter::policy
