// The comparison for a pull request's comment: bounded, for a comment holds 65,536 characters, and
// what is left out is counted.
#include <ostream>
#include <string>

#include "report/diff_format.h"
#include "report/words.h"

namespace landwaiter::report {
namespace {

constexpr std::size_t kMaxRows = 50;  // of each of the five tables: some 60,000 bytes at the most

void WriteSide(std::ostream& out, std::string_view label, const Side& side) {
  out << "- " << label << ": " << MarkdownCode(side.image) << ", " << CountsLine(side.counts)
      << "\n";
}

void WriteRest(std::ostream& out, std::size_t count) {
  if (count > kMaxRows) out << "\n_and " << count - kMaxRows << " more_\n";
}

void WriteFindings(std::ostream& out, std::string_view title,
                   const std::vector<DiffFinding>& findings) {
  if (findings.empty()) return;
  out << "\n#### " << title << ": " << findings.size() << "\n\n"
      << "| Severity | Vulnerability | Package | Installed | Fixed in |\n|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < std::min(findings.size(), kMaxRows); ++i) {
    const Finding& f = *findings[i].finding;
    out << "| " << SeverityName(f.severity)
        << (f.known_exploited.value_or(false) ? ", exploited" : "") << " | "
        << MarkdownCode(f.id, 40) << " | " << MarkdownCode(f.package, 60) << " | "
        << MarkdownCode(f.installed_version, 50) << " | " << MarkdownCode(f.fixed_version, 50)
        << " |\n";
  }
  WriteRest(out, findings.size());
}

void WritePackages(std::ostream& out, std::string_view title,
                   const std::vector<DiffPackage>& packages) {
  if (packages.empty()) return;
  out << "\n<details><summary>" << title << ": " << packages.size() << "</summary>\n\n"
      << "| Type | Package | Before | After |\n|---|---|---|---|\n";
  for (std::size_t i = 0; i < std::min(packages.size(), kMaxRows); ++i) {
    const DiffPackage& p = packages[i];
    out << "| " << MarkdownCode(p.type, 20) << " | " << MarkdownCode(p.name, 60) << " | "
        << MarkdownCode(p.before, 50) << " | " << MarkdownCode(p.after, 50) << " |\n";
  }
  WriteRest(out, packages.size());
  out << "\n</details>\n";
}

void WriteDiff(const ScanDiff& diff, std::ostream& out) {
  out << "### " << diff.brought.size() << " brought in, " << diff.fixed.size() << " fixed, "
      << diff.stayed.size() << " stay\n\n";
  WriteSide(out, "Old", diff.before);
  WriteSide(out, "New", diff.after);
  for (const std::string& warning : DiffWarnings(diff)) out << "\n**Note:** " << warning << "\n";
  WriteFindings(out, "Vulnerabilities brought in", diff.brought);
  WriteFindings(out, "Vulnerabilities fixed", diff.fixed);
  WritePackages(out, "Packages added", diff.added);
  WritePackages(out, "Packages removed", diff.removed);
  WritePackages(out, "Packages changed", diff.changed);
}

}  // namespace

DiffFormat DiffMarkdownFormat() { return {"markdown", "for pull requests", WriteDiff}; }

}  // namespace landwaiter::report
