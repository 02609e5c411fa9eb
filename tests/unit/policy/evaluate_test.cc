#include "policy/evaluate.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

constexpr char kAnyFinding[] = "  rules: [{name: none, vulnerabilities: {}}]\n";

TEST(Evaluate, ViolationsHaveStableIdsWhateverTheMessage) {
  AnImage image;
  Finding finding = AFinding("CVE-1");
  finding.purl = "pkg:deb/debian/openssl@3.0.1-1";
  image.Has(finding);
  const auto verdict = Judge(APolicy(kAnyFinding), image);
  ASSERT_EQ(verdict.violations.size(), 1u);
  EXPECT_EQ(verdict.violations[0].id,
            "vulnerabilities|CVE-1|pkg:deb/debian/openssl@3.0.1-1|var/lib/dpkg/status");
  EXPECT_EQ(verdict.violations[0].rule, "none");
  EXPECT_EQ(verdict.violations[0].subject, "CVE-1");
}

TEST(Evaluate, ViolationsAreWorstFirstAndFailuresBeforeWarnings) {
  const ScanPolicy policy = APolicy(
      "  rules:\n"
      "  - {name: warns, action: Warn, image: {healthcheckRequired: true}}\n"
      "  - {name: fails, vulnerabilities: {}}\n");
  const auto verdict = Judge(policy, AnImage()
                                         .Has(AFinding("CVE-1").Of(Severity::kLow))
                                         .Has(AFinding("CVE-2").Of(Severity::kCritical)));
  ASSERT_EQ(verdict.violations.size(), 3u);
  EXPECT_EQ(verdict.violations[0].subject, "CVE-2");
  EXPECT_EQ(verdict.violations[1].subject, "CVE-1");
  EXPECT_EQ(verdict.violations[2].subject, "HEALTHCHECK");
}

TEST(Evaluate, OneViolationOnTwoPlatformsIsOneAndNamesNeither) {
  AnImage amd = AnImage().Has(AFinding("CVE-1"));
  AnImage arm = AnImage().Has(AFinding("CVE-1")).Has(AFinding("CVE-2"));
  arm.inventory.platform = {"linux", "arm64"};
  ContentInput input = amd.Input();
  input.platforms.push_back(arm.Input().platforms[0]);
  const auto verdict = EvaluateContent(APolicy(kAnyFinding), input, kNow);
  ASSERT_EQ(verdict.violations.size(), 2u);
  EXPECT_EQ(verdict.violations[0].message.find("linux"), std::string::npos);
  EXPECT_NE(verdict.violations[1].message.find("(linux/arm64)"), std::string::npos);
}

TEST(Evaluate, MaxCountIsCountedPerPlatform) {
  AnImage amd = AnImage().Has(AFinding("CVE-1"));
  AnImage arm = AnImage().Has(AFinding("CVE-2"));
  arm.inventory.platform = {"linux", "arm64"};
  ContentInput input = amd.Input();
  input.platforms.push_back(arm.Input().platforms[0]);
  const ScanPolicy policy = ARule("vulnerabilities: {maxCount: 1}");
  EXPECT_EQ(EvaluateContent(policy, input, kNow).verdict, Verdict::kPass);
}

TEST(Evaluate, NoPlatformIsUnknownNeverAPass) {
  const auto verdict = EvaluateContent(APolicy(kAnyFinding), ContentInput{}, kNow);
  EXPECT_EQ(verdict.verdict, Verdict::kUnknown);
  EXPECT_NE(Messages(verdict).find("no platform"), std::string::npos);
}

TEST(Evaluate, UnmatchedPackagesAreUnknownNeverAPass) {
  AnImage image;
  ContentInput input = image.Input();
  input.platforms[0].findings = nullptr;
  EXPECT_EQ(EvaluateContent(APolicy(kAnyFinding), input, kNow).verdict, Verdict::kUnknown);
}

// Admission pitfall 76.
// Pitfall 145.
TEST(Evaluate, AnOldDatabaseLeavesVulnerabilityRulesOpen) {
  const ScanPolicy policy = APolicy("  maxDatabaseAge: 72h\n" + std::string(kAnyFinding));
  const auto built = [&](std::optional<TimePoint> time) {
    return Judge(policy, AnImage().DatabaseBuilt(time));
  };
  EXPECT_EQ(built(kNow - std::chrono::hours(72)).verdict, Verdict::kPass);
  EXPECT_EQ(built(kNow - std::chrono::hours(73)).verdict, Verdict::kUnknown);
  EXPECT_NE(Messages(built(kNow - std::chrono::hours(240))).find("10d old"), std::string::npos);
  EXPECT_EQ(built(std::nullopt).verdict, Verdict::kUnknown);
  EXPECT_EQ(built(kNow + std::chrono::hours(24)).verdict, Verdict::kPass) << "clocks differ";
  const auto ahead = built(kNow + std::chrono::hours(25));
  EXPECT_EQ(ahead.verdict, Verdict::kUnknown);
  EXPECT_NE(Messages(ahead).find("a time to come"), std::string::npos) << Messages(ahead);
}

TEST(Evaluate, AnOldDatabaseDoesNotTouchRulesThatDoNotAskIt) {
  const ScanPolicy policy =
      APolicy("  maxDatabaseAge: 72h\n  rules: [{name: root, image: {runsAsRoot: true}}]\n");
  EXPECT_EQ(Judge(policy, AnImage().DatabaseBuilt(std::nullopt)).verdict, Verdict::kPass);
}

TEST(Evaluate, AWarningWithAnOpenRuleIsUnknown) {
  const ScanPolicy policy = APolicy(
      "  rules:\n"
      "  - {name: a, action: Warn, image: {healthcheckRequired: true}}\n"
      "  - {name: b, vulnerabilities: {}}\n");
  const auto verdict = Judge(policy, AnImage().NotRead("dpkg", CoverageState::kFailed, "cut"));
  EXPECT_EQ(verdict.verdict, Verdict::kUnknown);
  EXPECT_EQ(verdict.violations.size(), 1u);
}

TEST(Evaluate, ManyReasonsAreCutAndCounted) {
  AnImage image;
  for (int i = 0; i < 1000; ++i) image.Holds("npm", "p" + std::to_string(i), "no version");
  const auto verdict =
      Judge(ARule("packages: {denied: [{name: \"*\", type: npm, versions: \"<1\"}]}"), image);
  EXPECT_EQ(verdict.verdict, Verdict::kUnknown);
  ASSERT_EQ(verdict.unknown.size(), 33u);
  EXPECT_EQ(verdict.unknown.back(), "and 968 more reasons");
}

TEST(Evaluate, WhatAnAuthorWroteReachesNoTerminal) {
  AnImage image;
  image.Has(AFinding("CVE-1\x1b[2J").In("evil\nname"));
  const std::string messages = Messages(Judge(APolicy(kAnyFinding), image));
  EXPECT_EQ(messages.find('\x1b'), std::string::npos);
  EXPECT_NE(messages.find("evil?name"), std::string::npos);
}

TEST(Combine, TakesTheWorseAndKeepsBoth) {
  const ScanPolicy policy = APolicy(
      "  rules:\n"
      "  - {name: tag, action: Warn, reference: {deniedTags: [latest]}}\n"
      "  - {name: none, vulnerabilities: {}}\n");
  const auto content = Judge(policy, AnImage().Has(AFinding("CVE-1")));
  const auto reference = EvaluateReference(policy, *ImageReference::Parse("nginx"), "", kNow);
  const auto both = Combine(reference, content);
  EXPECT_EQ(both.verdict, Verdict::kFail);
  ASSERT_EQ(both.violations.size(), 2u);
  EXPECT_EQ(both.violations[0].rule, "none");
}

struct AnswerCase {
  const char* name;
  const char* spec;
  Verdict verdict;
  Action answer;
};
class AnswerTest : public testing::TestWithParam<AnswerCase> {};
TEST_P(AnswerTest, FollowsEnforcement) {
  const ScanPolicy policy = APolicy(std::string(GetParam().spec) + kAnyFinding);
  EXPECT_EQ(ActionName(AnswerTo(policy, GetParam().verdict)), ActionName(GetParam().answer));
}
INSTANTIATE_TEST_SUITE_P(
    Table, AnswerTest,
    testing::Values(
        AnswerCase{"EnforceDeniesAFail", "", Verdict::kFail, Action::kDeny},
        AnswerCase{"EnforceWarnsOfAWarn", "", Verdict::kWarn, Action::kWarn},
        AnswerCase{"EnforceAllowsAPass", "", Verdict::kPass, Action::kAllow},
        AnswerCase{"UnknownIsDeniedByDefault", "", Verdict::kUnknown, Action::kDeny},
        AnswerCase{"UnknownGoesByOnIncomplete", "  onIncomplete: Warn\n", Verdict::kUnknown,
                   Action::kWarn},
        AnswerCase{"UnknownMayBeAllowed", "  onIncomplete: Allow\n", Verdict::kUnknown,
                   Action::kAllow},
        AnswerCase{"WarnSoftensAFail", "  enforcement: Warn\n", Verdict::kFail, Action::kWarn},
        AnswerCase{"WarnSoftensUnknown", "  enforcement: Warn\n", Verdict::kUnknown, Action::kWarn},
        AnswerCase{"AuditAllowsAFail", "  enforcement: Audit\n", Verdict::kFail, Action::kAllow},
        AnswerCase{"AuditAllowsUnknown", "  enforcement: Audit\n", Verdict::kUnknown,
                   Action::kAllow}),
    [](const auto& info) { return info.param.name; });

TEST(AnswerUnscanned, FollowsOnUnscannedAndEnforcement) {
  EXPECT_EQ(AnswerUnscanned(APolicy(kAnyFinding)), Action::kDeny);
  EXPECT_EQ(AnswerUnscanned(APolicy("  onUnscanned: Allow\n" + std::string(kAnyFinding))),
            Action::kAllow);
  EXPECT_EQ(AnswerUnscanned(APolicy("  enforcement: Warn\n" + std::string(kAnyFinding))),
            Action::kWarn);
}

TEST(NeedsDatabase, IsTrueForVulnerabilityRulesAlone) {
  EXPECT_TRUE(NeedsDatabase(APolicy(kAnyFinding)));
  EXPECT_FALSE(NeedsDatabase(ARule("image: {runsAsRoot: true}")));
  EXPECT_FALSE(NeedsDatabase(ARule("packages: {denied: [{name: telnet}]}")));
  EXPECT_FALSE(NeedsDatabase(ARule("reference: {digestRequired: true}")));
}

TEST(NeedsScan, IsFalseForReferenceRulesAlone) {
  EXPECT_FALSE(NeedsScan(ARule("reference: {digestRequired: true}")));
  EXPECT_TRUE(NeedsScan(APolicy(kAnyFinding)));
}

struct NamespaceCase {
  const char* name;
  const char* selector;
  std::map<std::string, std::string> labels;
  bool matches;
};
class NamespaceTest : public testing::TestWithParam<NamespaceCase> {};
TEST_P(NamespaceTest, IsSelectedAsKubernetesDoes) {
  const ScanPolicy policy = APolicy(
      "  match: {namespaceSelector: " + std::string(GetParam().selector) + "}\n" + kAnyFinding);
  EXPECT_EQ(MatchesNamespace(policy, GetParam().labels), GetParam().matches);
}
INSTANTIATE_TEST_SUITE_P(
    Table, NamespaceTest,
    testing::Values(
        NamespaceCase{"NothingAskedIsEverything", "{}", {}, true},
        NamespaceCase{"ALabelMatches", "{matchLabels: {a: b}}", {{"a", "b"}}, true},
        NamespaceCase{"ALabelDiffers", "{matchLabels: {a: b}}", {{"a", "c"}}, false},
        NamespaceCase{"ALabelIsMissing", "{matchLabels: {a: b}}", {}, false},
        NamespaceCase{"InTakesOneOf",
                      "{matchExpressions: [{key: a, operator: In, values: [b, c]}]}",
                      {{"a", "c"}},
                      true},
        NamespaceCase{"InNeedsTheKey",
                      "{matchExpressions: [{key: a, operator: In, values: [b]}]}",
                      {},
                      false},
        NamespaceCase{"NotInTakesOthers",
                      "{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
                      {{"a", "c"}},
                      true},
        NamespaceCase{"NotInTakesWhatLacksTheKey",
                      "{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
                      {},
                      true},
        NamespaceCase{"NotInLeavesOneOf",
                      "{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
                      {{"a", "b"}},
                      false},
        NamespaceCase{
            "Exists", "{matchExpressions: [{key: a, operator: Exists}]}", {{"a", ""}}, true},
        NamespaceCase{"DoesNotExist",
                      "{matchExpressions: [{key: a, operator: DoesNotExist}]}",
                      {{"a", ""}},
                      false},
        NamespaceCase{"AllMustHold",
                      "{matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}",
                      {{"a", "b"}},
                      false}),
    [](const auto& info) { return info.param.name; });

TEST(MatchesImage, LeavesOutWhatIsExcluded) {
  const ScanPolicy policy = APolicy(
      "  match: {images: [\"r.io/**\"], excludeImages: [\"r.io/pause:*\", \"r.io/tool:1\"]}\n" +
      std::string(kAnyFinding));
  const auto matches = [&](const std::string& reference) {
    return MatchesImage(policy, *ImageReference::Parse(reference));
  };
  const std::string pinned = "@sha256:" + std::string(64, 'a');
  EXPECT_TRUE(matches("r.io/a:1"));
  EXPECT_FALSE(matches("s.io/a:1"));
  EXPECT_FALSE(matches("r.io/pause:3.9"));
  EXPECT_FALSE(matches("r.io/pause" + pinned));
  EXPECT_FALSE(matches("r.io/tool:1"));
  EXPECT_TRUE(matches("r.io/tool:1" + pinned)) << "a tag beside a digest excludes nothing";
}

TEST(MatchesImage, APolicyForSomeTagsHoldsForADigestToo) {
  const ScanPolicy policy =
      APolicy("  match: {images: [\"r.io/a:prod-*\"]}\n" + std::string(kAnyFinding));
  EXPECT_FALSE(MatchesImage(policy, *ImageReference::Parse("r.io/a:dev")));
  EXPECT_TRUE(
      MatchesImage(policy, *ImageReference::Parse("r.io/a@sha256:" + std::string(64, 'a'))));
}

TEST(Evaluate, ViolationsNameTheControlsOfTheirRule) {
  const ScanPolicy policy = APolicy(
      "  rules:\n  - {name: root, controls: [CIS Docker 4.1, NIST SP 800-190 4.1.2], image: "
      "{runsAsRoot: true}}\n");
  const auto verdict = Judge(policy, AnImage().User("", std::nullopt));
  ASSERT_EQ(verdict.violations.size(), 1u);
  EXPECT_EQ(verdict.violations[0].message,
            "runs as root: no USER is set (uid 0) [CIS Docker 4.1, NIST SP 800-190 4.1.2]");
  EXPECT_EQ(verdict.violations[0].id, "image|USER||") << "the same with and without controls";
}

}  // namespace
}  // namespace landwaiter::policy
