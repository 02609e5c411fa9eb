// The `vulnerabilities` rule's later fields: whose severity, EPSS, since when, where from, how
// sure.
#include <gtest/gtest.h>

#include "tests/unit/policy/rule_case.h"

namespace landwaiter::policy {
namespace {

INSTANTIATE_TEST_SUITE_P(
    VulnerabilityWords, ContentRuleTest,
    testing::Values(
        RuleCase{"TheVendorsSeverityCounts", "vulnerabilities: {severityAtLeast: High}",
                 AnImage().Has(AFinding("CVE-1")
                                   .Of(Severity::kLow)
                                   .ByNvd(Severity::kCritical)
                                   .Highest(Severity::kCritical)),
                 kPass, ""},
        RuleCase{"TheNvdsSeverityCountsWhenAsked",
                 "vulnerabilities: {severityAtLeast: High, severitySource: NVD}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kLow).ByNvd(Severity::kHigh)), kFail,
                 "CVE-1"},
        RuleCase{"TheNvdsMildWordCountsToo",
                 "vulnerabilities: {severityAtLeast: High, severitySource: NVD}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kHigh).ByNvd(Severity::kLow)), kPass,
                 ""},
        RuleCase{"WithoutAWordOfTheNvdItIsUnknownAndCounts",
                 "vulnerabilities: {severityAtLeast: High, severitySource: NVD}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kLow)), kFail, "CVE-1"},
        RuleCase{"WithoutAWordOfTheNvdItIsIgnoredWhenAsked",
                 "vulnerabilities: {severityAtLeast: High, severitySource: NVD, unknownSeverity: "
                 "Ignore}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kCritical)), kPass, ""},
        RuleCase{"TheHighestCountsWhenAsked",
                 "vulnerabilities: {severityAtLeast: High, severitySource: Highest}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kLow).Highest(Severity::kHigh)),
                 kFail, "CVE-1"},
        RuleCase{"TheHighestIsNeverLowerThanItsOwn",
                 "vulnerabilities: {severityAtLeast: High, severitySource: Highest}",
                 AnImage().Has(AFinding("CVE-1").Of(Severity::kHigh)), kFail, "CVE-1"},
        RuleCase{
            "TheNvdsScoreCountsWhenAsked", "vulnerabilities: {cvssAtLeast: 7, severitySource: NVD}",
            AnImage().Has(AFinding("CVE-1").Scored(9.8).ByNvd(Severity::kMedium, 6.9)), kPass, ""},
        RuleCase{"TheHighestScoreCountsWhenAsked",
                 "vulnerabilities: {cvssAtLeast: 7, severitySource: Highest}",
                 AnImage().Has(AFinding("CVE-1").Scored(5).Highest(Severity::kHigh, 7.0)), kFail,
                 "CVE-1"},
        RuleCase{"AnEpssScoreFires", "vulnerabilities: {epssAtLeast: 0.1}",
                 AnImage().Has(AFinding("CVE-1").Epss(0.1, 0.9)), kFail, "CVE-1"},
        RuleCase{"ALowerEpssScoreDoesNot", "vulnerabilities: {epssAtLeast: 0.1}",
                 AnImage().Has(AFinding("CVE-1").Epss(0.09999, 0.9)), kPass, ""},
        RuleCase{"AnEpssPercentileFires", "vulnerabilities: {epssPercentileAtLeast: 0.95}",
                 AnImage().Has(AFinding("CVE-1").Epss(0.001, 0.95)), kFail, "CVE-1"},
        RuleCase{"ALowerPercentileDoesNot", "vulnerabilities: {epssPercentileAtLeast: 0.95}",
                 AnImage().Has(AFinding("CVE-1").Epss(0.9, 0.94)), kPass, ""},
        RuleCase{"AMissingEpssScoreCounts", "vulnerabilities: {epssAtLeast: 0.1}",
                 AnImage().Has(AFinding("CVE-1")), kFail, "CVE-1"},
        RuleCase{"AMissingEpssScoreIsIgnoredWhenAsked",
                 "vulnerabilities: {epssAtLeast: 0.1, missingEpss: Ignore}",
                 AnImage().Has(AFinding("CVE-1")), kPass, ""},
        RuleCase{"ACpesGuessCountsWhenAsked", "vulnerabilities: {confidence: [Exact, CPE]}",
                 AnImage().Has(AFinding("CVE-1").ByCpe()), kFail, "CVE-1"},
        RuleCase{"CpesGuessesAloneCanBeWarnedOf",
                 "action: Warn, vulnerabilities: {confidence: [CPE]}",
                 AnImage().Has(AFinding("CVE-1").ByCpe()).Has(AFinding("CVE-2")), Verdict::kWarn,
                 "CVE-1"},
        RuleCase{"AnotherPackageTypeNarrows", "vulnerabilities: {packages: {types: [maven, gem]}}",
                 AnImage().Has(AFinding("CVE-1").In("org.example:a", "maven")), kFail,
                 "org.example:a"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    VulnerabilityTimes, ContentRuleTest,
    testing::Values(
        RuleCase{"ANewFixIsLeftItsTime", "vulnerabilities: {fixAvailableFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").FixedIn("4").FixPublished("2026-11-10T12:00:01Z")),
                 kPass, ""},
        RuleCase{"AnOldFixFires", "vulnerabilities: {fixAvailableFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").FixedIn("4").FixPublished("2026-11-10T12:00:00Z")),
                 kFail, "fixed in 4"},
        RuleCase{"AFixOfAnUnknownDayFires", "vulnerabilities: {fixAvailableFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").FixedIn("4")), kFail, "CVE-1"},
        RuleCase{"WithoutAFixNothingIsLate", "vulnerabilities: {fixAvailableFor: 14d}",
                 AnImage().Has(AFinding("CVE-1").Published("2001-01-01T00:00:00Z")), kPass, ""},
        RuleCase{"BothTimesMustBeUp", "vulnerabilities: {fixAvailableFor: 14d, publishedFor: 1d}",
                 AnImage().Has(AFinding("CVE-1")
                                   .FixedIn("4")
                                   .Published("2026-01-01T00:00:00Z")
                                   .FixPublished("2026-11-20T00:00:00Z")),
                 kPass, ""}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    VulnerabilityOrigins, ContentRuleTest,
    testing::Values(
        RuleCase{"TheBasesFindingFires", "vulnerabilities: {origin: Base}",
                 AnImage().On("debian:12", 2).Has(AFinding("CVE-1").InLayer(1)), kFail, "CVE-1"},
        RuleCase{"TheAppsDoesNotFireForTheBase", "vulnerabilities: {origin: Base}",
                 AnImage().On("debian:12", 2).Has(AFinding("CVE-1").InLayer(2)), kPass, ""},
        RuleCase{"TheAppsFindingFires", "vulnerabilities: {origin: App}",
                 AnImage().On("debian:12", 2).Has(AFinding("CVE-1").InLayer(2)), kFail, "CVE-1"},
        RuleCase{"TheBasesDoesNotFireForTheApp", "vulnerabilities: {origin: App}",
                 AnImage().On("debian:12", 2).Has(AFinding("CVE-1").InLayer(0)), kPass, ""},
        RuleCase{"WithoutABaseItIsOpen", "vulnerabilities: {origin: App}",
                 AnImage().Has(AFinding("CVE-1").InLayer(0)), kOpen,
                 "origin: the base image is not known (1 finding undecided)"},
        RuleCase{"OfAnUnknownLayerItIsOpen", "vulnerabilities: {origin: App}",
                 AnImage().On("debian:12", 2).Has(AFinding("CVE-1")), kOpen, "origin"},
        RuleCase{"AnyOriginNeedsNoBase", "vulnerabilities: {origin: Any}",
                 AnImage().Has(AFinding("CVE-1").InLayer(0)), kFail, "CVE-1"}),
    CaseName);

struct ComingCase {
  const char* name;
  const char* rule;
  AnImage image;
  const char* from;  // "" where nothing comes
};

TEST(ComingDue, IsToldOfRulesThatOnlyTimeHoldsBack) {
  const auto published = [](const char* id, const char* when) {
    return AFinding(id).Published(when).FixedIn("4").FixPublished(when);
  };
  const ComingCase cases[] = {
      {"what is left time fires when it is up", "vulnerabilities: {publishedFor: 14d}",
       AnImage().Has(published("CVE-1", "2026-11-20T00:00:00Z")), "2026-12-04T00:00:00Z"},
      {"the first of several counts", "vulnerabilities: {publishedFor: 14d}",
       AnImage()
           .Has(published("CVE-1", "2026-11-22T00:00:00Z"))
           .Has(published("CVE-2", "2026-11-20T00:00:00Z")),
       "2026-12-04T00:00:00Z"},
      {"with maxCount the one that is too many",
       "vulnerabilities: {publishedFor: 14d, maxCount: 1}",
       AnImage()
           .Has(published("CVE-1", "2026-11-22T00:00:00Z"))
           .Has(published("CVE-2", "2026-11-20T00:00:00Z")),
       "2026-12-06T00:00:00Z"},
      {"as many as maxCount never fire", "vulnerabilities: {publishedFor: 14d, maxCount: 2}",
       AnImage()
           .Has(published("CVE-1", "2026-11-22T00:00:00Z"))
           .Has(published("CVE-2", "2026-11-20T00:00:00Z")),
       ""},
      {"the later of two times", "vulnerabilities: {publishedFor: 14d, fixAvailableFor: 30d}",
       AnImage().Has(published("CVE-1", "2026-11-20T00:00:00Z")), "2026-12-20T00:00:00Z"},
      {"what does not meet the rest never comes",
       "vulnerabilities: {publishedFor: 14d, severityAtLeast: High}",
       AnImage().Has(published("CVE-1", "2026-11-20T00:00:00Z").Of(Severity::kLow)), ""},
      {"what fires already has nothing to come", "vulnerabilities: {publishedFor: 14d}",
       AnImage()
           .Has(published("CVE-1", "2026-11-20T00:00:00Z"))
           .Has(published("CVE-2", "2020-01-01T00:00:00Z")),
       ""},
  };
  for (const ComingCase& c : cases) {
    SCOPED_TRACE(c.name);
    const PolicyVerdict verdict = Judge(ARule(c.rule), c.image);
    ASSERT_EQ(verdict.coming.size(), c.from[0] == '\0' ? 0u : 1u);
    if (verdict.coming.empty()) continue;
    EXPECT_EQ(verdict.verdict, Verdict::kPass) << Messages(verdict);
    EXPECT_EQ(verdict.coming[0].rule, "rule");
    EXPECT_EQ(verdict.coming[0].from, c.from);
    EXPECT_TRUE(verdict.coming[0].fails);
    EXPECT_NE(verdict.coming[0].message.find("CVE-"), std::string::npos);
  }
}

TEST(ComingDue, HoldsOnTheVeryMomentThatIsTold) {
  const ScanPolicy policy = ARule("vulnerabilities: {publishedFor: 14d}");
  const AnImage image = AnImage().Has(AFinding("CVE-1").Published("2026-11-20T08:30:00Z"));
  const TimePoint from = At(Judge(policy, image).coming.at(0).from);
  const auto at = [&](TimePoint now) { return EvaluateContent(policy, image.Input(), now); };
  EXPECT_EQ(at(from - std::chrono::seconds(1)).verdict, Verdict::kPass);
  EXPECT_EQ(at(from).verdict, Verdict::kFail);
}

TEST(ComingDue, IsNotToldOfWhatAnExceptionExcuses) {
  const ScanPolicy policy = APolicy(
      "  rules:\n  - {name: rule, vulnerabilities: {publishedFor: 14d}}\n"
      "  exceptions:\n  - {ids: [CVE-1], until: \"2027-01-31\", reason: known}\n");
  const AnImage image = AnImage().Has(AFinding("CVE-1").Published("2026-11-20T00:00:00Z"));
  EXPECT_TRUE(Judge(policy, image).coming.empty());
}

}  // namespace
}  // namespace landwaiter::policy
