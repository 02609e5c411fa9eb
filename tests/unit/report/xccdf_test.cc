// XCCDF and ARF: what each rule of each policy came to. Their schemas are asked by oscap in
// tests/e2e/test_compliance.py.
#include <gtest/gtest.h>

#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

ScanReport Judged() {
  ScanReport report = AReport();
  report.policies.clear();
  PolicyVerdict verdict;
  verdict.policy = "cis";
  verdict.verdict = Verdict::kFail;
  verdict.violations.push_back({"user", "image", true, "USER", "image|USER||", "runs as root"});
  verdict.unknown = {"rule setuid: not collected yet", "rule set: of another rule's name"};
  report.policies.push_back(verdict);
  PolicyRule user("user");
  user.controls = {"CIS Docker 4.1"};
  PolicyRule ports("ports");
  ports.fails = false;
  report.rules = {{user, ports, PolicyRule("setuid")}};
  return report;
}

std::string ResultOf(const std::string& text, const std::string& rule) {
  const std::string id = "<rule-result idref=\"xccdf_io.landwaiter_rule_cis--" + rule + "\"";
  const std::size_t at = text.find(id);
  EXPECT_NE(at, std::string::npos) << rule;
  if (at == std::string::npos) return {};
  const std::size_t begin = text.find("<result>", at) + 8;
  return text.substr(begin, text.find('<', begin) - begin);
}

TEST(Xccdf, EachRulePassesFailsOrCouldNotBeDecided) {
  for (const char* format : {"xccdf", "arf"}) {
    const std::string text = Rendered(format, Judged());
    EXPECT_EQ(ResultOf(text, "user"), "fail");
    EXPECT_EQ(ResultOf(text, "ports"), "pass");
    EXPECT_EQ(ResultOf(text, "setuid"), "unknown");
    EXPECT_NE(text.find("not collected yet"), std::string::npos);
    EXPECT_EQ(text.find("of another rule"), std::string::npos);
    EXPECT_NE(text.find(">1</score>"), std::string::npos) << "one of three passes";
    EXPECT_NE(text.find("<ident system=\"urn:landwaiter:control\">CIS Docker 4.1</ident>"),
              std::string::npos);
  }
}

TEST(Xccdf, WhatAnAuthorWroteStaysText) {
  ScanReport report = Judged();
  report.image = "a]]>\"'<&\x1b[31m\n";
  report.policies[0].violations[0].message = "</message><script>&\x01\xff";
  for (const char* format : {"xccdf", "arf"}) {
    const std::string text = Rendered(format, report);
    EXPECT_EQ(text.find("<script"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x01'), std::string::npos);
    EXPECT_NE(text.find("&lt;/message&gt;&lt;script&gt;&amp;"), std::string::npos);
  }
}

TEST(Xccdf, WithoutPoliciesItHasNoRules) {
  ScanReport report = Judged();
  report.policies.clear();
  report.rules.clear();
  EXPECT_EQ(Rendered("xccdf", report).find("<rule-result"), std::string::npos);
  EXPECT_NE(Rendered("xccdf", report).find("</Benchmark>"), std::string::npos);
}

TEST(Table, NamesWhatVexHasTakenOut) {
  ScanReport report = AReport();
  report.platforms[0].suppressed.push_back({AFinding("CVE-9", Severity::kHigh, ""),
                                            matching::VexStatus::kNotAffected,
                                            "never\x1b[31m called", "https://example.com/vex"});
  const std::string text = Rendered("table", report);
  EXPECT_NE(text.find("Taken out by VEX: 1 finding"), std::string::npos) << text;
  EXPECT_NE(text.find("CVE-9 in openssl 3.0.1-1: not_affected, never"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::report
