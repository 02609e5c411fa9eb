// The parts of the page, each a piece of markup (or JSON) of a whole report. All of it can be read
// without the script, which only makes the list of findings searchable.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "report/scan_report.h"

namespace landwaiter::report::html {

/// "critical", …: the class that gives a severity its colour.
std::string SeverityClass(Severity severity);

/// Image, digest, database, and of each platform its system, packages, size and base.
std::string Facts(const ScanReport& report);
/// Why the verdict is what it is, as text: "policy baseline has 9 violations".
std::string VerdictReason(const ScanReport& report);
/// What could not be read, and what was.
std::string CoverageSection(const ScanReport& report);
/// Each policy with its violations by rule. "" without policies.
std::string PolicySections(const ScanReport& report);

/// Counts by severity, of all platforms together; and of each platform by layer, with what made
/// the layer. Tables, whose bars are drawn beside the numbers.
std::string SeverityChart(const ScanReport& report);
std::string LayerCharts(const ScanReport& report);

/// What the lists leave out and why, as sentences; "" where they leave out nothing.
std::string HiddenNote(const ScanReport& report);
/// Rows of the first kStaticRows findings, for readers that run no script.
std::string FindingRows(const ScanReport& report);
/// How many findings are to be listed, of all platforms.
std::size_t ListedFindings(const ScanReport& report);
/// Every finding that is listed, for the script: {"platforms": [{"name", "layers": [history]}],
/// "findings": […]}, empty fields left out. ASCII, and fit to stand in a <script>.
void WriteFindingsData(const ScanReport& report, std::ostream& out);

inline constexpr std::size_t kStaticRows = 500;

}  // namespace landwaiter::report::html
