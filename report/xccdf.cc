// What the policies say of the image, for programs that read results of benchmarks: XCCDF 1.2 (NIST
// IR 7275 rev. 4) with the rules as a benchmark and one test result, and the same in an Asset
// Reporting Format collection 1.1 (NIST IR 7694). `oscap` reads both.
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "report/facts.h"
#include "report/rows.h"
#include "report/summary.h"
#include "report/words.h"
#include "report/xml.h"

namespace landwaiter::report {
namespace {

constexpr const char* kName = "io.landwaiter";
constexpr std::size_t kMaxMessages = 50;  // of one rule

/// Ids are xccdf_NAMESPACE_KIND_NAME: names of policies and rules are DNS labels, which fit.
std::string Id(const char* kind, const std::string& name) {
  std::string safe;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.';
    safe += plain ? c : '_';
  }
  return std::string("xccdf_") + kName + "_" + kind + "_" + safe;
}

/// A policy's name may hold '.', as a rule's: "--" stands in neither.
std::string RuleId(const PolicyVerdict& policy, const PolicyRule& rule) {
  return Id("rule", policy.policy + "--" + rule.name);
}

const std::vector<PolicyRule>& RulesOf(const ScanReport& report, std::size_t policy) {
  static const std::vector<PolicyRule> kNone;
  return policy < report.rules.size() ? report.rules[policy] : kNone;
}

struct Outcome {
  const char* result = "pass";
  std::vector<std::string> messages = {};
};

Outcome OutcomeOf(const PolicyVerdict& policy, const PolicyRule& rule) {
  Outcome outcome;
  for (const Violation& violation : policy.violations) {
    if (violation.rule == rule.name) outcome.messages.push_back(violation.message);
  }
  if (!outcome.messages.empty()) {
    outcome.result = "fail";
    return outcome;
  }
  const std::string said = "rule " + rule.name + ": ";
  for (const std::string& why : policy.unknown) {
    if (why.starts_with(said)) outcome.messages.push_back(why.substr(said.size()));
  }
  if (!outcome.messages.empty()) outcome.result = "unknown";
  return outcome;
}

const char* SeverityOf(const PolicyRule& rule) { return rule.fails ? "high" : "low"; }

void WriteIdents(const PolicyRule& rule, std::ostream& out) {
  for (const std::string& control : rule.controls) {
    out << "<ident system=\"urn:landwaiter:control\">" << Xml(control) << "</ident>";
  }
}

void WriteBenchmarkHead(const ScanReport& report, std::ostream& out) {
  out << "<Benchmark xmlns=\"http://checklists.nist.gov/xccdf/1.2\" id=\""
      << Id("benchmark", "policies") << "\" resolved=\"1\" xml:lang=\"en\">"
      << "<status date=\"" << DateOf(report).substr(0, 10) << "\">accepted</status>"
      << "<title>ScanPolicies</title>"
      << "<description>What the policies ask of container images.</description>"
      << "<version>1</version>\n";
  for (std::size_t i = 0; i < report.policies.size(); ++i) {
    const PolicyVerdict& policy = report.policies[i];
    out << "<Group id=\"" << Id("group", policy.policy) << "\"><title>" << Xml(policy.policy)
        << "</title>\n";
    for (const PolicyRule& rule : RulesOf(report, i)) {
      out << "<Rule id=\"" << RuleId(policy, rule) << "\" selected=\"true\" severity=\""
          << SeverityOf(rule) << "\"><title>" << Xml(rule.name) << "</title>";
      WriteIdents(rule, out);
      out << "<check system=\"urn:landwaiter:scanpolicy\"><check-content-ref href=\"ScanPolicy/"
          << Xml(policy.policy) << "\" name=\"" << Xml(rule.name) << "\"/></check></Rule>\n";
    }
    out << "</Group>\n";
  }
}

void WriteFact(const char* name, const std::string& value, std::ostream& out) {
  out << "<fact name=\"urn:landwaiter:fact:" << name << "\" type=\"string\">" << Xml(value)
      << "</fact>";
}

struct Score {
  std::size_t passed = 0;
  std::size_t all = 0;
};

void WriteRuleResult(const PolicyVerdict& policy, const PolicyRule& rule, const std::string& date,
                     Score& score, std::ostream& out) {
  const Outcome outcome = OutcomeOf(policy, rule);
  ++score.all;
  if (std::string_view(outcome.result) == "pass") ++score.passed;
  out << "<rule-result idref=\"" << RuleId(policy, rule) << "\" time=\"" << date << "\" severity=\""
      << SeverityOf(rule) << "\" weight=\"1.0\"><result>" << outcome.result << "</result>";
  WriteIdents(rule, out);
  const std::size_t shown = std::min(outcome.messages.size(), kMaxMessages);
  for (std::size_t i = 0; i < shown; ++i) {
    out << "<message severity=\"" << (rule.fails ? "error" : "warning") << "\">"
        << Xml(outcome.messages[i]) << "</message>";
  }
  if (outcome.messages.size() > shown) {
    out << "<message severity=\"info\">and " << outcome.messages.size() - shown
        << " more</message>";
  }
  out << "<check system=\"urn:landwaiter:scanpolicy\"><check-content-ref href=\"ScanPolicy/"
      << Xml(policy.policy) << "\" name=\"" << Xml(rule.name) << "\"/></check></rule-result>\n";
}

/// `xmlns`: where the element stands outside of a benchmark.
void WriteTestResult(const ScanReport& report, const char* xmlns, std::ostream& out) {
  const std::string date = DateOf(report);
  out << "<TestResult" << xmlns << " id=\"" << Id("testresult", Fingerprint({SeedOf(report)}))
      << "\" start-time=\"" << date << "\" end-time=\"" << date << "\" version=\"1\">"
      << "<benchmark href=\"#" << Id("benchmark", "policies") << "\" id=\""
      << Id("benchmark", "policies") << "\"/>"
      << "<title>" << Xml(NameOf(report)) << "</title>"
      << "<identity authenticated=\"false\" privileged=\"false\">landwaiter</identity>"
      << "<target>" << Xml(NameOf(report)) << "</target><target-facts>";
  WriteFact("digest", report.inventory.digest.ToString(), out);
  WriteFact("database", report.database.id, out);
  WriteFact("complete", IsComplete(report) ? "true" : "false", out);
  out << "</target-facts>\n";
  Score score;
  for (std::size_t i = 0; i < report.policies.size(); ++i) {
    for (const PolicyRule& rule : RulesOf(report, i)) {
      WriteRuleResult(report.policies[i], rule, date, score, out);
    }
  }
  const std::size_t percent = score.all == 0 ? 0 : 100 * score.passed / score.all;
  out << "<score system=\"urn:xccdf:scoring:flat-unweighted\" maximum=\"" << score.all << "\">"
      << score.passed << "</score>"
      << "<score system=\"urn:xccdf:scoring:default\" maximum=\"100\">" << percent
      << "</score></TestResult>";
}

void WriteXccdf(const ScanReport& report, const TableOptions&, std::ostream& out) {
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  WriteBenchmarkHead(report, out);
  WriteTestResult(report, "", out);
  out << "\n</Benchmark>\n";
}

void WriteArf(const ScanReport& report, const TableOptions&, std::ostream& out) {
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      << "<arf:asset-report-collection"
      << " xmlns:arf=\"http://scap.nist.gov/schema/asset-reporting-format/1.1\""
      << " xmlns:core=\"http://scap.nist.gov/schema/reporting-core/1.1\""
      << " xmlns:ai=\"http://scap.nist.gov/schema/asset-identification/1.1\">\n"
      << "<core:relationships"
      << " xmlns:arfvocab=\"http://scap.nist.gov/specifications/arf/vocabulary/relationships/"
         "1.0#\">"
      << "<core:relationship type=\"arfvocab:createdFor\" subject=\"report0\">"
      << "<core:ref>request0</core:ref></core:relationship>"
      << "<core:relationship type=\"arfvocab:isAbout\" subject=\"report0\">"
      << "<core:ref>asset0</core:ref></core:relationship></core:relationships>\n"
      << "<arf:report-requests><arf:report-request id=\"request0\"><arf:content>";
  WriteBenchmarkHead(report, out);
  out << "</Benchmark></arf:content></arf:report-request></arf:report-requests>\n"
      << "<arf:assets><arf:asset id=\"asset0\"><ai:software><ai:installation-id>"
      << Xml(report.inventory.digest.ToString()) << "</ai:installation-id></ai:software>"
      << "</arf:asset></arf:assets>\n"
      << "<arf:reports><arf:report id=\"report0\"><arf:content>";
  WriteTestResult(report, " xmlns=\"http://checklists.nist.gov/xccdf/1.2\"", out);
  out << "</arf:content></arf:report></arf:reports>\n</arf:asset-report-collection>\n";
}

}  // namespace

Format XccdfFormat() {
  return {"xccdf", "XCCDF 1.2: the policies' rules and how they fare, as oscap reads it",
          WriteXccdf};
}
Format ArfFormat() { return {"arf", "the same in an Asset Reporting Format collection", WriteArf}; }

}  // namespace landwaiter::report
