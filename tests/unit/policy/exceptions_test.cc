#include <gtest/gtest.h>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

ScanPolicy Excepting(const std::string& exception,
                     const std::string& rule = "{name: none, vulnerabilities: {}}") {
  return APolicy("  rules:\n  - " + rule + "\n  exceptions:\n  - {" + exception +
                 ", reason: ticket SEC-12}\n");
}

struct ExceptionCase {
  const char* name;
  const char* exception;
  AnImage image;
  Verdict verdict;
};
class ExceptionTest : public testing::TestWithParam<ExceptionCase> {};
TEST_P(ExceptionTest, Excuses) {
  const auto verdict = Judge(Excepting(GetParam().exception), GetParam().image);
  EXPECT_EQ(VerdictName(verdict.verdict), VerdictName(GetParam().verdict)) << Messages(verdict);
  EXPECT_EQ(verdict.exceptions_used.empty(), GetParam().verdict == Verdict::kFail);
}

AnImage Vulnerable() {
  return AnImage().Has(AFinding("CVE-1").In("libssl3").From("openssl").Alias("GHSA-1"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ExceptionTest,
    testing::Values(
        ExceptionCase{"ById", "ids: [CVE-1], until: 2027-01-31", Vulnerable(), Verdict::kPass},
        ExceptionCase{"ByAlias", "ids: [ghsa-1], until: 2027-01-31", Vulnerable(), Verdict::kPass},
        ExceptionCase{"NotByAnotherId", "ids: [CVE-2], until: 2027-01-31", Vulnerable(),
                      Verdict::kFail},
        ExceptionCase{"ByPackage", "packages: [libssl3], until: 2027-01-31", Vulnerable(),
                      Verdict::kPass},
        ExceptionCase{"BySourcePackage", "packages: [openssl], until: 2027-01-31", Vulnerable(),
                      Verdict::kPass},
        ExceptionCase{"ByIdAndPackageTogether",
                      "ids: [CVE-1], packages: [openssl], until: 2027-01-31", Vulnerable(),
                      Verdict::kPass},
        ExceptionCase{"NotByIdInAnotherPackage",
                      "ids: [CVE-1], packages: [zlib], until: 2027-01-31", Vulnerable(),
                      Verdict::kFail},
        ExceptionCase{"ByRule", "rules: [none], until: 2027-01-31", Vulnerable(), Verdict::kPass},
        ExceptionCase{"ByImageWhenAllReferencesMatch",
                      "ids: [CVE-1], images: [\"shop/**\"], until: 2027-01-31",
                      Vulnerable().KnownAs("r.io/shop/cart:1").KnownAs("r.io/shop/cart:2"),
                      Verdict::kPass},
        ExceptionCase{"NotByImageWhenOneReferenceDoesNot",
                      "ids: [CVE-1], images: [\"shop/**\"], until: 2027-01-31",
                      Vulnerable().KnownAs("r.io/shop/cart:1").KnownAs("r.io/bank/cart:1"),
                      Verdict::kFail},
        ExceptionCase{"NotByImageWhenNoReferenceIsKnown",
                      "ids: [CVE-1], images: [\"shop/**\"], until: 2027-01-31", Vulnerable(),
                      Verdict::kFail},
        ExceptionCase{"UntilTheEndOfItsLastDay", "ids: [CVE-1], until: 2026-11-24", Vulnerable(),
                      Verdict::kPass},
        // Admission pitfall 78.
        ExceptionCase{"NotAfterItsLastDay", "ids: [CVE-1], until: 2026-11-23", Vulnerable(),
                      Verdict::kFail},
        ExceptionCase{"NotFromItsMomentOn", "ids: [CVE-1], until: \"2026-11-24T12:00:00Z\"",
                      Vulnerable(), Verdict::kFail},
        ExceptionCase{"UntilItsMoment", "ids: [CVE-1], until: \"2026-11-24T12:00:01Z\"",
                      Vulnerable(), Verdict::kPass}),
    [](const auto& info) { return info.param.name; });

TEST(Exception, OfIdsDoesNotExcuseOtherKinds) {
  const ScanPolicy policy =
      Excepting("ids: [CVE-1], until: 2027-01-31", "{name: root, image: {runsAsRoot: true}}");
  EXPECT_EQ(Judge(policy, AnImage().User("", std::nullopt)).verdict, Verdict::kFail);
}

TEST(Exception, OfAPackageExcusesADeniedPackage) {
  const ScanPolicy policy = Excepting("packages: [telnet], until: 2027-01-31",
                                      "{name: p, packages: {denied: [{name: \"telnet*\"}]}}");
  EXPECT_EQ(Judge(policy, AnImage().Holds("deb", "telnet", "1")).verdict, Verdict::kPass);
  EXPECT_EQ(Judge(policy, AnImage().Holds("deb", "telnetd", "1")).verdict, Verdict::kFail);
}

TEST(Exception, OfARuleExcusesWhatCannotBeDecidedToo) {
  const ScanPolicy policy = Excepting("rules: [none], until: 2027-01-31");
  EXPECT_EQ(Judge(policy, AnImage().NotRead("dpkg", CoverageState::kFailed, "cut")).verdict,
            Verdict::kPass);
}

TEST(Exception, OfARuleExcusesAReference) {
  const ScanPolicy policy =
      Excepting("rules: [tags], images: [\"r.io/shop/**\"], until: 2027-01-31",
                "{name: tags, reference: {deniedTags: [latest]}}");
  const auto judge = [&](std::string_view reference) {
    return EvaluateReference(policy, *ImageReference::Parse(reference), "", kNow).verdict;
  };
  EXPECT_EQ(judge("r.io/shop/a:latest"), Verdict::kPass);
  EXPECT_EQ(judge("r.io/bank/a:latest"), Verdict::kFail);
}

struct ByNameCase {
  const char* name;
  std::vector<const char*> exceptions;
  /// Verdicts and what they rest on, in their order: "Fail; Pass 0".
  const char* expected;
};
class ByNameTest : public testing::TestWithParam<ByNameCase> {};
TEST_P(ByNameTest, JudgesEachSetOfExceptionsThatMatters) {
  std::string spec = "  rules:\n  - {name: none, vulnerabilities: {}}\n  exceptions:\n";
  for (const char* exception : GetParam().exceptions) {
    spec += "  - {" + std::string(exception) + ", until: 2027-01-31, reason: r}\n";
  }
  const AnImage image = AnImage().Has(AFinding("CVE-1")).Has(AFinding("CVE-2"));
  std::string got;
  for (const auto& verdict : EvaluateContentByName(APolicy(spec), image.Input(), kNow)) {
    got += (got.empty() ? "" : "; ") + std::string(VerdictName(verdict.verdict));
    for (const std::size_t index : verdict.exceptions_applied) got += " " + std::to_string(index);
  }
  EXPECT_EQ(got, GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    Table, ByNameTest,
    testing::Values(
        ByNameCase{"ForAllImages", {"ids: [CVE-1, CVE-2]"}, "Pass 0"},
        ByNameCase{"ForSomeImages", {"ids: [CVE-1, CVE-2], images: [a/**]"}, "Fail; Pass 0"},
        ByNameCase{"ForOtherVulnerabilities", {"ids: [CVE-3], images: [a/**]"}, "Fail"},
        ByNameCase{"BothKindsTogether",
                   {"ids: [CVE-1]", "ids: [CVE-2], images: [a/**]"},
                   "Fail 0; Pass 0 1"},
        ByNameCase{"TwoThatAreNeededTogether",
                   {"ids: [CVE-1], images: [a/**]", "ids: [CVE-2], images: [a/b]"},
                   "Fail; Pass 0 1; Fail 0; Fail 1"},
        ByNameCase{"AWholeRuleForOneAndAFindingForAnother",
                   {"rules: [none], images: [a/**]", "ids: [CVE-1, CVE-2], images: [b/**]"},
                   "Fail; Pass 0; Pass 1"}),
    [](const auto& info) { return info.param.name; });

// Admission pitfall 78.
TEST(Exception, HoldsForItsNamesUntilItsEnd) {
  const ScanPolicy policy =
      Excepting("ids: [CVE-1], images: [\"r.io/shop/**\"], until: 2027-01-31");
  const auto holds = [&](std::vector<std::size_t> exceptions, std::string_view reference,
                         TimePoint now) {
    return HoldsFor(policy, exceptions, *ImageReference::Parse(reference), "", now);
  };
  EXPECT_TRUE(holds({0}, "r.io/shop/cart:1", kNow));
  EXPECT_FALSE(holds({0}, "r.io/bank/cart:1", kNow));
  EXPECT_FALSE(holds({0}, "r.io/shop/cart:1", At("2027-03-01T00:00:00Z")));
  EXPECT_FALSE(holds({1}, "r.io/shop/cart:1", kNow)) << "the policy has no such exception";
  EXPECT_TRUE(holds({}, "r.io/bank/cart:1", kNow));
}

TEST(Exception, IsCountedBeforeMaxCount) {
  const ScanPolicy policy =
      Excepting("ids: [CVE-1], until: 2027-01-31", "{name: none, vulnerabilities: {maxCount: 1}}");
  EXPECT_EQ(Judge(policy, AnImage().Has(AFinding("CVE-1")).Has(AFinding("CVE-2"))).verdict,
            Verdict::kPass);
}

TEST(Exception, SaysWhatItExcusedUntilWhenAndWhy) {
  const auto verdict = Judge(Excepting("ids: [CVE-1], until: 2027-01-31"), Vulnerable());
  EXPECT_EQ(verdict.exceptions_used,
            std::vector<std::string>{"CVE-1 until 2027-01-31: ticket SEC-12"});
  EXPECT_TRUE(verdict.exceptions_ending.empty());
}

struct EndingCase {
  const char* name;
  const char* until;
  bool announced;
};
class EndingTest : public testing::TestWithParam<EndingCase> {};
TEST_P(EndingTest, IsAnnouncedTwoWeeksBeforeAndAfter) {
  const ScanPolicy policy = Excepting("ids: [CVE-1], until: " + std::string(GetParam().until));
  EXPECT_EQ(!EndingExceptions(policy, kNow).empty(), GetParam().announced);
  EXPECT_EQ(!Judge(policy, Vulnerable()).exceptions_ending.empty(), GetParam().announced);
  EXPECT_TRUE(Judge(policy, AnImage()).exceptions_ending.empty()) << "it excuses nothing here";
}
INSTANTIATE_TEST_SUITE_P(Table, EndingTest,
                         testing::Values(EndingCase{"FifteenDaysBefore", "2026-12-09", false},
                                         EndingCase{"ThirteenDaysBefore", "2026-12-07", true},
                                         EndingCase{"OnItsLastDay", "2026-11-24", true},
                                         EndingCase{"TheDayAfter", "2026-11-23", true},
                                         EndingCase{"ThirteenDaysAfter", "2026-11-10", true},
                                         EndingCase{"FifteenDaysAfter", "2026-11-08", false}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::policy
