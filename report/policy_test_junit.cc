// JUnit's XML as Jenkins and GitLab read it: a file of tests is a suite, a case a test case.
#include <algorithm>
#include <filesystem>
#include <ostream>

#include "lib/base/text.h"
#include "report/policy_test.h"
#include "report/xml.h"

namespace landwaiter::report {
namespace {

constexpr std::size_t kMaxMessage = 500;  // bytes

std::string Attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + Xml(text::Truncate(value, kMaxMessage)) + "\"";
}

/// The file's name without folders and dots, which part a class from its packages there.
std::string Group(const std::string& file) {
  std::string group = std::filesystem::path(file).stem().string();
  std::replace(group.begin(), group.end(), '.', '_');
  return "policy." + (group.empty() ? "test" : group);
}

void WriteCase(const PolicyTestResult& one, std::ostream& out) {
  out << "    <testcase" << Attribute("classname", Group(one.file)) << Attribute("name", one.name)
      << " time=\"0\"";
  if (one.AsExpected()) {
    out << "/>\n";
    return;
  }
  const bool is_error = !one.error.empty();
  const std::string element = is_error ? "error" : "failure";
  out << ">\n      <" << element << Attribute("message", is_error ? one.error : one.unmet.front())
      << Attribute("type", is_error ? "NotJudged" : "NotAsExpected") << ">";
  for (const std::string& line : one.unmet) out << Xml(text::Truncate(line, kMaxMessage)) << "\n";
  out << "</" << element << ">\n    </testcase>\n";
}

void WriteResults(const std::vector<PolicyTestResult>& results, std::ostream& out) {
  const auto errors = [](const PolicyTestResult& one) { return !one.error.empty(); };
  const auto failures = [](const PolicyTestResult& one) { return !one.unmet.empty(); };
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"Tests of policies\" "
         "tests=\""
      << results.size() << "\" failures=\""
      << std::count_if(results.begin(), results.end(), failures) << "\" errors=\""
      << std::count_if(results.begin(), results.end(), errors) << "\">\n";
  std::size_t id = 0;
  for (auto from = results.begin(); from != results.end(); ++id) {
    const auto to =
        std::find_if(from, results.end(), [&](const auto& one) { return one.file != from->file; });
    out << "  <testsuite id=\"" << id << "\"" << Attribute("name", from->file) << " tests=\""
        << to - from << "\" failures=\"" << std::count_if(from, to, failures) << "\" errors=\""
        << std::count_if(from, to, errors)
        // xs:dateTime is required by the schema; the day of a run would make two of them differ.
        << "\" skipped=\"0\" timestamp=\"1970-01-01T00:00:00\">\n";
    for (; from != to; ++from) WriteCase(*from, out);
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
}

}  // namespace

PolicyTestFormat PolicyTestJunitFormat() {
  return {"junit", "JUnit XML, as Jenkins and GitLab read it", WriteResults};
}

}  // namespace landwaiter::report
