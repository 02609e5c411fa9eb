// JUnit's XML as Jenkins and GitLab read it (the schema of Jenkins' xunit plugin, junit-10.xsd).
// With policies a test case is a rule, and fails where the rule says Fail; without one it is a
// finding, and each fails. That everything could be read is a suite of its own in both: unknown is
// no success.
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "report/facts.h"
#include "report/rows.h"
#include "report/summary.h"
#include "report/words.h"
#include "report/xml.h"

namespace landwaiter::report {
namespace {

constexpr std::size_t kMaxMessage = 500;  // bytes
constexpr std::size_t kMaxLines = 100;    // of one test case

enum class Outcome { kPassed, kFailed, kError, kSkipped };

struct Case {
  std::string group;  // classname: what a service sorts by
  std::string name;
  Outcome outcome = Outcome::kPassed;
  std::string type = {};
  std::string message = {};
  std::vector<std::string> lines = {};  // more about it
};

struct Suite {
  std::string name;
  std::vector<Case> cases;
};

/// Dots part a class from its packages there: "deb.libssl3_1" is no group of "deb".
std::string Group(std::string_view first, std::string_view second) {
  std::string group(second);
  std::replace(group.begin(), group.end(), '.', '_');
  return std::string(first) + "." + group;
}

Suite CoverageSuite(const ScanReport& report) {
  Suite suite{"Everything could be read", {}};
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    const std::string platform = report.inventory.platforms[i].platform.ToString();
    for (const Coverage& line : AllCoverage(report, i)) {
      Case one{Group("coverage", platform), line.source};
      if (line.state != CoverageState::kRead) {
        one.outcome = Outcome::kError;
        one.type = CoverageStateName(line.state);
        one.message = line.source + " is " + one.type + ": " + line.reason;
      }
      suite.cases.push_back(std::move(one));
    }
  }
  if (report.inventory.platforms.empty()) {
    suite.cases.push_back(
        {"coverage", "image", Outcome::kError, "Failed", "no platform of the image was read", {}});
  }
  return suite;
}

Suite FindingsSuite(const ScanReport& report, std::size_t index) {
  const Inventory& inventory = report.inventory.platforms[index];
  Suite suite{"Vulnerabilities, " + inventory.platform.ToString(), {}};
  const auto shown =
      ApplyFilter(FindingsOf(report, index).findings, report.filter, HostKernel::kHide).findings;
  for (const Finding* f : shown) {
    Case one{Group(f->package_type, f->package), f->id + " in " + f->package + " " +
                                                     f->installed_version +
                                                     (f->path.empty() ? "" : " (" + f->path + ")")};
    one.type = SeverityName(f->severity);
    one.message =
        f->id + " (" + one.type + ") in " + f->package + " " + f->installed_version +
        (f->fixed_version.empty() ? ", no fixed version" : ", fixed in " + f->fixed_version);
    const std::string excused = ExcusedBy(report, *f);
    one.outcome = excused.empty() ? Outcome::kFailed : Outcome::kSkipped;
    if (!excused.empty()) one.message += ", excused by " + excused;
    one.lines = {f->title, f->url, "feed " + f->feed + ", " + f->advisory,
                 "layer " + LayerDigest(inventory, f->layer)};
    suite.cases.push_back(std::move(one));
  }
  if (shown.empty()) suite.cases.push_back({"vulnerabilities", "nothing is known"});
  return suite;
}

Suite PolicySuite(const ScanReport& report, std::size_t index) {
  const PolicyVerdict& policy = report.policies[index];
  Suite suite{"Policy " + policy.policy, {}};
  std::vector<std::string> rules;
  if (index < report.rules.size()) {
    for (const PolicyRule& rule : report.rules[index]) rules.push_back(rule.name);
  }
  for (const Violation& violation : policy.violations) {
    if (std::find(rules.begin(), rules.end(), violation.rule) == rules.end()) {
      rules.push_back(violation.rule);
    }
  }
  for (const std::string& rule : rules) {
    Case one{Group("policy", policy.policy), rule};
    std::size_t count = 0;
    bool fails = false;
    for (const Violation& violation : policy.violations) {
      if (violation.rule != rule) continue;
      fails = fails || violation.fails;
      if (++count == 1) one.message = violation.message;
      if (count <= kMaxLines) one.lines.push_back(violation.message);
    }
    if (count > kMaxLines)
      one.lines.push_back("and " + std::to_string(count - kMaxLines) + " more");
    if (count > 1) one.message += ", and " + std::to_string(count - 1) + " more";
    if (fails) {
      one.outcome = Outcome::kFailed;
      one.type = "Fail";
    }
    suite.cases.push_back(std::move(one));
  }
  for (const std::string& reason : policy.unknown) {
    suite.cases.push_back({Group("policy", policy.policy),
                           "can be decided: " + reason,
                           Outcome::kError,
                           "Unknown",
                           reason,
                           {}});
  }
  if (suite.cases.empty())
    suite.cases.push_back({Group("policy", policy.policy), "no rule is broken"});
  return suite;
}

std::size_t CountOf(const Suite& suite, Outcome outcome) {
  return static_cast<std::size_t>(
      std::count_if(suite.cases.begin(), suite.cases.end(),
                    [&](const Case& one) { return one.outcome == outcome; }));
}

std::string Attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + Xml(text::Truncate(value, kMaxMessage)) + "\"";
}

std::string Text(const Case& one) {
  std::string text;
  for (const std::string& line : one.lines) {
    if (!line.empty()) text += Xml(text::Truncate(line, kMaxMessage)) + "\n";
  }
  return text;
}

void WriteCase(const Case& one, std::ostream& out) {
  out << "    <testcase" << Attribute("classname", one.group) << Attribute("name", one.name)
      << " time=\"0\"";
  const std::string message = Attribute("message", one.message) + Attribute("type", one.type);
  switch (one.outcome) {
    case Outcome::kPassed:
      if (one.lines.empty()) {
        out << "/>\n";
        return;
      }
      out << ">\n      <system-out>" << Text(one) << "</system-out>\n";  // a rule that only warns
      break;
    case Outcome::kFailed:
      out << ">\n      <failure" << message << ">" << Text(one) << "</failure>\n";
      break;
    case Outcome::kError:
      out << ">\n      <error" << message << ">" << Text(one) << "</error>\n";
      break;
    case Outcome::kSkipped:
      out << ">\n      <skipped" << Attribute("message", one.message) << "/>\n";
      break;
  }
  out << "    </testcase>\n";
}

void WriteReport(const ScanReport& report, const TableOptions&, std::ostream& out) {
  std::vector<Suite> suites = {CoverageSuite(report)};
  if (report.policies.empty()) {
    for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
      suites.push_back(FindingsSuite(report, i));
    }
  }
  for (std::size_t i = 0; i < report.policies.size(); ++i) suites.push_back(PolicySuite(report, i));
  std::size_t tests = 0, failures = 0, errors = 0;
  for (const Suite& suite : suites) {
    tests += suite.cases.size();
    failures += CountOf(suite, Outcome::kFailed);
    errors += CountOf(suite, Outcome::kError);
  }
  // xs:dateTime as the schema has it, without a zone.
  const std::string date = DateOf(report).substr(0, 19);
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites"
      << Attribute("name", "Landwaiter: " + NameOf(report)) << " tests=\"" << tests
      << "\" failures=\"" << failures << "\" errors=\"" << errors << "\">\n";
  for (std::size_t i = 0; i < suites.size(); ++i) {
    const Suite& suite = suites[i];
    out << "  <testsuite id=\"" << i << "\"" << Attribute("name", suite.name) << " tests=\""
        << suite.cases.size() << "\" failures=\"" << CountOf(suite, Outcome::kFailed)
        << "\" errors=\"" << CountOf(suite, Outcome::kError) << "\" skipped=\""
        << CountOf(suite, Outcome::kSkipped) << "\" timestamp=\"" << date << "\">\n";
    for (const Case& one : suite.cases) WriteCase(one, out);
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
}

}  // namespace

Format JunitFormat() { return {"junit", "JUnit XML, as Jenkins and GitLab read it", WriteReport}; }

}  // namespace landwaiter::report
