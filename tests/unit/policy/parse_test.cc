#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "policy/policy.h"
#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

std::string Yaml(const std::string& spec, const std::string& name = "test") {
  return "apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: " + name +
         "}\nspec:\n" + spec;
}

constexpr char kRule[] = "  rules: [{name: a, vulnerabilities: {severityAtLeast: High}}]\n";

struct ErrorCase {
  const char* name;
  std::string yaml;
  const char* says;
};
class PolicyErrorTest : public testing::TestWithParam<ErrorCase> {};
TEST_P(PolicyErrorTest, NamesThePathAndWhatWasExpected) {
  const auto policies = ParsePolicyYaml(GetParam().yaml);
  ASSERT_FALSE(policies);
  EXPECT_NE(policies.error().message.find(GetParam().says), std::string::npos)
      << policies.error().message;
}

std::string OneRule(const std::string& rule) {
  return Yaml("  rules: [{name: a, " + rule + "}]\n");
}
std::string With(const std::string& line) { return Yaml(line + "\n" + kRule); }

INSTANTIATE_TEST_SUITE_P(
    Fields, PolicyErrorTest,
    testing::Values(
        ErrorCase{"AnUnknownFieldWithAGuess", With("  onUnscaned: Deny"),
                  "spec.onUnscaned: unknown field, did you mean 'onUnscanned'?"},
        ErrorCase{"AnUnknownFieldWithoutAGuess", OneRule("vulnerabilities: {colour: red}"),
                  "spec.rules[0].vulnerabilities.colour: unknown field, expected one of "
                  "severityAtLeast, "},
        ErrorCase{"AnUnknownKind", OneRule("licences: {}"),
                  "spec.rules[0].licences: unknown field"},
        ErrorCase{"AnUnknownFieldAtTheTop", Yaml(kRule) + "extra: 1\n", "extra: unknown field"},
        ErrorCase{"AWrongSeverity", OneRule("vulnerabilities: {severityAtLeast: Bad}"),
                  "spec.rules[0].vulnerabilities.severityAtLeast: 'Bad' is unknown, expected one "
                  "of Critical, High, Medium, Low or Negligible"},
        ErrorCase{"AWordForANumber", With("  waitSeconds: soon"),
                  "spec.waitSeconds: expected a whole number from 0 to 29, got the text 'soon'"},
        ErrorCase{"ANumberOutOfBounds", With("  waitSeconds: 30"), "got the number 30"},
        ErrorCase{"AFractionForAWholeNumber", With("  waitSeconds: 1.5"), "got the number 1.5"},
        ErrorCase{"ANumberForText", OneRule("reference: {deniedTags: [1.10]}"),
                  "spec.rules[0].reference.deniedTags[0]: expected text, got the number 1.1; put "
                  "it in quotes"},
        ErrorCase{"TextForABoolean", OneRule("vulnerabilities: {fixAvailable: \"true\"}"),
                  "expected true or false, got the text 'true'"},
        ErrorCase{"AnObjectForAList", With("  exceptions: {}"), "spec.exceptions: expected a list"},
        ErrorCase{"AListForAnObject", OneRule("vulnerabilities: []"),
                  "spec.rules[0].vulnerabilities: expected an object, got a list"},
        ErrorCase{"Nothing", With("  enforcement:"),
                  "spec.enforcement: expected text, got nothing"},
        ErrorCase{"AnEmptyList", OneRule("vulnerabilities: {ids: []}"),
                  "spec.rules[0].vulnerabilities.ids: is an empty list"},
        ErrorCase{"ARuleThatSaysNothing", OneRule("image: {}"),
                  "spec.rules[0].image: is empty and would never fire"},
        ErrorCase{"ABadPattern", With("  match: {images: [\"^shop/.*\"]}"),
                  "spec.match.images[0]: '^shop/.*' has '^'"},
        ErrorCase{"ABadPort", OneRule("image: {deniedPorts: [ssh]}"),
                  "spec.rules[0].image.deniedPorts[0]: 'ssh' is no port"},
        ErrorCase{"APortOutOfBounds", OneRule("image: {deniedPorts: [70000]}"), "is no port"},
        ErrorCase{"ABadDuration", With("  maxDatabaseAge: 3 days"),
                  "spec.maxDatabaseAge: duration"},
        ErrorCase{"ABadName", Yaml("  rules: [{name: No Critical, vulnerabilities: {}}]\n"),
                  "spec.rules[0].name: 'No Critical' must be lower-case"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Meaning, PolicyErrorTest,
    testing::Values(
        ErrorCase{"NoRules", Yaml("  enforcement: Audit\n"), "spec.rules: is required"},
        ErrorCase{"AnEmptyListOfRules", Yaml("  rules: []\n"), "spec.rules: is an empty list"},
        ErrorCase{"NoKind", Yaml("  rules: [{name: a}]\n"),
                  "spec.rules[0]: has no kind, expected exactly one of vulnerabilities, image, "
                  "packages, malicious, licenses, os, base, coverage, always, reference"},
        ErrorCase{"TwoKinds", OneRule("vulnerabilities: {}, image: {runsAsRoot: true}"),
                  "spec.rules[0]: has 2 kinds (vulnerabilities, image)"},
        ErrorCase{
            "TwoRulesOfOneName",
            Yaml("  rules: [{name: a, vulnerabilities: {}}, {name: a, vulnerabilities: {}}]\n"),
            "spec.rules[1].name: 'a' is the name of spec.rules[0] too"},
        ErrorCase{"HoldForNoTime", With("  holdFor: 0s"), "spec.holdFor: "},
        ErrorCase{"RunningForNoTime", With("  alreadyRunning: {for: 0h}"),
                  "spec.alreadyRunning.for: '0h' is no time at all"},
        ErrorCase{"RunningForMoreThanAYear", With("  alreadyRunning: {for: 366d}"),
                  "spec.alreadyRunning.for: '366d' is longer than a year (8760h)"},
        ErrorCase{"RunningForDaysAndHours", With("  alreadyRunning: {for: 1d12h}"),
                  "spec.alreadyRunning.for: '1d12h' mixes days with others"},
        ErrorCase{"RunningForMinutesAndDays", With("  alreadyRunning: {for: 5m1d}"),
                  "spec.alreadyRunning.for: '5m1d' mixes days with others"},
        ErrorCase{"RunningIsDenied", With("  alreadyRunning: {action: Deny}"),
                  "spec.alreadyRunning.action: 'Deny' is unknown, expected one of Allow or Judge"},
        ErrorCase{"RunningIsAWord", With("  alreadyRunning: Judge"),
                  "spec.alreadyRunning: expected an object, got the text 'Judge'"},
        ErrorCase{"RunsAsRootFalse", OneRule("image: {runsAsRoot: false}"),
                  "spec.rules[0].image.runsAsRoot: must be true or be left out"},
        ErrorCase{"ARangeWithoutAType",
                  OneRule("packages: {denied: [{name: a, versions: \"<1\"}]}"),
                  "spec.rules[0].packages.denied[0].versions: needs type beside it"},
        ErrorCase{"ARangeThatCannotBeRead",
                  OneRule("packages: {denied: [{name: a, type: npm, versions: \"<<1\"}]}"),
                  "spec.rules[0].packages.denied[0].versions: "},
        ErrorCase{"ARegistryWithAPath", OneRule("reference: {registries: [r.io/shop]}"),
                  "spec.rules[0].reference.registries[0]"},
        ErrorCase{
            "InWithoutValues",
            With("  match: {namespaceSelector: {matchExpressions: [{key: a, operator: In}]}}"),
            "spec.match.namespaceSelector.matchExpressions[0].values: is empty"},
        ErrorCase{
            "ExistsWithValues",
            With("  match: {namespaceSelector: {matchExpressions: [{key: a, operator: Exists, "
                 "values: [b]}]}}"),
            "values: must be left out"},
        ErrorCase{"ABadLabelKey", With("  match: {namespaceSelector: {matchLabels: {\"a b\": c}}}"),
                  "spec.match.namespaceSelector.matchLabels: 'a b' is no label key"},
        ErrorCase{"AnExceptionWithoutUntil", With("  exceptions: [{ids: [CVE-1-1], reason: x}]"),
                  "spec.exceptions[0].until: is required"},
        ErrorCase{"AnExceptionWithoutReason",
                  With("  exceptions: [{ids: [CVE-1-1], until: 2027-01-31}]"),
                  "spec.exceptions[0].reason: is required"},
        ErrorCase{"AnExceptionOfEverything", With("  exceptions: [{until: 2027-01-31, reason: x}]"),
                  "spec.exceptions[0]: excuses everything"},
        ErrorCase{"AnExceptionOnADayThatIsNone",
                  With("  exceptions: [{ids: [CVE-1-1], until: 2027-02-30, reason: x}]"),
                  "spec.exceptions[0].until: time '2027-02-30'"},
        ErrorCase{"AnExceptionOfNoRule",
                  With("  exceptions: [{rules: [b], until: 2027-01-31, reason: x}]"),
                  "spec.exceptions[0].rules[0]: 'b' is the name of no rule"},
        ErrorCase{"AnExceptionOfAPatternOfIds",
                  With("  exceptions: [{ids: [\"CVE-*\"], until: 2027-01-31, reason: x}]"),
                  "whole ids, no patterns"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Documents, PolicyErrorTest,
    testing::Values(
        ErrorCase{"NothingAtAll", "", "there is no ScanPolicy"},
        ErrorCase{"OnlyAComment", "# hello\n---\n", "there is no ScanPolicy"},
        ErrorCase{"AnotherKind", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
                  "kind: expected ScanPolicy, got 'Pod'"},
        ErrorCase{"AnotherVersion",
                  "apiVersion: landwaiter.io/v2\nkind: ScanPolicy\nmetadata: {name: a}\n",
                  "apiVersion: expected landwaiter.io/v1alpha1"},
        ErrorCase{"NoName", "apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nspec: {}\n",
                  "metadata.name"},
        ErrorCase{"TheSecondDocumentIsBad", Yaml(kRule) + "---\n" + Yaml("  rules: 1\n", "b"),
                  "document 2: policy 'b': spec.rules: expected a list"},
        ErrorCase{"OneNameTwice", Yaml(kRule) + "---\n" + Yaml(kRule), "stands twice in this file"},
        ErrorCase{"ACommaFirst", ",x", "line 1: nothing can begin like that"},
        ErrorCase{"ACommaAfterADocument", Yaml(kRule) + "---\n,\n", "nothing can begin like that"},
        ErrorCase{"NoYaml", "a: [b\n", "not YAML"}, ErrorCase{"ATab", "a:\n\t- b\n", "line 2"},
        ErrorCase{"AFieldTwice", With("  waitSeconds: 1\n  waitSeconds: 2"),
                  "line 6: the field 'waitSeconds' stands twice"},
        ErrorCase{"YesForTrue", OneRule("vulnerabilities: {fixAvailable: yes}"),
                  "'yes' is true or false to some readers of YAML"},
        ErrorCase{"OnForText", OneRule("reference: {deniedTags: [on]}"), "put it in quotes"},
        ErrorCase{"NorwayForText", OneRule("reference: {deniedTags: [NO]}"), "put it in quotes"},
        ErrorCase{"AnOctalNumber", With("  waitSeconds: 010"), "plain decimal digits"},
        ErrorCase{"AHexNumber", With("  waitSeconds: 0x1F"), "plain decimal digits"},
        ErrorCase{"ANumberWithUnderscores", With("  waitSeconds: 1_0"), "plain decimal digits"},
        ErrorCase{"AnAlias", "a: &x 1\nb: *x\n", "line 1: an anchor"},
        ErrorCase{"AnAliasToNothing", "b: *x\n", "line 1"},
        ErrorCase{"ATag", With("  enforcement: !!binary RW5mb3JjZQ=="), "tag"},
        ErrorCase{"ANumberAsKey", "1: a\n", "a key must be text"},
        ErrorCase{"AListAsKey", "? [a]\n: b\n", "a key must be text"}),
    [](const auto& info) { return info.param.name; });

TEST(ParsePolicy, ReadsEveryField) {
  const auto policies = ParsePolicyFile("examples/policies/team-exceptions.yaml");
  ASSERT_TRUE(policies) << policies.error().message;
  const ScanPolicy& policy = policies->front();
  EXPECT_EQ(policy.name, "shop");
  EXPECT_EQ(policy.match.namespace_selector.match_labels.at("team"), "shop");
  EXPECT_EQ(policy.match.namespace_selector.match_expressions[0].values.size(), 2u);
  EXPECT_EQ(policy.match.images, std::vector<std::string>{"**"});
  EXPECT_EQ(policy.wait, std::chrono::seconds(3));
  ASSERT_EQ(policy.rules.size(), 5u);
  EXPECT_EQ(RuleKindName(policy.rules[0]), "vulnerabilities");
  EXPECT_FALSE(policy.rules[1].fails);
  EXPECT_EQ(RuleKindName(policy.rules[2]), "packages");
  EXPECT_EQ(RuleKindName(policy.rules[3]), "image");
  EXPECT_EQ(RuleKindName(policy.rules[4]), "reference");
  ASSERT_EQ(policy.exceptions.size(), 2u);
  EXPECT_EQ(policy.exceptions[0].until, At("2027-02-01T00:00:00Z"));
}

TEST(ParsePolicy, ReadsAnApiObjectWithAllThatTheServerAdds) {
  const auto policy = ParsePolicyJson(R"({"apiVersion":"landwaiter.io/v1alpha1",
    "kind":"ScanPolicy","metadata":{"name":"a","generation":7,"uid":"x","managedFields":[{"a":{}}]},
    "spec":{"rules":[{"name":"r","action":"Warn","vulnerabilities":{"maxCount":0}}],
    "match":{"images":["**"]}},"status":{"conditions":[]}})");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->generation, 7);
  EXPECT_EQ(policy->uid, "x");
  EXPECT_EQ(policy->rules.size(), 1u);
}

TEST(ParsePolicy, QuotedTextStaysText) {
  const auto policies =
      ParsePolicyYaml(OneRule("reference: {deniedTags: [\"1.10\", \"on\", 'null', \"0123\"]}"));
  ASSERT_TRUE(policies) << policies.error().message;
  for (const std::string tag : {"1.10", "on", "null", "0123"}) {
    const auto reference = ImageReference::Parse("registry.example.com/a:" + tag);
    ASSERT_TRUE(reference) << tag;
    EXPECT_EQ(EvaluateReference(policies->front(), *reference, "", kNow).verdict, Verdict::kFail)
        << tag;
  }
}

TEST(ParsePolicy, AFieldTwiceInJsonIsAnError) {
  const auto policy = ParsePolicyJson(R"({"apiVersion":"landwaiter.io/v1alpha1",
    "kind":"ScanPolicy","metadata":{"name":"a"},"spec":{"enforcement":"Audit",
    "enforcement":"Enforce","rules":[{"name":"r","vulnerabilities":{}}]}})");
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().message.find("'enforcement' twice"), std::string::npos);
}

TEST(ParsePolicy, ManyErrorsAreCutAndCounted) {
  std::string rules = "  rules:\n";
  for (int i = 0; i < 60; ++i) rules += "  - {name: r" + std::to_string(i) + "}\n";
  const auto policies = ParsePolicyYaml(Yaml(rules));
  ASSERT_FALSE(policies);
  EXPECT_NE(policies.error().message.find("and 44 more"), std::string::npos)
      << policies.error().message;
}

struct AlreadyRunningCase {
  const char* name;
  const char* yaml;
  bool allow;
  std::chrono::hours time;
};
// Admission pitfall 33.
TEST(ParsePolicy, SaysForHowLongWhatRunsIsLetIn) {
  const AlreadyRunningCase cases[] = {
      {"unwritten", "  onUnscanned: Deny", true, std::chrono::hours(720)},
      {"empty", "  alreadyRunning: {}", true, std::chrono::hours(720)},
      {"a time alone", "  alreadyRunning: {for: 7d}", true, std::chrono::hours(168)},
      {"Judge", "  alreadyRunning: {action: Judge}", false, std::chrono::hours(720)},
      {"a year", "  alreadyRunning: {action: Allow, for: 8760h}", true, std::chrono::hours(8760)},
  };
  for (const AlreadyRunningCase& c : cases) {
    const auto policies = ParsePolicyYaml(With(c.yaml));
    ASSERT_TRUE(policies) << c.name << ": " << policies.error().message;
    EXPECT_EQ(policies->front().already_running.allow, c.allow) << c.name;
    EXPECT_EQ(policies->front().already_running.time, c.time) << c.name;
  }
}

TEST(ParsePolicyFile, NamesTheFile) {
  const auto missing = ParsePolicyFile("/nonexistent/policy.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_NE(missing.error().message.find("/nonexistent/policy.yaml"), std::string::npos);

  const std::string path =
      std::filesystem::temp_directory_path() / ("policy-" + std::to_string(getpid()) + ".yaml");
  std::ofstream(path) << "kind: [";
  const auto broken = ParsePolicyFile(path);
  std::filesystem::remove(path);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message.find(path), 0u) << broken.error().message;
}

// Admission pitfall 22.
TEST(ParsePolicyLeniently, ABrokenRuleDoesNotHideTheOthers) {
  const auto lenient = ParsePolicyJsonLeniently(R"({"apiVersion":"landwaiter.io/v1alpha1",
    "kind":"ScanPolicy","metadata":{"name":"a"},"spec":{"onUnscanned":"Hold","rules":[
    {"name":"new","futureKind":{}},{"name":"none","vulnerabilities":{}}]}})");
  ASSERT_TRUE(lenient) << lenient.error().message;
  EXPECT_FALSE(lenient->errors.empty());
  EXPECT_TRUE(lenient->policy.holds);
  EXPECT_EQ(lenient->policy.on_unscanned, Action::kDeny) << "what cannot be held";
  const auto clean = Judge(lenient->policy, AnImage());
  EXPECT_EQ(clean.verdict, Verdict::kUnknown);
  EXPECT_NE(Messages(clean).find("rule new: RuleError: "), std::string::npos);
  EXPECT_EQ(Judge(lenient->policy, AnImage().Has(AFinding("CVE-1"))).verdict, Verdict::kFail);
}

TEST(ParsePolicyLeniently, AnActionThatCannotBeReadExcusesNothingThatRuns) {
  const auto read = [](const char* running) {
    const auto lenient = ParsePolicyJsonLeniently(
        std::string(
            R"({"apiVersion":"landwaiter.io/v1alpha1","kind":"ScanPolicy",)"
            R"("metadata":{"name":"a"},"spec":{"rules":[{"name":"r","vulnerabilities":{}}],)"
            R"("alreadyRunning":)") +
        running + "}}");
    EXPECT_TRUE(lenient);
    EXPECT_EQ(lenient->errors.size(), 1u) << running;
    return lenient->policy.already_running;
  };
  for (const char* bad : {R"("Judge")", "null", R"({"action":"Block"})", R"({"action":7})"}) {
    EXPECT_FALSE(read(bad).allow) << bad;
  }
  const AlreadyRunning time = read(R"({"action":"Allow","for":"always"})");
  EXPECT_TRUE(time.allow);
  EXPECT_EQ(time.time, std::chrono::hours(720)) << "the default";
}

TEST(ParsePolicyLeniently, ABadPatternTakesAPolicyIntoNoOtherNamespace) {
  const auto lenient = ParsePolicyJsonLeniently(R"({"apiVersion":"landwaiter.io/v1alpha1",
    "kind":"ScanPolicy","metadata":{"name":"p"},"spec":{
    "match":{"namespaceSelector":{"matchLabels":{"team":"dev"}},"images":["https://r.example/**"],
             "excludeImages":["r.example/base"]},
    "rules":[{"name":"a","vulnerabilities":{}}]}})");
  ASSERT_TRUE(lenient) << lenient.error().message;
  EXPECT_FALSE(lenient->errors.empty());
  EXPECT_TRUE(MatchesNamespace(lenient->policy, {{"team", "dev"}}));
  EXPECT_FALSE(MatchesNamespace(lenient->policy, {{"team", "shop"}}));
  EXPECT_TRUE(MatchesImage(lenient->policy, *ImageReference::Parse("any.example/a:1")));
  EXPECT_FALSE(MatchesImage(lenient->policy, *ImageReference::Parse("r.example/base:1")));
}

TEST(ParsePolicyLeniently, ABrokenMatchMatchesEverythingAndABrokenExceptionExcusesNothing) {
  const auto lenient = ParsePolicyJsonLeniently(R"({"apiVersion":"landwaiter.io/v1alpha1",
    "kind":"ScanPolicy","metadata":{"name":"a"},"spec":{"match":{"images":["^x"]},
    "rules":[{"name":"none","vulnerabilities":{}}],
    "exceptions":[{"ids":["CVE-1"],"until":"never","reason":"x"}]}})");
  ASSERT_TRUE(lenient) << lenient.error().message;
  EXPECT_TRUE(MatchesImage(lenient->policy, *ImageReference::Parse("nginx")));
  EXPECT_EQ(Judge(lenient->policy, AnImage().Has(AFinding("CVE-1"))).verdict, Verdict::kFail);
}

TEST(ParsePolicyLeniently, NoSpecAtAllIsARuleErrorNotAPass) {
  const auto lenient = ParsePolicyJsonLeniently(
      R"({"apiVersion":"landwaiter.io/v1alpha1","kind":"ScanPolicy","metadata":{"name":"a"}})");
  ASSERT_TRUE(lenient);
  EXPECT_EQ(Judge(lenient->policy, AnImage()).verdict, Verdict::kUnknown);
}

}  // namespace
}  // namespace landwaiter::policy
