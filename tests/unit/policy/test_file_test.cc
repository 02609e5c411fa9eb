#include "policy/test_file.h"

#include "tests/unit/policy/builders.h"

namespace landwaiter::policy {
namespace {

constexpr std::string_view kHead = "apiVersion: landwaiter.io/v1alpha1\nkind: PolicyTest\n";

std::string File(std::string_view rest) { return std::string(kHead) + std::string(rest); }

TEST(PolicyTestFile, ACaseTakesItsOwnBeforeItsFilesWords) {
  const auto cases = ParsePolicyTests(File(R"(
policies: [all.yaml]
exceptions: [e.yaml]
at: 2027-01-31
cases:
- name: the file's words
  report: a.json
  expect: {verdict: Fail, answer: Deny, fails: [no-critical], warns: []}
- name: its own words
  image: archive:b.tar
  policies: [mine.yaml]
  exceptions: []
  reference: registry.example/b:1
  namespace: shop
  namespaceLabels: {team: red}
  at: "2027-02-01T12:00:00Z"
  expect: {verdict: NotJudged}
)"));
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_EQ(cases->size(), 2u);
  const TestCase& first = (*cases)[0];
  EXPECT_EQ(first.policies, std::vector<std::string>{"all.yaml"});
  EXPECT_EQ(first.exceptions, std::vector<std::string>{"e.yaml"});
  EXPECT_EQ(first.at, At("2027-01-31T00:00:00Z"));
  EXPECT_EQ(first.expect->verdict, Verdict::kFail);
  EXPECT_EQ(first.expect->answer, Action::kDeny);
  EXPECT_EQ(first.expect->fails, std::vector<std::string>{"no-critical"});
  EXPECT_EQ(first.expect->warns, std::vector<std::string>{});
  EXPECT_FALSE(first.expect->undecided);
  EXPECT_FALSE(first.namespace_labels);
  const TestCase& second = (*cases)[1];
  EXPECT_EQ(second.policies, std::vector<std::string>{"mine.yaml"});
  EXPECT_TRUE(second.exceptions.empty()) << "an empty list takes none of the file's";
  EXPECT_EQ(second.at, At("2027-02-01T12:00:00Z"));
  EXPECT_TRUE(second.expect->not_judged);
  EXPECT_FALSE(second.expect->verdict);
  const std::map<std::string, std::string> labels = {{"kubernetes.io/metadata.name", "shop"},
                                                     {"team", "red"}};
  EXPECT_EQ(second.namespace_labels, labels);
}

struct BadFile {
  const char* name;
  std::string text;
  const char* word;
};

class BadPolicyTestFile : public testing::TestWithParam<BadFile> {};

TEST_P(BadPolicyTestFile, IsRefusedByTheFieldsName) {
  const auto cases = ParsePolicyTests(GetParam().text);
  ASSERT_FALSE(cases);
  EXPECT_NE(cases.error().message.find(GetParam().word), std::string::npos)
      << cases.error().message;
}

std::string Case(std::string_view rest) {
  return File("policies: [p.yaml]\ncases:\n- {name: a, " + std::string(rest) + "}\n");
}

std::string Many(std::size_t count) {
  std::string text = File("policies: [p.yaml]\ncases:\n");
  for (std::size_t i = 0; i < count; ++i) {
    text += "- {name: n" + std::to_string(i) + ", report: r, expect: {verdict: Pass}}\n";
  }
  return text;
}

std::string Nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "- ";
  return text + "a\n";
}

INSTANTIATE_TEST_SUITE_P(
    PolicyTestFile, BadPolicyTestFile,
    testing::Values(
        BadFile{"NothingAtAll", "", "no PolicyTest"},
        BadFile{"NoObject", "[]", "expected an object"},
        BadFile{"APolicy", "apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\n", "PolicyTest"},
        BadFile{"AnotherVersion", "apiVersion: landwaiter.io/v2\nkind: PolicyTest\n", "v1alpha1"},
        BadFile{"NoCases", File("cases: []\n"), "test.cases"},
        BadFile{"AWrongWord", Case("report: r, expects: {verdict: Pass}"), "did you mean 'expect'"},
        BadFile{"NoName", File("policies: [p]\ncases: [{report: r, expect: {verdict: Pass}}]\n"),
                "name"},
        BadFile{"NoExpectation", Case("report: r"), "expect"},
        BadFile{"AnEmptyExpectation", Case("report: r, expect: {}"), "expect"},
        BadFile{"AVerdictThatIsNone", Case("report: r, expect: {verdict: Good}"), "NotJudged"},
        BadFile{"AnAnswerThatIsNone", Case("report: r, expect: {answer: Hold}"), "Deny"},
        BadFile{"NothingToJudge", Case("expect: {verdict: Pass}"), "a report or an image"},
        BadFile{"BothToJudge", Case("report: r, image: i, expect: {verdict: Pass}"),
                "a report or an image"},
        BadFile{"NoPolicies", File("cases: [{name: a, report: r, expect: {verdict: Pass}}]\n"),
                "policies"},
        BadFile{"ADayThatIsNone", Case("report: r, at: soon, expect: {verdict: Pass}"), "no date"},
        BadFile{"TwoOfOneName",
                File("policies: [p]\ncases:\n- {name: a, report: r, expect: {verdict: Pass}}\n"
                     "- {name: a, report: r, expect: {verdict: Fail}}\n"),
                "another case"},
        BadFile{"AnAlias", File("policies: &a [p]\ncases: *a\n"), "line 3"},
        BadFile{"TooManyCases", Many(kMaxTestCases + 1), "1000"},
        BadFile{"TooManyBytes", std::string(2u << 20, '#'), "bytes"},
        BadFile{"TooDeep", File("cases:\n" + Nested(5000)), "deep"},
        BadFile{"CutOff", File("policies: [p\ncases:"), "line"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(PolicyTestFile, SeveralDocumentsAreOneListOfCases) {
  const auto cases = ParsePolicyTests(
      Case("report: r, expect: {verdict: Pass}") + "---\n" +
      File("policies: [q]\ncases: [{name: b, report: s, expect: {verdict: Warn}}]\n"));
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_EQ(cases->size(), 2u);
  EXPECT_EQ((*cases)[1].policies, std::vector<std::string>{"q"});
}

}  // namespace
}  // namespace landwaiter::policy
