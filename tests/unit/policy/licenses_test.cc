// SPDX expressions, and the `licenses` rule over what packages say.
#include <gtest/gtest.h>

#include "policy/spdx.h"
#include "policy/spdx_ids.h"
#include "tests/unit/policy/rule_case.h"

namespace landwaiter::policy {
namespace {

/// The parsed text as one fully parenthesised would be judged: by which sets of terms it holds.
struct ExpressionCase {
  const char* name;
  std::string text;
  const char* terms;  // joined by ", "; what the complaint holds where it is no expression
  bool good = true;
};

std::string Terms(const LicenseExpression& expression) {
  std::string all;
  for (const LicenseTerm& term : expression.terms()) {
    all += (all.empty() ? "" : ", ") + term.ToString();
  }
  return all;
}

void ExpectTerms(const ExpressionCase& c, const Result<LicenseExpression>& parsed) {
  SCOPED_TRACE(c.name);
  EXPECT_EQ(parsed.has_value(), c.good) << c.text.substr(0, 100);
  if (parsed) {
    EXPECT_EQ(Terms(*parsed), c.terms);
  } else {
    EXPECT_NE(parsed.error().message.find(c.terms), std::string::npos) << parsed.error().message;
  }
}

TEST(LicenseExpressions, AreReadAsTheSpecificationSays) {
  const ExpressionCase cases[] = {
      {"one license", "MIT", "MIT"},
      {"any case", "apache-2.0", "Apache-2.0"},
      {"operators in lower case", "mit or isc and zlib", "MIT, ISC, Zlib"},
      {"parentheses", "(MIT OR (ISC AND Zlib))", "MIT, ISC, Zlib"},
      {"an exception", "GPL-2.0-only with classpath-exception-2.0",
       "GPL-2.0-only WITH Classpath-exception-2.0"},
      {"a deprecated name", "GPL-2.0", "GPL-2.0-only"},
      {"a deprecated plus", "LGPL-2.1+", "LGPL-2.1-or-later"},
      {"a deprecated exception", "GPL-2.0-with-classpath-exception",
       "GPL-2.0-only WITH Classpath-exception-2.0"},
      {"a plus that has no name", "Apache-2.0+", "Apache-2.0+"},
      {"a reference", "LicenseRef-ours OR MIT", "LicenseRef-ours, MIT"},
      {"a reference into a document", "DocumentRef-spdx:LicenseRef-1",
       "DocumentRef-spdx:LicenseRef-1"},
      {"no known license", "Foo-1.0", "'Foo-1.0' is no license", false},
      {"nothing", "  ", "is empty", false},
      {"half an expression", "MIT AND", "ends where", false},
      {"two licenses side by side", "MIT ISC", "'ISC' stands where", false},
      {"an open parenthesis", "(MIT", "without its ')'", false},
      {"an exception that is none", "MIT WITH Foo", "'Foo' is no exception", false},
      {"an exception twice", "GPL-2.0-with-classpath-exception WITH Classpath-exception-2.0",
       "is no exception", false},
      {"a thousand parentheses", std::string(1000, '(') + "MIT", "nested deeper than 32", false},
      {"three hundred licenses",
       [] {
         std::string text = "MIT";
         for (int i = 0; i < 300; ++i) text += " OR MIT";
         return text;
       }(),
       "more than 256", false},
      {"more than any record has", std::string(5000, 'a'), "the limit is", false},
      {"control characters are not echoed", "MIT\x1b[2J", "'?' stands where", false},
  };
  for (const ExpressionCase& c : cases) ExpectTerms(c, ParseLicenseExpression(c.text));
  EXPECT_EQ(ParseLicenseExpression("M\x1bT").error().message.find('\x1b'), std::string::npos);
}

TEST(LicenseExpressions, TakeOlderWordsOfPackagesWhereTheyMeanOneLicense) {
  const ExpressionCase cases[] = {
      {"Fedora's Apache", "ASL 2.0", "Apache-2.0"},
      {"Fedora's and", "LGPLv2+ and MIT", "LGPL-2.0-or-later, MIT"},
      {"PyPI's text", "MIT License", "MIT"},
      {"Apache's whole name", "Apache License, Version 2.0", "Apache-2.0"},
      {"an expression all the same", "(MIT OR Apache-2.0)", "MIT, Apache-2.0"},
      {"BSD is several", "BSD", "'BSD' is no license", false},
      {"npm's word for none", "SEE LICENSE IN LICENSE.md", "is no license", false},
      {"npm's word for nobody's", "UNLICENSED", "is no license", false},
      {"a sentence", "Licensed under the MIT license", "is no license", false},
  };
  for (const ExpressionCase& c : cases) ExpectTerms(c, ParsePackageLicense(c.text));
  EXPECT_FALSE(ParseLicenseExpression("ASL 2.0")) << "a policy writes SPDX";
}

TEST(LicenseExpressions, AndBindsCloserThanOr) {
  const auto expression = *ParseLicenseExpression("MIT OR ISC AND Zlib");
  const auto named = [](std::string id) {
    return [id = std::move(id)](const LicenseTerm& term) { return term.id == id; };
  };
  EXPECT_TRUE(expression.Holds(named("MIT")));
  EXPECT_FALSE(expression.Holds(named("ISC")));
  EXPECT_FALSE(expression.Unavoidable(named("ISC")));
  EXPECT_TRUE(expression.Unavoidable([](const LicenseTerm& t) { return t.id != "Zlib"; }));
}

TEST(SpdxList, IsSortedSoThatEveryNameIsFound) {
  ASSERT_GT(AllSpdxLicenses().size(), 600u);
  for (const auto id : AllSpdxLicenses()) EXPECT_EQ(SpdxLicense(id), id);
  for (const auto id : AllSpdxExceptions()) EXPECT_EQ(SpdxException(id), id);
  EXPECT_EQ(SpdxLicense("mit"), "MIT");
  EXPECT_EQ(SpdxLicense("MIT-"), "");
}

AnImage Licensed(const std::string& license, const std::string& type = "npm") {
  return AnImage().Holds(type, "left-pad", "1.3.0").Licensed({license});
}

INSTANTIATE_TEST_SUITE_P(
    Licenses, ContentRuleTest,
    testing::Values(
        RuleCase{"ADeniedLicense", "licenses: {denied: [GPL-3.0-only]}", Licensed("GPL-3.0"), kFail,
                 "left-pad 1.3.0 has license 'GPL-3.0', which is not allowed"},
        RuleCase{"AnotherLicense", "licenses: {denied: [GPL-3.0-only]}", Licensed("MIT"), kPass,
                 ""},
        RuleCase{"ADeniedPattern", "licenses: {denied: [\"AGPL-*\"]}",
                 Licensed("AGPL-3.0-or-later"), kFail, "AGPL"},
        // Trap 9.
        RuleCase{"AChoiceMayBeMade", "licenses: {denied: [GPL-3.0-only]}",
                 Licensed("MIT OR GPL-3.0-only"), kPass, ""},
        RuleCase{"BothBind", "licenses: {denied: [GPL-3.0-only]}", Licensed("MIT AND GPL-3.0-only"),
                 kFail, "left-pad"},
        RuleCase{"AnExceptionIsAnotherLicense", "licenses: {denied: [\"GPL-*\"]}",
                 Licensed("GPL-2.0-only WITH Classpath-exception-2.0"), kPass, ""},
        RuleCase{"AnExceptionIsDeniedByItsPattern",
                 "licenses: {denied: [\"GPL-* WITH Classpath-*\"]}",
                 Licensed("GPL-2.0-only WITH Classpath-exception-2.0"), kFail, "Classpath"},
        RuleCase{"OnlyAllowedOnes", "licenses: {allowed: [MIT, Apache-2.0]}",
                 Licensed("MIT AND Apache-2.0"), kPass, ""},
        RuleCase{"OneThatIsNotAllowed", "licenses: {allowed: [MIT, Apache-2.0]}",
                 Licensed("MIT AND ISC"), kFail, "ISC"},
        RuleCase{"AllowedByChoice", "licenses: {allowed: [MIT]}", Licensed("ISC OR MIT"), kPass,
                 ""},
        RuleCase{"DeniedGoesBeforeAllowed", "licenses: {allowed: [\"*\"], denied: [ISC]}",
                 Licensed("ISC"), kFail, "ISC"},
        RuleCase{"ItsCaseDoesNotMatter", "licenses: {allowed: [mit]}", Licensed("Mit"), kPass, ""},
        RuleCase{"AnUnknownLicenseCounts", "licenses: {denied: [GPL-3.0-only]}", Licensed("BSD"),
                 kFail, "'BSD', which is not known"},
        RuleCase{"NoLicenseCounts", "licenses: {denied: [GPL-3.0-only]}",
                 AnImage().Holds("deb", "bash", "5"), kFail, "bash 5 names no license"},
        RuleCase{"AnUnknownOneIsIgnoredWhenAsked",
                 "licenses: {denied: [GPL-3.0-only], unknown: Ignore}", Licensed("BSD"), kPass, ""},
        RuleCase{"UnknownAlone", "licenses: {unknown: Count}", Licensed("UNLICENSED"), kFail,
                 "not known"},
        RuleCase{"OtherPackagesAreLeftOut", "licenses: {denied: [MIT], packages: {types: [pypi]}}",
                 Licensed("MIT"), kPass, ""},
        RuleCase{"SeveralTextsMeanAll", "licenses: {denied: [ISC]}",
                 AnImage().Holds("gem", "a", "1").Licensed({"MIT", "ISC"}), kFail, "'MIT', 'ISC'"},
        RuleCase{"ComposersMeanOne", "licenses: {denied: [ISC]}",
                 AnImage().Holds("composer", "a/a", "1").Licensed({"MIT", "ISC"}), kPass, ""},
        RuleCase{"ComposersAllDenied", "licenses: {denied: [ISC, MIT]}",
                 AnImage().Holds("composer", "a/a", "1").Licensed({"MIT", "ISC"}), kFail, "a/a"},
        RuleCase{"UnreadPackagesAreOpen", "licenses: {denied: [MIT]}",
                 AnImage().NotRead("npm", CoverageState::kFailed, "cut"), kOpen, "coverage npm"}),
    CaseName);

TEST(Licenses, AnExceptionOfThePolicyExcusesAPackage) {
  const ScanPolicy policy = APolicy(
      "  rules:\n  - {name: rule, licenses: {denied: [MIT]}}\n"
      "  exceptions:\n  - {packages: [left-pad], until: \"2027-01-31\", reason: bought}\n");
  EXPECT_EQ(Judge(policy, Licensed("MIT")).verdict, Verdict::kPass);
}

TEST(Licenses, RefuseWhatIsNoLicense) {
  for (const char* wrong : {"Foo", "MIT OR ISC", "GPL-2.0-only WITH Foo", "(MIT)*", "GPL* OR *"}) {
    const auto policy = ParsePolicyYaml(
        std::string("apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: a}\n"
                    "spec: {rules: [{name: r, licenses: {denied: [\"") +
        wrong + "\"]}}]}\n");
    EXPECT_FALSE(policy) << wrong;
  }
}

}  // namespace
}  // namespace landwaiter::policy
