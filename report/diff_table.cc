// The comparison for people: what came in, what went, one line each.
#include <ostream>
#include <string>

#include "report/diff_format.h"
#include "report/words.h"

namespace landwaiter::report {
namespace {

void WriteSide(std::ostream& out, std::string_view label, const Side& side) {
  out << label << PlainText(side.image) << " (" << side.digest << ")\n"
      << "     " << CountsLine(side.counts) << '\n';
}

std::string Place(const std::string& platform, const std::string& path) {
  std::string place = path;
  if (!platform.empty()) place += (place.empty() ? "" : ", ") + platform;
  return place.empty() ? "" : "  " + PlainText(place);
}

void WriteFindings(std::ostream& out, std::string_view title,
                   const std::vector<DiffFinding>& findings, char sign) {
  out << '\n' << title << ": " << findings.size() << '\n';
  for (const DiffFinding& one : findings) {
    const Finding& f = *one.finding;
    out << sign << ' ' << SeverityName(f.severity) << (f.known_exploited.value_or(false) ? "!" : "")
        << "  " << PlainText(f.id) << "  " << PlainText(f.package) << ' '
        << PlainText(f.installed_version)
        << (f.fixed_version.empty() ? ", no fix" : ", fixed in " + PlainText(f.fixed_version))
        << Place(one.platform, f.path) << '\n';
  }
}

void WritePackages(std::ostream& out, std::string_view title,
                   const std::vector<DiffPackage>& packages, char sign) {
  out << '\n' << title << ": " << packages.size() << '\n';
  for (const DiffPackage& p : packages) {
    const std::string versions = p.before.empty()  ? p.after
                                 : p.after.empty() ? p.before
                                                   : p.before + " -> " + p.after;
    out << sign << ' ' << PlainText(p.type) << "  " << PlainText(p.name) << ' '
        << PlainText(versions) << Place(p.platform, p.path) << '\n';
  }
}

void WriteDiff(const ScanDiff& diff, std::ostream& out) {
  WriteSide(out, "Old: ", diff.before);
  WriteSide(out, "New: ", diff.after);
  for (const std::string& warning : DiffWarnings(diff)) out << "NOTE: " << warning << '\n';
  WriteFindings(out, "Vulnerabilities brought in", diff.brought, '+');
  WriteFindings(out, "Vulnerabilities fixed", diff.fixed, '-');
  out << "\nVulnerabilities that stay: " << diff.stayed.size() << '\n';
  WritePackages(out, "Packages added", diff.added, '+');
  WritePackages(out, "Packages removed", diff.removed, '-');
  WritePackages(out, "Packages changed", diff.changed, '~');
}

}  // namespace

DiffFormat DiffTableFormat() { return {"table", "for people", WriteDiff}; }

}  // namespace landwaiter::report
