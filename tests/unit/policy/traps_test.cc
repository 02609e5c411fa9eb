// The traps that another engine's gates fell into (shared design, policy-gates.md, section 1), by
// the numbers used there. Those that concern kinds this version lacks are not here.
#include <gtest/gtest.h>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

TEST(Trap00, APolicyMatchesEveryImageUnlessItSaysOtherwise) {
  EXPECT_TRUE(MatchesImage(ARule("vulnerabilities: {}"), *ImageReference::Parse("any.io/a:1")));
}

TEST(Trap01, ARuleThatErrsLeavesTheOthersTheirWord) {
  ScanPolicy policy = APolicy(
      "  rules:\n"
      "  - {name: broken, image: {runsAsRoot: true}}\n"
      "  - {name: none, vulnerabilities: {}}\n");
  policy.rules[0].kind = nullptr;
  policy.rules[0].error = "no such field";
  const auto verdict = Judge(policy, AnImage().Has(AFinding("CVE-1")));
  EXPECT_EQ(verdict.verdict, Verdict::kFail);
  ASSERT_EQ(verdict.unknown.size(), 1u);
  EXPECT_EQ(verdict.unknown[0], "rule broken: RuleError: no such field");
  EXPECT_EQ(Judge(policy, AnImage()).verdict, Verdict::kUnknown);
}

TEST(Trap02, WhatTheVendorWillNotFixIsCountedUnlessAskedOtherwise) {
  EXPECT_EQ(Judge(ARule("vulnerabilities: {severityAtLeast: High}"),
                  AnImage().Has(AFinding("CVE-1").With(FindingState::kWillNotFix)))
                .verdict,
            Verdict::kFail);
}

TEST(Trap03, AMissingScoreIsNoLowScore) {
  EXPECT_EQ(
      Judge(ARule("vulnerabilities: {cvssAtLeast: 9}"), AnImage().Has(AFinding("CVE-1"))).verdict,
      Verdict::kFail);
}

TEST(Trap04, RootIsAUidAndNotAWord) {
  const ScanPolicy policy = ARule("image: {runsAsRoot: true}");
  for (const char* user : {"", "0", "0:0", "00", "0:1000"}) {
    EXPECT_EQ(Judge(policy, AnImage().User(user, std::nullopt)).verdict, Verdict::kFail) << user;
  }
  EXPECT_EQ(Judge(policy, AnImage().User("root:root", 0)).verdict, Verdict::kFail);
}

TEST(Trap04, AnImageWithoutReadableConfigurationIsNoPass) {
  EXPECT_EQ(Judge(ARule("image: {runsAsRoot: true}"),
                  AnImage().NotRead("config", CoverageState::kFailed, "cut"))
                .verdict,
            Verdict::kUnknown);
}

TEST(Trap05, PortsAreNumbersAndRanges) {
  const ScanPolicy policy = ARule("image: {deniedPorts: [22, \"8000-8100\"]}");
  EXPECT_EQ(Judge(policy, AnImage().Exposes("22/tcp")).verdict, Verdict::kFail);
  EXPECT_EQ(Judge(policy, AnImage().Exposes("8050/udp")).verdict, Verdict::kFail);
  EXPECT_EQ(Judge(policy, AnImage().Exposes("2222/tcp")).verdict, Verdict::kPass);
}

TEST(Trap05, PortZeroIsNoWildcardButAnError) {
  EXPECT_FALSE(
      ParsePolicyYaml("apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: a}\n"
                      "spec: {rules: [{name: r, image: {deniedPorts: [0]}}]}\n"));
}

TEST(Trap04, AnImageWithoutAHistoryIsNoPass) {
  EXPECT_EQ(Judge(ARule("image: {instructions: [{name: ADD}]}"), AnImage().Layers(1)).verdict,
            Verdict::kUnknown);
}

TEST(Trap06, ContinuedLinesAreOne) {
  EXPECT_EQ(Judge(ARule("image: {instructions: [{name: RUN, op: Matches, value: \"**update && "
                        "apt-get install**\"}]}"),
                  AnImage().Step("RUN /bin/sh -c apt-get update && \\\n\tapt-get install curl"))
                .verdict,
            Verdict::kFail);
}

TEST(Trap09, ALicenseIsAnExpressionAndNotWords) {
  const ScanPolicy policy = ARule("licenses: {denied: [GPL-2.0-only, GPL-3.0-only]}");
  const auto verdict = [&](const char* license) {
    return Judge(policy, AnImage().Holds("npm", "a", "1").Licensed({license})).verdict;
  };
  EXPECT_EQ(verdict("GPL-2.0 WITH Classpath-exception-2.0"), Verdict::kPass);
  EXPECT_EQ(verdict("MIT OR GPL-2.0"), Verdict::kPass);
  EXPECT_EQ(verdict("MIT AND GPL-2.0"), Verdict::kFail);
}

TEST(Trap10, VersionsAreComparedWholeWithEpochAndRelease) {
  const ScanPolicy policy =
      ARule("packages: {denied: [{name: vim, type: deb, versions: \"<2:9.0.1378-2\"}]}");
  EXPECT_EQ(Judge(policy, AnImage().Holds("deb", "vim", "2:9.0.1378-1")).verdict, Verdict::kFail);
  EXPECT_EQ(Judge(policy, AnImage().Holds("deb", "vim", "2:9.0.1378-2")).verdict, Verdict::kPass);
}

TEST(Trap10, AnUnreadPackageDatabaseIsNoPass) {
  EXPECT_EQ(Judge(ARule("packages: {denied: [{name: vim}]}"),
                  AnImage().NotRead("dpkg", CoverageState::kFailed, "cut"))
                .verdict,
            Verdict::kUnknown);
}

TEST(Trap11, AFixOfAnUnknownDayIsOldAndOneOfAKnownDayIsAsOldAsItsAdvisory) {
  const ScanPolicy policy = ARule("vulnerabilities: {fixAvailableFor: 30d}");
  const auto verdict = [&](const AFinding& finding) {
    return Judge(policy, AnImage().Has(finding)).verdict;
  };
  EXPECT_EQ(verdict(AFinding("CVE-1").FixedIn("2")), Verdict::kFail);
  EXPECT_EQ(verdict(AFinding("CVE-1").FixedIn("2").FixPublished("2026-11-20")), Verdict::kPass);
  EXPECT_EQ(verdict(AFinding("CVE-1")), Verdict::kPass) << "what has no fix is not late with it";
}

TEST(Trap13, IdsOfViolationsDoNotFollowTheirWords) {
  const ScanPolicy policy = ARule("vulnerabilities: {}");
  const auto a = Judge(policy, AnImage().Has(AFinding("CVE-1").Of(Severity::kLow)));
  const auto b = Judge(policy, AnImage().Has(AFinding("CVE-1").Of(Severity::kHigh).FixedIn("9")));
  EXPECT_NE(a.violations[0].message, b.violations[0].message);
  EXPECT_EQ(a.violations[0].id, b.violations[0].id);
}

}  // namespace
}  // namespace landwaiter::policy
