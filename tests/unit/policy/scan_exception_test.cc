// A team's own exceptions: what a policy takes of them, and where they then count.
#include "policy/scan_exception.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

json Object(const json& spec, const std::string& ns = "shop", const std::string& name = "e") {
  json whole = {{"until", "2026-12-31"}, {"reason", "not reachable"}};
  whole.update(spec);
  return {{"apiVersion", "landwaiter.io/v1alpha1"},
          {"kind", "ScanException"},
          {"metadata",
           {{"name", name},
            {"namespace", ns},
            {"uid", "u-" + name},
            {"generation", 2},
            {"creationTimestamp", "2026-11-20T00:00:00Z"}}},
          {"spec", whole}};
}

ScanException ReadOne(const json& object) {
  auto read = ScanExceptionFromJson(object.dump(), kNow);
  EXPECT_TRUE(read) << read.error().message;
  return read ? *std::move(read) : ScanException{};
}

ScanPolicy Taking(const std::string& allow) {
  return APolicy(
      "  rules:\n  - {name: none, vulnerabilities: {}}\n  - {name: root, image: {runsAsRoot: "
      "true}}\n" +
      (allow.empty() ? "" : "  allowExceptions: {" + allow + "}\n"));
}

struct TakenCase {
  const char* name;
  const char* allow;  // "" for a policy without allowExceptions
  const char* spec;
  const char* why_not;  // "" where it is taken
};
void PrintTo(const TakenCase& one, std::ostream* out) { *out << one.name; }
class Taken : public testing::TestWithParam<TakenCase> {};
TEST_P(Taken, AsFarAsThePolicyAllows) {
  const auto taken =
      TakenBy(Taking(GetParam().allow), ReadOne(Object(json::parse(GetParam().spec))));
  const std::string why_not = GetParam().why_not;
  EXPECT_EQ(taken.has_value(), why_not.empty());
  if (taken) return;
  EXPECT_NE(taken.error().message.find(why_not), std::string::npos) << taken.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    Table, Taken,
    testing::Values(
        TakenCase{"NotWithoutAllowExceptions", "", R"({"ids":["CVE-1"]})",
                  "has no allowExceptions"},
        TakenCase{"AnyIdWhereNothingIsSaid", "for: 90d", R"({"ids":["CVE-1"]})", ""},
        TakenCase{"ForAsLongAsAllowed", "for: 42d", R"({"ids":["CVE-1"]})", ""},
        TakenCase{"NotForLonger", "for: 30d", R"({"ids":["CVE-1"]})",
                  "at most 720h from its creation, that is until 2026-12-20"},
        TakenCase{"NotForLongerThan90DaysUnwritten", "approvalRequired: false",
                  R"({"ids":["CVE-1"],"until":"2027-06-01"})", "at most 2160h"},
        TakenCase{"NotWithoutApproval", "approvalRequired: true", R"({"ids":["CVE-1"]})",
                  "only what has approvedBy"},
        TakenCase{"WithApproval", "approvalRequired: true",
                  R"({"ids":["CVE-1"],"approvedBy":"sec@example.com"})", ""},
        TakenCase{"AboutARuleThatIsAllowed", "rules: [none]", R"({"rules":["none"]})", ""},
        TakenCase{"NotAboutAnotherRule", "rules: [none]", R"({"rules":["root"]})",
                  "none about these rules"},
        TakenCase{"NotAboutARuleThatIsNotThere", "for: 90d", R"({"rules":["other"]})",
                  "none about these rules"},
        TakenCase{"AWholeRuleThatIsNotAboutFindings", "severityAtMost: Medium",
                  R"({"rules":["root"]})", ""},
        TakenCase{"NotAWholeRuleAboutFindingsWithABound", "severityAtMost: Medium",
                  R"({"rules":["none"]})", "write ids or packages"},
        TakenCase{"NotOneThatCannotBeRead", "for: 90d", R"({"until":"soon","ids":["CVE-1"]})",
                  "spec.until"},
        TakenCase{"NotOneThatExcusesEverything", "for: 90d", R"({})", "excuses everything"}),
    [](const auto& info) { return std::string(info.param.name); });

Verdict In(const ScanPolicy& policy, const std::string& ns, const AnImage& image) {
  ContentInput input = image.Input();
  if (!ns.empty()) input.namespaces = {ns};
  return EvaluateContent(policy, input, kNow).verdict;
}

TEST(ScanExceptions, CountInTheirNamespaceAlone) {
  const ScanPolicy policy =
      WithScanExceptions(Taking("for: 90d"), {ReadOne(Object({{"ids", {"CVE-1"}}}))});
  const AnImage image = AnImage().Has(AFinding("CVE-1"));
  EXPECT_EQ(In(policy, "shop", image), Verdict::kPass);
  EXPECT_EQ(In(policy, "bank", image), Verdict::kFail);
  EXPECT_EQ(In(policy, "", image), Verdict::kFail) << "nobody knows where it is to run";
}

TEST(ScanExceptions, ExcuseNoRuleThatThePolicyKeeps) {
  const ScanPolicy policy =
      WithScanExceptions(Taking("rules: [root]"), {ReadOne(Object({{"ids", {"CVE-1"}}}))});
  EXPECT_EQ(In(policy, "shop", AnImage().Has(AFinding("CVE-1"))), Verdict::kFail);
}

struct BoundCase {
  Severity severity;
  Verdict verdict;
};
TEST(ScanExceptions, ExcuseNothingAboveTheBoundNorOfUnknownSeverity) {
  const ScanPolicy policy = WithScanExceptions(Taking("severityAtMost: Medium"),
                                               {ReadOne(Object({{"packages", {"openssl"}}}))});
  constexpr BoundCase kCases[] = {{Severity::kLow, Verdict::kPass},
                                  {Severity::kMedium, Verdict::kPass},
                                  {Severity::kHigh, Verdict::kFail},
                                  {Severity::kUnknown, Verdict::kFail}};
  for (const BoundCase& one : kCases) {
    const AnImage image = AnImage().Has(AFinding("CVE-1").Of(one.severity));
    EXPECT_EQ(In(policy, "shop", image), one.verdict) << SeverityName(one.severity);
  }
}

TEST(ScanExceptions, AreBoundByTheSeverityThatTheRuleGoesBy) {
  const auto by = [](const std::string& source) {
    return APolicy(
        "  rules: [{name: none, vulnerabilities: {severityAtLeast: Low, "
        "severitySource: " +
        source +
        "}}]\n"
        "  allowExceptions: {severityAtMost: Medium}\n");
  };
  AFinding finding = AFinding("CVE-1").Of(Severity::kLow);
  finding.finding.nvd_severity = finding.finding.highest_severity = Severity::kCritical;
  const std::vector<ScanException> exceptions = {ReadOne(Object({{"packages", {"openssl"}}}))};
  const AnImage image = AnImage().Has(finding);
  EXPECT_EQ(In(WithScanExceptions(by("Vendor"), exceptions), "shop", image), Verdict::kPass);
  EXPECT_EQ(In(WithScanExceptions(by("NVD"), exceptions), "shop", image), Verdict::kFail);
  EXPECT_EQ(In(WithScanExceptions(by("Highest"), exceptions), "shop", image), Verdict::kFail);
}

TEST(ScanExceptions, ExcuseByThePathWhereAPackageWasFound) {
  const ScanPolicy policy =
      WithScanExceptions(Taking("for: 90d"), {ReadOne(Object({{"paths", {"opt/tools/**"}}}))});
  EXPECT_EQ(In(policy, "shop", AnImage().Has(AFinding("CVE-1").Path("opt/tools/a.jar"))),
            Verdict::kPass);
  EXPECT_EQ(In(policy, "shop", AnImage().Has(AFinding("CVE-1").Path("opt/app/a.jar"))),
            Verdict::kFail);
}

/// "Fail; Pass shop/e/u-e/2": verdicts and what they rest on.
std::string ByName(const ScanPolicy& policy, const ContentInput& input) {
  std::string got;
  for (const auto& verdict : EvaluateContentByName(policy, input, kNow)) {
    got += (got.empty() ? "" : "; ") + std::string(VerdictName(verdict.verdict));
    for (const std::size_t index : verdict.exceptions_applied) {
      got += " " + policy.exceptions[index].key;
    }
  }
  return got;
}

TEST(ScanExceptions, EachNamespaceHasItsOwnJudgement) {
  const ScanPolicy policy =
      WithScanExceptions(Taking("for: 90d"), {ReadOne(Object({{"ids", {"CVE-1"}}}, "shop")),
                                              ReadOne(Object({{"ids", {"CVE-2"}}}, "bank"))});
  const AnImage image = AnImage().Has(AFinding("CVE-1"));
  EXPECT_EQ(ByName(policy, image.Input()), "Fail; Pass shop/e/u-e/2");
  const AnImage both = AnImage().Has(AFinding("CVE-1")).Has(AFinding("CVE-2"));
  EXPECT_EQ(ByName(policy, both.Input()), "Fail; Fail bank/e/u-e/2; Fail shop/e/u-e/2")
      << "exceptions of two namespaces never count together";
}

TEST(ScanExceptions, OfOneNamespaceCountTogether) {
  const ScanPolicy policy =
      WithScanExceptions(Taking("for: 90d"), {ReadOne(Object({{"ids", {"CVE-1"}}}, "shop", "a")),
                                              ReadOne(Object({{"ids", {"CVE-2"}}}, "shop", "b"))});
  const AnImage image = AnImage().Has(AFinding("CVE-1")).Has(AFinding("CVE-2"));
  const std::string got = ByName(policy, image.Input());
  EXPECT_NE(got.find("Pass shop/a/u-a/2 shop/b/u-b/2"), std::string::npos) << got;
}

TEST(ScanExceptions, WhereTheImageRunsGoesFirstWhenThereAreMany) {
  std::vector<ScanException> exceptions;
  for (int i = 0; i < 40; ++i) {
    exceptions.push_back(ReadOne(Object({{"ids", {"CVE-1"}}}, "team-" + std::to_string(i))));
  }
  const ScanPolicy policy = WithScanExceptions(Taking("for: 90d"), exceptions);
  const AnImage image = AnImage().Has(AFinding("CVE-1"));
  ContentInput input = image.Input();
  input.namespaces = {"team-7", "team-9"};
  const std::string got = ByName(policy, input);
  EXPECT_NE(got.find("team-7/"), std::string::npos) << got;
  EXPECT_NE(got.find("team-9/"), std::string::npos) << got;
}

TEST(ScanExceptions, OfOneNamespaceAreBounded) {
  std::vector<ScanException> exceptions;
  for (int i = 0; i < 100; ++i) {
    exceptions.push_back(ReadOne(Object({{"ids", {"CVE-1"}}}, "shop", "e" + std::to_string(i))));
  }
  exceptions.push_back(ReadOne(Object({{"ids", {"CVE-1"}}}, "tools")));
  const ScanPolicy policy = WithScanExceptions(Taking("for: 90d"), exceptions);
  EXPECT_EQ(policy.exceptions.size(), kMaxTakenOfNamespace + 1);
  EXPECT_EQ(policy.exceptions.back().ns, "tools");
}

TEST(ScanExceptions, StandBehindThePolicysOwnWhoseIndexesStay) {
  ScanPolicy own = Taking("for: 90d");
  PolicyException first;
  first.ids = {"CVE-9"};
  first.until = kNow + std::chrono::hours(24);
  own.exceptions.push_back(first);
  const ScanPolicy policy = WithScanExceptions(own, {ReadOne(Object({{"ids", {"CVE-1"}}}))});
  ASSERT_EQ(policy.exceptions.size(), 2u);
  EXPECT_EQ(policy.exceptions[0].ids, std::vector<std::string>{"CVE-9"});
  EXPECT_EQ(policy.exceptions[1].key, "shop/e/u-e/2");
}

TEST(ScanExceptions, SayWhoseTheyAreAndWhoApproved) {
  const ScanPolicy policy = WithScanExceptions(
      Taking("for: 90d"),
      {ReadOne(Object({{"ids", {"CVE-1"}}, {"approvedBy", "sec@example.com"}}))});
  const AnImage image = AnImage().Has(AFinding("CVE-1"));
  ContentInput input = image.Input();
  input.namespaces = {"shop"};
  EXPECT_EQ(EvaluateContent(policy, input, kNow).exceptions_used,
            std::vector<std::string>{"ScanException shop/e: CVE-1 until 2026-12-31: not reachable "
                                     "(approved by sec@example.com)"});
}

TEST(ScanExceptions, WhatIsNoneIsAnError) {
  for (const std::string text :
       {"", "[]", "{}", R"({"apiVersion":"landwaiter.io/v1alpha1","kind":"ScanPolicy"})",
        R"({"apiVersion":"landwaiter.io/v1alpha1","kind":"ScanException"})",
        R"({"apiVersion":"landwaiter.io/v1alpha1","kind":"ScanException","metadata":[]})",
        R"({"apiVersion":"landwaiter.io/v1alpha1","kind":"ScanException",
            "metadata":{"name":"a"}})"}) {
    EXPECT_FALSE(ScanExceptionFromJson(text, kNow)) << text;
  }
  const ScanException broken = ReadOne(Object({{"ids", 7}}));
  EXPECT_NE(broken.error.find("spec.ids"), std::string::npos) << broken.error;
  json none = Object(json::object());
  none.erase("spec");
  EXPECT_FALSE(ReadOne(none).error.empty());
}

}  // namespace
}  // namespace landwaiter::policy
