// What stands above the lists: facts of the image, verdict, coverage, policies.
#include <algorithm>
#include <cstdio>
#include <map>

#include "lib/base/text.h"
#include "report/html/markup.h"
#include "report/html/parts.h"
#include "report/summary.h"

namespace landwaiter::report::html {
namespace {

constexpr std::size_t kMaxViolations = 100;  // of one rule; findings stand in their list
constexpr std::size_t kMaxReasonBytes = 500;

std::string Fact(std::string_view name, std::string_view markup) {
  return "<div><dt>" + std::string(name) + "</dt><dd>" + std::string(markup) + "</dd></div>\n";
}

std::string Bytes(std::uint64_t bytes) {
  const bool small = bytes < 1'000'000;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f %s", static_cast<double>(bytes) / (small ? 1e3 : 1e6),
                small ? "kB" : "MB");
  return buffer;
}

std::string SystemOf(const Inventory& inventory) {
  if (!inventory.os) return "no operating system found";
  if (!inventory.os->pretty_name.empty()) return inventory.os->pretty_name;
  return inventory.os->family + (inventory.os->version.empty() ? "" : " " + inventory.os->version);
}

std::string PlatformFacts(const ScanReport& report, std::size_t index) {
  const Inventory& inventory = report.inventory.platforms[index];
  std::string facts =
      Fact("Platform", Escaped(inventory.platform.ToString() + ", " + SystemOf(inventory)));
  facts += Fact("Holds", Amount(inventory.packages.size(), "package", "packages") + " in " +
                             Amount(inventory.layers.size(), "layer", "layers") + ", " +
                             Bytes(inventory.size_bytes));
  if (const auto& base = BaseOf(report, index)) {
    facts += Fact("Base", Escaped(base->name) + ", " + std::to_string(base->layers) + " of " +
                              Amount(inventory.layers.size(), "layer", "layers") + "<br><code>" +
                              Escaped(base->digest.ToString()) + "</code>");
  }
  if (const auto& declared = inventory.declared_base) {
    facts +=
        Fact("Declared base", Escaped(declared->name.empty() ? declared->digest : declared->name) +
                                  ", as its builder says");
  }
  return facts;
}

struct Gap {
  std::string platform;
  Coverage line;
};

std::string CoverageTable(const std::vector<Gap>& lines, bool with_platform) {
  std::string table = "<table class=\"plain\" role=\"table\"><thead><tr role=\"row\">";
  if (with_platform) table += "<th role=\"columnheader\" scope=\"col\">Platform</th>";
  table +=
      "<th role=\"columnheader\" scope=\"col\">Source</th>"
      "<th role=\"columnheader\" scope=\"col\">State</th>"
      "<th role=\"columnheader\" scope=\"col\">What was found or is missing</th></tr></thead>"
      "<tbody>\n";
  for (const Gap& gap : lines) {
    const std::string said = gap.line.reason.empty()
                                 ? Amount(gap.line.packages, "package", "packages")
                                 : text::Truncate(Shown(gap.line.reason), kMaxReasonBytes);
    table += "<tr role=\"row\">";
    if (with_platform) table += "<td role=\"cell\">" + Escaped(gap.platform) + "</td>";
    table += "<td role=\"cell\">" + Escaped(gap.line.source) + "</td><td role=\"cell\">" +
             std::string(CoverageStateName(gap.line.state)) + "</td><td role=\"cell\">" +
             Escaped(said) + "</td></tr>\n";
  }
  return table + "</tbody></table>\n";
}

std::string List(std::string_view heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string list = "<h4>" + std::string(heading) + "</h4>\n<ul>\n";
  for (const std::string& line : lines) list += "<li>" + Escaped(line) + "</li>\n";
  return list + "</ul>\n";
}

std::string Violations(const PolicyVerdict& policy) {
  std::map<std::string, std::vector<const Violation*>> of_rule;
  std::vector<std::string> order;  // the first violation of a rule gives the rule its place
  for (const Violation& violation : policy.violations) {
    auto& listed = of_rule[violation.rule];
    if (listed.empty()) order.push_back(violation.rule);
    listed.push_back(&violation);
  }
  std::string out;
  for (const std::string& rule : order) {
    const auto& listed = of_rule[rule];
    out += "<details open><summary><strong>" + Escaped(rule) +
           "</strong>: " + std::string(listed.front()->fails ? "fails" : "warns") + ", " +
           Amount(listed.size(), "violation", "violations") + "</summary>\n<ul>\n";
    for (std::size_t i = 0; i < std::min(listed.size(), kMaxViolations); ++i) {
      out += "<li>" + Escaped(listed[i]->message) + "</li>\n";
    }
    out += "</ul>\n";
    if (listed.size() > kMaxViolations) {
      out += "<p>and " + Number(listed.size() - kMaxViolations) + " more</p>\n";
    }
    out += "</details>\n";
  }
  return out;
}

}  // namespace

std::string Facts(const ScanReport& report) {
  std::string facts =
      Fact("Digest", "<code>" + Escaped(report.inventory.digest.ToString()) + "</code>");
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    facts += PlatformFacts(report, i);
  }
  if (report.database.id.empty()) {
    return facts + Fact("Database", "none, packages were not matched with advisories");
  }
  std::string feeds;
  for (const auto& [feed, time] : report.database.feeds) {
    std::string told = feed;
    if (!time.empty()) told.append(", ").append(time);
    feeds += "<br>" + Escaped(told);
  }
  return facts + Fact("Database", "built " + Escaped(report.database.built_at) + feeds);
}

std::string VerdictReason(const ScanReport& report) {
  const Verdict verdict = OverallVerdict(report);
  if (report.policies.empty()) {
    return IsComplete(report) ? "no policy was given"
                              : "no policy was given and not everything could be read";
  }
  if (verdict == Verdict::kPass) {
    return Amount(report.policies.size(), "policy was met", "policies were met");
  }
  std::vector<std::string> reasons;
  for (const PolicyVerdict& policy : report.policies) {
    if (policy.verdict != verdict) continue;
    const auto count =
        std::count_if(policy.violations.begin(), policy.violations.end(),
                      [&](const Violation& v) { return v.fails == (verdict == Verdict::kFail); });
    reasons.push_back(
        "policy " + policy.policy +
        (verdict == Verdict::kUnknown
             ? " cannot be decided (" + Amount(policy.unknown.size(), "reason", "reasons") + ")"
             : " has " + Amount(static_cast<std::uint64_t>(count), "violation", "violations")));
  }
  return text::Join(reasons, ", ");
}

std::string CoverageSection(const ScanReport& report) {
  std::vector<Gap> gaps;
  std::vector<Gap> read;
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    for (const Coverage& line : AllCoverage(report, i)) {
      (line.state == CoverageState::kRead ? read : gaps)
          .push_back({report.inventory.platforms[i].platform.ToString(), line});
    }
  }
  const bool several = report.inventory.platforms.size() > 1;
  std::string section;
  if (report.inventory.platforms.empty()) {
    section = "<section class=\"coverage gaps\">\n<h2>No platform of the image was read</h2>\n";
  } else if (gaps.empty()) {
    section = "<section class=\"coverage\">\n<h2>Everything that is there could be read</h2>\n";
  } else {
    section =
        "<section class=\"coverage gaps\">\n<h2>Not everything could be read</h2>\n"
        "<p>There may be more than is listed below.</p>\n" +
        CoverageTable(gaps, several);
  }
  if (!read.empty()) {
    section += "<details><summary>" + Amount(read.size(), "source was read", "sources were read") +
               "</summary>\n" + CoverageTable(read, several) + "</details>\n";
  }
  return section + "</section>\n";
}

std::string PolicySections(const ScanReport& report) {
  if (report.policies.empty()) return {};
  std::string out = "<section>\n<h2>Policies</h2>\n";
  for (const PolicyVerdict& policy : report.policies) {
    const std::string verdict(VerdictName(policy.verdict));
    out += "<article class=\"policy\">\n<h3>" + Escaped(policy.policy) +
           " <span class=\"badge verdict-" + text::ToLower(verdict) + "\">" + verdict +
           "</span></h3>\n" + Violations(policy) + List("Could not be decided", policy.unknown) +
           List("Excused", policy.exceptions_used) +
           List("Exceptions that end", policy.exceptions_ending) + "</article>\n";
  }
  return out + "</section>\n";
}

}  // namespace landwaiter::report::html
