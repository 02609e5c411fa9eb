// The report for a pull request's comment or a job's summary, as GitHub Flavored Markdown
// (github.github.com/gfm), which GitLab reads too. Bounded: a comment holds 65,536 characters.
// What an image's author wrote stands in code spans.
#include <algorithm>
#include <map>
#include <ostream>
#include <string>

#include "lib/base/text.h"
#include "report/facts.h"
#include "report/rows.h"
#include "report/scan_report.h"
#include "report/summary.h"
#include "report/words.h"

namespace landwaiter::report {
namespace {

constexpr std::size_t kMaxText = 60'000;    // bytes; a character has one or more
constexpr std::size_t kMaxMessage = 400;    // of a violation, or why something was not read
constexpr std::size_t kMaxViolations = 10;  // of one rule
constexpr std::size_t kEnd = 200;           // kept for the words about what was left out

/// A link only to what is an address in any reading.
std::string LinkedId(const Finding& finding) {
  const bool link = IsWebAddress(finding.url) && finding.url.size() <= 300 &&
                    finding.url.find_first_of("$!@;,") == std::string::npos;
  return link ? "[" + MarkdownCode(finding.id) + "](" + finding.url + ")"
              : MarkdownCode(finding.id);
}

class Markdown {
 public:
  Markdown(const ScanReport& report, std::ostream& out) : report_(report), out_(out) {}

  void Write() {
    const Verdict verdict = OverallVerdict(report_);
    Line("### " + MarkdownCode(report_.image, kMaxMessage) + ": " +
         std::string(VerdictName(verdict)));
    Line("");
    Line("Digest " + MarkdownCode(report_.inventory.digest.ToString()) + ", " + DatabaseWords());
    if (report_.inventory.platforms.empty()) {
      Line("");
      Line("**No platform of the image was read.**");
    }
    for (const PolicyVerdict& policy : report_.policies) WritePolicy(policy);
    for (std::size_t i = 0; i < report_.inventory.platforms.size(); ++i) WritePlatform(i);
    if (left_out_ > 0) {
      out_ << "\n_" << Plural(left_out_, "line", "lines")
           << " left out: the whole is in the other formats._\n";
    }
  }

 private:
  /// Drops what would make the text longer than it may be. After that nothing is written any more,
  /// so that no table begins without its head.
  void Line(const std::string& line) {
    if (left_out_ > 0 || written_ + line.size() + 1 > kMaxText - kEnd) {
      if (!line.empty()) ++left_out_;
      return;
    }
    written_ += line.size() + 1;
    out_ << line << '\n';
  }

  std::string DatabaseWords() const {
    if (report_.database.id.empty()) return "no advisory database";
    return "advisory database " + MarkdownCode(report_.database.id) + " built " +
           MarkdownCode(report_.database.built_at);
  }

  void WritePolicy(const PolicyVerdict& policy) {
    Line("");
    Line("#### Policy " + MarkdownCode(policy.policy) + ": " +
         std::string(VerdictName(policy.verdict)));
    Line("");
    std::map<std::string, std::uint64_t> of_rule;
    for (const Violation& violation : policy.violations) {
      if (++of_rule[violation.rule] > kMaxViolations) continue;
      Line(std::string("- **") + (violation.fails ? "Fail" : "Warn") + "** " +
           MarkdownCode(violation.rule) + ": " + MarkdownCode(violation.message, kMaxMessage));
    }
    for (const auto& [rule, count] : of_rule) {
      if (count > kMaxViolations) {
        Line("- " + MarkdownCode(rule) + ": and " + std::to_string(count - kMaxViolations) +
             " more");
      }
    }
    const auto list = [&](const std::vector<std::string>& lines, const std::string& label) {
      for (const std::string& line : lines)
        Line("- " + label + " " + MarkdownCode(line, kMaxMessage));
    };
    list(policy.unknown, "**Unknown**");
    list(policy.exceptions_used, "excused by");
    list(policy.exceptions_ending, "exception ends:");
  }

  void WritePlatform(std::size_t index) {
    const Inventory& inventory = report_.inventory.platforms[index];
    Line("");
    Line("#### " + MarkdownCode(inventory.platform.ToString()) + ": " +
         Plural(inventory.packages.size(), "package", "packages") +
         (inventory.os ? " on " + MarkdownCode(inventory.os->family + " " + inventory.os->version)
                       : ""));
    WriteCoverage(index);
    const auto& findings = FindingsOf(report_, index).findings;
    const Shortened shown = ApplyFilter(findings, report_.filter, HostKernel::kHide);
    WriteCounts(Count(findings));
    if (!shown.findings.empty()) WriteFindings(shown.findings);
    const auto hidden = [&](std::uint64_t count, const std::string& why) {
      if (count == 0) return;
      Line("");
      Line(Plural(count, "finding is", "findings are") + " not shown: " + why);
    };
    hidden(shown.below_severity,
           "below " + std::string(SeverityName(report_.filter.severity_at_least)));
    hidden(shown.unfixed, "no fixed version");
    hidden(shown.host_kernel, "in kernel headers, where the host's kernel decides");
  }

  void WriteCoverage(std::size_t index) {
    bool any = false;
    for (const Coverage& gap : AllCoverage(report_, index)) {
      if (gap.state == CoverageState::kRead) continue;
      if (!any) {
        Line("");
        Line("**Not everything could be read: there may be more than is listed below.**");
        Line("");
        any = true;
      }
      Line("- " + MarkdownCode(gap.source) + " " + std::string(CoverageStateName(gap.state)) +
           (gap.reason.empty() ? "" : ": " + MarkdownCode(gap.reason, kMaxMessage)));
    }
  }

  void WriteCounts(const SeverityCounts& counts) {
    Line("");
    Line("| Critical | High | Medium | Low | Negligible | Unknown | fixable | known exploited |");
    Line("|--:|--:|--:|--:|--:|--:|--:|--:|");
    std::string row = "|";
    for (const Severity severity : {Severity::kCritical, Severity::kHigh, Severity::kMedium,
                                    Severity::kLow, Severity::kNegligible, Severity::kUnknown}) {
      row += " " + std::to_string(counts.Of(severity)) + " |";
    }
    Line(row + " " + std::to_string(counts.fixable) + " | " +
         std::to_string(counts.known_exploited) + " |");
  }

  void WriteFindings(const std::vector<const Finding*>& findings) {
    Line("");
    Line("| Severity | Vulnerability | Package | Installed | Fixed in | Path |");
    Line("|---|---|---|---|---|---|");
    for (const Finding* f : findings) {
      Line("| " + std::string(SeverityName(f->severity)) +
           (f->known_exploited.value_or(false) ? ", exploited" : "") + " | " + LinkedId(*f) +
           " | " + MarkdownCode(f->package) + " | " + MarkdownCode(f->installed_version) + " | " +
           MarkdownCode(f->fixed_version) + " | " + MarkdownCode(f->path) + " |");
    }
  }

  const ScanReport& report_;
  std::ostream& out_;
  std::size_t written_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace

Format MarkdownFormat() {
  return {"markdown", "for pull requests and job summaries",
          [](const ScanReport& report, const TableOptions&, std::ostream& out) {
            Markdown(report, out).Write();
          }};
}

}  // namespace landwaiter::report
