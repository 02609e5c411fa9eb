// The report for people. Everything an image's author wrote goes through PlainText.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <ostream>

#include "lib/base/text.h"
#include "report/rows.h"
#include "report/scan_report.h"
#include "report/summary.h"
#include "report/words.h"

namespace landwaiter::report {
namespace {

constexpr std::size_t kColumns = 6;
constexpr std::size_t kMaxCell = 60;  // versions may have 300 bytes, paths 4 KiB
constexpr std::size_t kMinLastColumn = 12;
constexpr std::size_t kMaxViolations = 10;  // of one rule; findings stand in the list above
using Row = std::array<std::string, kColumns>;

std::string_view ColourOf(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "1;31";
    case Severity::kHigh:
      return "31";
    case Severity::kMedium:
      return "33";
    case Severity::kLow:
      return "36";
    case Severity::kNegligible:
      return "2";
    case Severity::kUnknown:
      return "35";
  }
  return "";
}

std::string_view ColourOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "1;32";
    case Verdict::kWarn:
      return "1;33";
    case Verdict::kUnknown:
      return "1;35";
    case Verdict::kFail:
      return "1;31";
  }
  return "";
}

/// Columns of a terminal: one a code point. Wide and combining characters are not told apart.
std::size_t Columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// At most `columns` wide, the cut shown by "…".
std::string Fit(std::string_view text, std::size_t columns) {
  if (Columns(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t end = 0;
  for (std::size_t kept = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) continue;
    if (kept++ == columns - 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string Bytes(std::uint64_t bytes) {
  char buffer[32];
  if (bytes < 1'000'000) {
    std::snprintf(buffer, sizeof buffer, "%.1f kB", static_cast<double>(bytes) / 1e3);
  } else {
    std::snprintf(buffer, sizeof buffer, "%.1f MB", static_cast<double>(bytes) / 1e6);
  }
  return buffer;
}

class Table {
 public:
  Table(const ScanReport& report, const TableOptions& options, std::ostream& out)
      : report_(report), options_(options), out_(out) {}

  void Render() {
    Line("Image:     " + PlainText(report_.image));
    Line("Digest:    " + report_.inventory.digest.ToString());
    Line("Database:  " + DatabaseLine());
    for (std::size_t i = 0; i < report_.inventory.platforms.size(); ++i) RenderPlatform(i);
    if (report_.inventory.platforms.empty()) {
      Line("");
      Line(Paint("no platform of the image was read", "1;31"));
    }
    for (const PolicyVerdict& policy : report_.policies) RenderPolicy(policy);
    Line("");
    Line(VerdictLine());
  }

 private:
  std::string Paint(std::string_view text, std::string_view colour) const {
    if (!options_.colour || colour.empty()) return std::string(text);
    return "\x1b[" + std::string(colour) + "m" + std::string(text) + "\x1b[0m";
  }

  /// Lines of prose are not cut: a reason that ends in the middle helps nobody.
  void Line(std::string_view text) { out_ << text << '\n'; }

  std::string DatabaseLine() const {
    if (report_.database.id.empty()) return "none, packages were not matched with advisories";
    std::string line =
        PlainText(report_.database.id) + ", built " + PlainText(report_.database.built_at);
    for (const auto& [feed, time] : report_.database.feeds) {
      line += "; " + PlainText(feed) + (time.empty() ? "" : " " + PlainText(time));
    }
    return line;
  }

  void RenderPlatform(std::size_t index) {
    const Inventory& inventory = report_.inventory.platforms[index];
    std::string os = "no operating system found";
    if (inventory.os) {
      os = PlainText(inventory.os->family);
      if (!inventory.os->version.empty()) os += " " + PlainText(inventory.os->version);
    }
    Line("Platform:  " + PlainText(inventory.platform.ToString()) + ", " + os + ", " +
         Plural(inventory.packages.size(), "package", "packages") + ", " +
         Bytes(inventory.size_bytes));
    RenderBase(index);
    RenderCoverage(index);
    RenderFindings(index);
    RenderSuppressed(index);
    if (report_.inventory.collected.secrets != 0) RenderSecrets(inventory);
    RenderMalware(inventory);
    if (report_.inventory.collected.integrity) RenderIntegrity(inventory);
  }

  /// A few by name, all of them counted: what is taken out must not be out of sight.
  void RenderSuppressed(std::size_t index) {
    const auto& suppressed = FindingsOf(report_, index).suppressed;
    if (suppressed.empty()) return;
    constexpr std::size_t kShown = 10;
    Line("");
    Line("Taken out by VEX: " + Plural(suppressed.size(), "finding", "findings"));
    for (std::size_t i = 0; i < suppressed.size() && i < kShown; ++i) {
      const matching::SuppressedFinding& one = suppressed[i];
      Line("  " + PlainText(one.finding.id) + " in " + PlainText(one.finding.package) + " " +
           PlainText(one.finding.installed_version) + ": " +
           std::string(matching::VexStatusName(one.status)) +
           (one.justification.empty() ? "" : ", " + PlainText(one.justification)) + " (" +
           PlainText(one.source) + ")");
    }
    if (suppressed.size() > kShown) {
      Line("  and " + std::to_string(suppressed.size() - kShown) + " more");
    }
  }

  /// Those of little confidence are counted: they are mostly none.
  void RenderSecrets(const Inventory& inventory) {
    Line("");
    const auto low =
        std::count_if(inventory.secrets.begin(), inventory.secrets.end(),
                      [](const SecretFound& s) { return s.confidence == SecretConfidence::kLow; });
    const auto shown =
        static_cast<std::uint64_t>(static_cast<std::ptrdiff_t>(inventory.secrets.size()) - low);
    Line("Secrets: " + std::to_string(shown) + "; " + std::to_string(low) +
         " more of low confidence");
    for (const SecretFound& secret : inventory.secrets) {
      if (secret.confidence == SecretConfidence::kLow) continue;
      Line("  " + Paint(text::Printable(secret.rule), "31") + "  /" + text::Printable(secret.path) +
           ":" + std::to_string(secret.line) + "  " + text::Printable(secret.redacted) +
           "  layer " + std::to_string(secret.layer + 1) +
           (secret.final ? "" : ", not in the final image"));
    }
  }

  /// What was found before clamd failed is told, too.
  void RenderMalware(const Inventory& inventory) {
    const bool looked = report_.inventory.collected.malware;
    if (!looked && inventory.malware.empty()) return;
    Line("");
    Line("Malware: " + std::to_string(inventory.malware.size()) + "; " +
         (looked ? "" : "not all files were looked at; ") +
         PlainText(report_.inventory.malware_database));
    for (const MalwareFound& found : inventory.malware) {
      Line("  " + Paint(text::Printable(found.signature), "31") + "  /" +
           text::Printable(found.path) + "  layer " + std::to_string(found.layer + 1) +
           (found.final ? "" : ", not in the final image"));
    }
  }

  /// A few by name, all of them counted: an image without its documentation lacks thousands.
  void RenderIntegrity(const Inventory& inventory) {
    constexpr std::size_t kShown = 20;
    Line("");
    Line("Files that are not as their packages brought them: " +
         std::to_string(inventory.integrity.size()));
    for (std::size_t i = 0; i < std::min(kShown, inventory.integrity.size()); ++i) {
      const IntegrityFound& found = inventory.integrity[i];
      Line(std::string("  ") + (found.fault == IntegrityFault::kChanged ? "changed" : "missing") +
           "  /" + text::Printable(found.path) + "  " + PlainText(found.package) +
           (found.config ? "  (configuration)" : ""));
    }
    if (inventory.integrity.size() > kShown) {
      Line("  and " + std::to_string(inventory.integrity.size() - kShown) + " more");
    }
  }

  void RenderBase(std::size_t index) {
    const Inventory& inventory = report_.inventory.platforms[index];
    if (const auto& base = BaseOf(report_, index)) {
      Line("Base:      " + PlainText(base->name) + " (" + base->digest.ToString() + "), " +
           std::to_string(base->layers) + " of " +
           Plural(inventory.layers.size(), "layer", "layers"));
    }
    if (!inventory.declared_base) return;
    const DeclaredBase& declared = *inventory.declared_base;
    std::string line = declared.name.empty() ? "an image without a name" : declared.name;
    if (!declared.digest.empty()) line += " (" + declared.digest + ")";
    Line("Declared:  built on " + PlainText(line) + ", as its builder says");
  }

  void RenderCoverage(std::size_t index) {
    std::vector<Coverage> gaps = AllCoverage(report_, index);
    std::erase_if(gaps, [](const Coverage& c) { return c.state == CoverageState::kRead; });
    if (gaps.empty()) return;
    Line("");
    Line(Paint("NOT EVERYTHING COULD BE READ: there may be more than is listed below", "1;31"));
    for (const Coverage& gap : gaps) {
      Line("  " + PlainText(gap.source) + ": " + Paint(CoverageStateName(gap.state), "31") +
           (gap.reason.empty() ? "" : ": " + PlainText(text::Truncate(gap.reason, 500))));
    }
  }

  void RenderFindings(std::size_t index) {
    const auto& findings = FindingsOf(report_, index).findings;
    const Shortened shown = ApplyFilter(findings, report_.filter, HostKernel::kHide);
    Line("");
    Line("Vulnerabilities: " + CountsLine(Count(findings)));
    const std::optional<BaseImage>& base = BaseOf(report_, index);
    if (base) Line(OfBaseLine(findings, base));
    if (!shown.findings.empty()) RenderRows(shown.findings, base);
    const auto hidden = [&](std::uint64_t count, const std::string& why) {
      if (count == 0) return;
      Line(Plural(count, "finding is", "findings are") + " not shown: " + why);
    };
    hidden(shown.below_severity,
           "below " + std::string(SeverityName(report_.filter.severity_at_least)));
    hidden(shown.unfixed, "no fixed version");
    hidden(shown.host_kernel, "in kernel headers, where the host's kernel decides");
  }

  /// Of all findings that count, as the line of counts.
  static std::string OfBaseLine(const std::vector<Finding>& findings,
                                const std::optional<BaseImage>& base) {
    const auto of_base =
        std::count_if(findings.begin(), findings.end(), [&](const Finding& finding) {
          return !finding.host_kernel && IsFromBase(base, finding.layer).value_or(false);
        });
    return "Of the base:     " + Plural(static_cast<std::uint64_t>(of_base), "finding", "findings");
  }

  void RenderRows(const std::vector<const Finding*>& findings,
                  const std::optional<BaseImage>& base) {
    std::vector<Row> rows = {{"SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED", "PATH"}};
    for (const Finding* f : findings) {
      const bool exploited = f->known_exploited.value_or(false);
      rows.push_back({std::string(SeverityName(f->severity)) + (exploited ? "!" : ""), f->id,
                      f->package + (IsFromBase(base, f->layer).value_or(false) ? " (base)" : ""),
                      f->installed_version, f->fixed_version.empty() ? "-" : f->fixed_version,
                      f->path});
      for (std::size_t c = 0; c < kColumns; ++c) {
        std::string& cell = rows.back()[c];
        cell = PlainText(cell);
        if (c + 1 < kColumns) cell = Fit(cell, kMaxCell);
      }
    }
    const auto widths = Widths(rows);
    Line("");
    for (std::size_t r = 0; r < rows.size(); ++r) {
      Line(RowText(rows[r], widths, r == 0 ? "1" : ColourOf(findings[r - 1]->severity)));
    }
    const bool any_exploited = std::any_of(findings.begin(), findings.end(), [](const Finding* f) {
      return f->known_exploited.value_or(false);
    });
    if (any_exploited) Line("! known to be exploited");
  }

  /// Each column as wide as its widest cell; on a narrow terminal the last one gives way first,
  /// then whichever is widest.
  std::array<std::size_t, kColumns> Widths(const std::vector<Row>& rows) const {
    std::array<std::size_t, kColumns> widths{};
    for (const Row& row : rows) {
      for (std::size_t c = 0; c < kColumns; ++c) {
        widths[c] = std::max(widths[c], Columns(row[c]));
      }
    }
    if (options_.width == 0) return widths;
    const auto total = [&] {
      std::size_t sum = 2 * (kColumns - 1);
      for (const std::size_t width : widths) sum += width;
      return sum;
    };
    if (total() > options_.width) {
      const std::size_t over = total() - options_.width;
      const std::size_t last = widths[kColumns - 1];
      const std::size_t least = std::min(last, kMinLastColumn);
      widths[kColumns - 1] = last > over + least ? last - over : least;
    }
    constexpr std::size_t kMinColumn = 8;
    while (total() > options_.width) {
      auto widest = std::max_element(widths.begin(), widths.end());
      if (*widest <= kMinColumn) break;
      --*widest;
    }
    return widths;
  }

  std::string RowText(const Row& row, const std::array<std::size_t, kColumns>& widths,
                      std::string_view colour) const {
    std::string line;
    for (std::size_t c = 0; c < kColumns; ++c) {
      const std::string cell = Fit(row[c], widths[c]);
      line += c == 0 ? Paint(cell, colour) : cell;
      if (c + 1 < kColumns) line.append(widths[c] - Columns(cell) + 2, ' ');
    }
    return line;
  }

  void RenderPolicy(const PolicyVerdict& policy) {
    Line("");
    Line("Policy " + PlainText(policy.policy) + ": " +
         Paint(VerdictName(policy.verdict), ColourOf(policy.verdict)));
    std::map<std::string, std::uint64_t> of_rule;
    for (const Violation& violation : policy.violations) {
      if (++of_rule[violation.rule] > kMaxViolations) continue;
      Line("  " + Paint(violation.fails ? "Fail" : "Warn", violation.fails ? "31" : "33") + "  " +
           PlainText(violation.rule) + ": " + PlainText(violation.message));
    }
    for (const auto& [rule, count] : of_rule) {
      if (count <= kMaxViolations) continue;
      Line("        " + PlainText(rule) + ": and " + std::to_string(count - kMaxViolations) +
           " more");
    }
    const auto list = [&](const std::vector<std::string>& lines, std::string_view label) {
      for (const std::string& line : lines) {
        Line("  " + std::string(label) + "  " + PlainText(line));
      }
    };
    for (const ComingViolation& one : policy.coming) {
      Line("  " + Paint(one.fails ? "would fail from" : "would warn from", "33") + " " + one.from +
           "  " + text::Printable(one.rule) + ": " + text::Printable(one.message));
    }
    list(policy.unknown, Paint("Unknown", "35"));
    list(policy.exceptions_used, "excused by");
    list(policy.exceptions_ending, Paint("exception ends", "33"));
  }

  std::string VerdictLine() const {
    const Verdict verdict = OverallVerdict(report_);
    std::string line = "Verdict: " + Paint(VerdictName(verdict), ColourOf(verdict));
    if (report_.policies.empty()) {
      line += ", no policy was given";
      return IsComplete(report_) ? line : line + " and not everything could be read";
    }
    std::vector<std::string> reasons;
    for (const PolicyVerdict& policy : report_.policies) {
      if (policy.verdict != verdict || verdict == Verdict::kPass) continue;
      const auto count =
          std::count_if(policy.violations.begin(), policy.violations.end(),
                        [&](const Violation& v) { return v.fails == (verdict == Verdict::kFail); });
      reasons.push_back(
          "policy " + PlainText(policy.policy) +
          (verdict == Verdict::kUnknown
               ? " cannot be decided (" + Plural(policy.unknown.size(), "reason", "reasons") + ")"
               : " has " + Plural(static_cast<std::uint64_t>(count), "violation", "violations")));
    }
    if (verdict == Verdict::kPass) {
      return line + " (" + Plural(report_.policies.size(), "policy", "policies") + ")";
    }
    return line + ", " + text::Join(reasons, ", ");
  }

  const ScanReport& report_;
  TableOptions options_;
  std::ostream& out_;
};

}  // namespace

Format TableFormat() {
  return {"table", "for people: findings worst first, the last line is the verdict",
          [](const ScanReport& report, const TableOptions& options, std::ostream& out) {
            Table(report, options, out).Render();
          }};
}

}  // namespace landwaiter::report
