#include <gtest/gtest.h>

#include <sstream>

#include "report/policy_test.h"

namespace landwaiter::report {
namespace {

std::string Written(std::string_view format, const std::vector<PolicyTestResult>& results) {
  std::ostringstream out;
  for (const PolicyTestFormat& one : PolicyTestFormats()) {
    if (one.name == format) one.write(results, out);
  }
  return std::move(out).str();
}

std::vector<PolicyTestResult> Three() {
  JudgedPolicy policy{"baseline", Verdict::kFail, Action::kDeny};
  policy.rules = {{"no-critical", Verdict::kFail, {"one", "two", "three", "four"}},
                  {"user", Verdict::kPass}};
  policy.exceptions_used = {"CVE-1 until 2027-01-31: not reachable"};
  return {{"a/tests.yaml", "a fresh base passes", {policy}, {"verdict is Fail, expected Pass"}},
          {"a/tests.yaml", "an old one fails", {policy}},
          {"b.yaml", "nobody knows", {}, {}, "report r.json does not hold /etc/passwd"}};
}

TEST(PolicyTestFormats, TheTextTellsEachCaseByPolicyAndRule) {
  EXPECT_EQ(Written("text", Three()),
            "a/tests.yaml\n"
            "  FAIL  a fresh base passes\n"
            "    not as expected: verdict is Fail, expected Pass\n"
            "    policy baseline: Fail, a pod is denied\n"
            "      no-critical  Fail     one\n"
            "                            two\n"
            "                            three\n"
            "                            and 1 more\n"
            "      user         Pass\n"
            "      excused: CVE-1 until 2027-01-31: not reachable\n"
            "  ok    an old one fails\n"
            "    policy baseline: Fail, a pod is denied\n"
            "      no-critical  Fail     one\n"
            "                            two\n"
            "                            three\n"
            "                            and 1 more\n"
            "      user         Pass\n"
            "      excused: CVE-1 until 2027-01-31: not reachable\n"
            "b.yaml\n"
            "  ERROR nobody knows\n"
            "    could not be judged: report r.json does not hold /etc/passwd\n"
            "3 cases: 1 as expected, 1 not, 1 could not be judged\n");
}

TEST(PolicyTestFormats, JunitHasASuiteAFileAndACaseACase) {
  const std::string xml = Written("junit", Three());
  for (const char* part :
       {"<testsuites name=\"Tests of policies\" tests=\"3\" failures=\"1\" errors=\"1\">",
        "name=\"a/tests.yaml\" tests=\"2\" failures=\"1\" errors=\"0\"",
        "<testcase classname=\"policy.tests\" name=\"an old one fails\" time=\"0\"/>",
        "<failure message=\"verdict is Fail, expected Pass\" type=\"NotAsExpected\">",
        "<error message=\"report r.json does not hold /etc/passwd\" type=\"NotJudged\">"}) {
    EXPECT_NE(xml.find(part), std::string::npos) << part << "\n" << xml;
  }
}

TEST(PolicyTestFormats, NoNameReachesATerminalOrXmlRaw) {
  PolicyTestResult evil{"f\x1b[2J.yaml", "a\n::error::<b>", {}, {"c\x1b]0;d"}, "e\x07]]>"};
  for (const char* format : {"text", "junit"}) {
    const std::string text = Written(format, {evil});
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << format;
    EXPECT_EQ(text.find('\x07'), std::string::npos) << format;
    EXPECT_EQ(text.find("\n::error"), std::string::npos) << format;
  }
  EXPECT_EQ(Written("junit", {evil}).find("<b>"), std::string::npos);
}

TEST(PolicyTestFormats, TheWorstPolicyCountsAndNoneIsNone) {
  PolicyTestResult result;
  EXPECT_FALSE(WorstVerdict(result));
  EXPECT_EQ(AnswerOf(result), Action::kAllow);
  result.policies = {{"a", Verdict::kWarn, Action::kWarn}, {"b", Verdict::kUnknown, Action::kDeny}};
  EXPECT_EQ(WorstVerdict(result), Verdict::kUnknown);
  EXPECT_EQ(AnswerOf(result), Action::kDeny);
}

}  // namespace
}  // namespace landwaiter::report
