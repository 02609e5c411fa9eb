// The report as one page for people: it needs no server and no other file, and fetches nothing.
// page.html is its frame; its parts can be read without the script (a mail client, a server that
// forbids scripts, as Jenkins does), which adds search, filters and pages to the list of findings.
// The policy of the page names the digests of its own style and script, so that nothing else runs.
#include <ostream>

#include "lib/base/text.h"
#include "report/html/assets.h"
#include "report/html/markup.h"
#include "report/html/parts.h"
#include "report/rows.h"

namespace landwaiter::report {
namespace {

html::Value Text(std::string text) {
  return [text = std::move(text)](std::ostream& out) { out << text; };
}

html::Value Part(std::string (*part)(const ScanReport&), const ScanReport& report) {
  return [part, &report](std::ostream& out) { out << part(report); };
}

std::string MoreNote(std::size_t listed) {
  if (listed <= html::kStaticRows) return {};
  return "<p id=\"more\">" +
         html::Amount(listed - html::kStaticRows, "finding more is", "findings more are") +
         " in this file and listed where its script may run.</p>\n";
}

void WritePage(const ScanReport& report, const TableOptions&, std::ostream& out) {
  const std::string verdict(VerdictName(OverallVerdict(report)));
  const std::size_t listed = html::ListedFindings(report);
  html::Fill(html::kPage,
             {{"styleHash", Text(html::CspHash(html::kStyle))},
              {"scriptHash", Text(html::CspHash(html::kScript))},
              {"style", Text(std::string(html::kStyle))},
              {"script", Text(std::string(html::kScript))},
              {"image", Text(html::Escaped(report.image))},
              {"facts", Part(html::Facts, report)},
              {"verdict", Text(verdict)},
              {"verdictClass", Text("verdict-" + text::ToLower(verdict))},
              {"reason", Text(html::Escaped(html::VerdictReason(report)))},
              {"coverage", Part(html::CoverageSection, report)},
              {"policies", Part(html::PolicySections, report)},
              {"severities", Part(html::SeverityChart, report)},
              {"layers", Part(html::LayerCharts, report)},
              {"count", Text(html::Amount(listed, "finding", "findings"))},
              {"hidden", Part(html::HiddenNote, report)},
              {"rows", Part(html::FindingRows, report)},
              {"more", Text(MoreNote(listed))},
              {"data", [&](std::ostream& to) { html::WriteFindingsData(report, to); }}},
             out);
}

}  // namespace

Format HtmlFormat() {
  return {"html", "for people: one page with charts, search and filters", WritePage};
}

}  // namespace landwaiter::report
