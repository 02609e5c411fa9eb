// What an image's author wrote, in every text of a report and in every format: it may neither leave
// its place nor reach whoever prints the file. That the documents are valid all the same is
// tests/e2e/test_outputs.py's to show.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "lib/base/text.h"
#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

struct Evil {
  const char* name;
  std::string text;
};

const Evil kEvil[] = {
    {"AnEscapeSequence", "\x1b[2J\x1b]0;title\x07"},
    {"ALineOfItsOwn", "a\n::error::pwned\r\n::set-output name=x::y"},
    {"AWorkflowCommand", "::error::pwned"},
    {"ARunnersCommand", "##[error]pwned ##vso[task.complete] ###[x]"},
    {"Markup", "<script>alert(1)</script><!-- --> &lt; &#x3c; ]]>"},
    {"QuotesAndBackslashes", "\"'\\\" \\n \\u0041"},
    {"ATablesCell", "a|b \\| `c` ``d`` |"},
    {"ALink", "[x](javascript:alert(1)) ![y](https://evil.example/z.png) www.evil.example"},
    {"AMention", "@everyone #1 !2 ~3 $(id) ${IFS} {0} {{x}}"},
    {"AFormula", "=cmd|' /C calc'!A0"},
    {"TurnedText", "safe\xE2\x80\xAE gpj.exe\xE2\x81\xA6"},
    {"NoUtf8", "\xff\xfe\xc3\x28\xed\xa0\x80"},
    {"NoCharacters", "\xEF\xBF\xBE\xEF\xBF\xBF"},
    {"AZeroByte", std::string("a\0b", 3)},
    {"AVeryLongOne", std::string(5000, 'x')},
};

ScanReport Infested(const std::string& evil) {
  ScanReport report = AReport();
  report.image = report.reference = report.database.id = report.database.built_at = evil;
  Inventory& inventory = report.inventory.platforms[0];
  inventory.os = OperatingSystem{evil, evil, evil, evil, evil};
  inventory.platform = {evil, evil};
  inventory.layers[0].created_by = evil;
  inventory.coverage.push_back({evil, CoverageState::kFailed, evil, 0});
  inventory.declared_base = DeclaredBase{evil, evil};
  for (Package& p : inventory.packages) {
    p = {evil, evil, evil, evil,          evil, evil, evil,
         evil, evil, evil, {evil, "MIT"}, evil, evil, evil};
    p.cpe = evil;
    p.layer = 0;
  }
  for (Finding& f : report.platforms[0].findings) {
    f.id = f.title = f.url = f.feed = f.advisory = f.package = f.package_type = evil;
    f.installed_version = f.fixed_version = f.purl = f.path = f.cvss_vector = evil;
    f.severity_source = f.published = f.source_package = evil;
    f.aliases = f.weaknesses = {evil};
  }
  PolicyVerdict policy = AVerdict(Verdict::kFail);
  policy.policy = evil;
  policy.violations.push_back({evil, "image", false, evil, evil, evil});
  policy.unknown = policy.exceptions_used = policy.exceptions_ending = {evil};
  report.policies.push_back(policy);
  report.rules = {{evil, "other"}};
  return report;
}

class InjectionTest : public testing::TestWithParam<Evil> {};

TEST_P(InjectionTest, ReachesNoTerminalAndNoRunner) {
  const ScanReport report = Infested(GetParam().text);
  for (const Format& format : Formats()) {
    const std::string text = Rendered(format.name, report);
    for (const std::string_view line : text::Split(text, '\n')) {
      EXPECT_EQ(text::Printable(line), line) << format.name;
      const std::string_view trimmed = text::Trim(line);
      EXPECT_FALSE(trimmed.starts_with("::")) << format.name << ": " << line;
    }
  }
  // Those that are printed to a pipeline's log, or shown by one.
  for (const std::string_view name : {"table", "markdown", "junit", "json", "sarif", "cyclonedx",
                                      "spdx", "gitlab", "xccdf", "arf", "html", "openvex"}) {
    EXPECT_EQ(Rendered(name, report).find("##["), std::string::npos) << name;
    EXPECT_EQ(Rendered(name, report).find("##vso["), std::string::npos) << name;
  }
}

TEST_P(InjectionTest, JsonStaysJson) {
  const ScanReport report = Infested(GetParam().text);
  for (const std::string_view name : {"json", "sarif", "cyclonedx", "spdx", "gitlab"}) {
    EXPECT_TRUE(nlohmann::json::accept(Rendered(name, report))) << name;
  }
}

TEST_P(InjectionTest, XmlHasNoTagsButItsOwn) {
  const std::string text = Rendered("junit", Infested(GetParam().text));
  const std::regex tag(
      "</?(testsuites|testsuite|testcase|failure|error|skipped|system-out)"
      "( [a-z]+=\"[^\"<>]*\")*/?>|<\\?xml version=\"1.0\" encoding=\"UTF-8\"\\?>");
  std::string rest;
  for (const std::string_view line : text::Split(text, '\n')) {
    rest += std::regex_replace(std::string(line), tag, "") + "\n";
  }
  EXPECT_EQ(rest.find_first_of("<>\"'"), std::string::npos) << rest;
  EXPECT_EQ(text.find("\xEF\xBF\xBE"), std::string::npos);
}

/// Outside of code spans there are only our own words.
TEST_P(InjectionTest, MarkdownHoldsItInCodeSpansAndCells) {
  const std::string text = Rendered("markdown", Infested(GetParam().text));
  for (const std::string_view line : text::Split(text, '\n')) {
    EXPECT_EQ(std::count(line.begin(), line.end(), '`') % 2, 0) << line;
    if (line.starts_with("| ")) {
      const auto bars = std::count(line.begin(), line.end(), '|');
      EXPECT_TRUE(bars == 7 || bars == 9) << line;
    }
    bool inside = false;
    std::string outside;
    for (const char c : line) {
      if (c == '`') {
        inside = !inside;
      } else if (!inside) {
        outside += c;
      }
    }
    EXPECT_EQ(outside.find_first_of("<>@[]{}$\\~!"), std::string::npos) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(Report, InjectionTest, testing::ValuesIn(kEvil),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace landwaiter::report
