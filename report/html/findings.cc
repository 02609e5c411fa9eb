// The list of findings, twice: the first of them as rows, all of them as data for the script.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "lib/base/text.h"
#include "report/facts.h"
#include "report/html/markup.h"
#include "report/html/parts.h"
#include "report/summary.h"
#include "report/words.h"

namespace landwaiter::report::html {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxHistoryBytes = 300;
constexpr std::size_t kMaxLinks = 8;

bool IsNumbers(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

bool IsGhsaRest(std::string_view text) {
  return text.size() == 14 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
         });
}

/// Where the world keeps what it knows of an id. Only for ids whose form says so.
void AddById(std::vector<Link>& links, const std::string& id) {
  if (id.starts_with("CVE-") && IsNumbers(std::string_view(id).substr(4))) {
    links.push_back({id + " (NVD)", "https://nvd.nist.gov/vuln/detail/" + id});
  } else if (id.starts_with("GHSA-") && IsGhsaRest(std::string_view(id).substr(5))) {
    links.push_back({id + " (GitHub)", "https://github.com/advisories/" + id});
  }
}

std::vector<Link> LinksOf(const Finding& finding) {
  std::vector<Link> links;
  AddById(links, finding.id);
  if (finding.advisory != finding.id) AddById(links, finding.advisory);
  for (const std::string& alias : finding.aliases) {
    if (alias != finding.advisory) AddById(links, alias);
  }
  const auto known = [&](const Link& link) { return link.url == finding.url; };
  if (IsLink(finding.url) && std::none_of(links.begin(), links.end(), known)) {
    links.insert(links.begin(), {finding.feed.empty() ? "advisory" : finding.feed, finding.url});
  }
  if (links.size() > kMaxLinks) links.resize(kMaxLinks);
  return links;
}

std::string StateInWords(const Finding& finding) {
  switch (finding.state) {
    case FindingState::kAffected:
    case FindingState::kFixed:
      return finding.fixed_version.empty() ? "no fix" : "";
    case FindingState::kWillNotFix:
      return "will not be fixed";
    case FindingState::kEndOfLife:
      return "end of life, no fix";
    case FindingState::kUnderInvestigation:
      return "under investigation";
  }
  return "";
}

std::string LayerHistory(const Inventory& inventory, int layer) {
  if (layer < 0 || static_cast<std::size_t>(layer) >= inventory.layers.size()) return {};
  return text::Truncate(
      Shown(WithoutBuildArguments(inventory.layers[static_cast<std::size_t>(layer)].created_by)),
      kMaxHistoryBytes);
}

json LinksToJson(const std::vector<Link>& links) {
  json list = json::array();
  for (const Link& link : links) list.push_back({Shown(link.label), link.url});
  return list;
}

json ToJson(const ScanReport& report, const Finding& finding, std::size_t platform) {
  json value = {{"platform", platform},
                {"severity", SeverityName(finding.severity)},
                {"id", Shown(finding.id)},
                {"package", Shown(finding.package)},
                {"type", Shown(finding.package_type)},
                {"installed", Shown(finding.installed_version)}};
  const auto add = [&](const char* name, std::string_view text) {
    if (!text.empty()) value[name] = Shown(text);
  };
  add("fixed", finding.fixed_version);
  add("state", StateInWords(finding));
  add("path", finding.path);
  add("title", finding.title);
  add("source", finding.source_package);
  add("severitySource", finding.severity_source);
  add("vector", finding.cvss_vector);
  add("published", finding.published.substr(0, 10));
  add("advisory", finding.advisory == finding.id ? "" : finding.advisory);
  add("feed", finding.feed);
  add("excused", ExcusedBy(report, finding));
  add("aliases", text::Join(finding.aliases, ", "));
  add("weaknesses", text::Join(finding.weaknesses, ", "));
  if (!finding.url.empty() && !IsLink(finding.url)) add("unlinked", finding.url);
  if (finding.layer >= 0) value["layer"] = finding.layer;
  if (finding.cvss_score) value["cvss"] = *finding.cvss_score;
  if (finding.epss_score) value["epss"] = *finding.epss_score;
  if (finding.known_exploited.value_or(false)) value["exploited"] = true;
  if (finding.confidence != Confidence::kExact) value["possible"] = true;
  if (IsFromBase(BaseOf(report, platform), finding.layer).value_or(false)) value["base"] = true;
  if (const auto links = LinksOf(finding); !links.empty()) value["links"] = LinksToJson(links);
  return value;
}

/// The grid of a narrow page has two columns: what names the cell, and the one element in it.
std::string Cell(std::string_view name, std::string_view markup) {
  return "<td role=\"cell\" data-name=\"" + std::string(name) + "\"><div>" + std::string(markup) +
         "</div></td>";
}

std::string Row(const ScanReport& report, const Finding& finding, std::size_t platform) {
  const Inventory& inventory = report.inventory.platforms[platform];
  const auto links = LinksOf(finding);
  std::string id = links.empty() ? Escaped(finding.id) : Anchor({finding.id, links.front().url});
  if (finding.known_exploited.value_or(false)) id += " <strong>known exploited</strong>";
  if (!ExcusedBy(report, finding).empty()) id += " (excused)";
  std::string where = "<code>" + Escaped(finding.path) + "</code>";
  if (finding.layer >= 0) {
    where += "<br>layer " + std::to_string(finding.layer + 1) + " <code>" +
             Escaped(LayerHistory(inventory, finding.layer)) + "</code>";
  }
  return "<tr role=\"row\">" +
         Cell("Severity", "<span class=\"dot " + SeverityClass(finding.severity) + "\"></span>" +
                              std::string(SeverityName(finding.severity))) +
         Cell("Vulnerability", id) +
         Cell("Package", Escaped(finding.package) + " <span class=\"faint\">" +
                             Escaped(finding.package_type) + "</span>") +
         Cell("Installed", Escaped(finding.installed_version)) +
         Cell("Fixed in", finding.fixed_version.empty() ? StateInWords(finding)
                                                        : Escaped(finding.fixed_version)) +
         Cell("Where", where) + "</tr>\n";
}

/// Findings of all platforms; of each platform worst first.
template <class Use>
void ForEachListed(const ScanReport& report, const Use& use) {
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    const Shortened shown =
        ApplyFilter(FindingsOf(report, i).findings, report.filter, HostKernel::kHide);
    for (const Finding* finding : shown.findings) use(i, *finding);
  }
}

}  // namespace

std::string HiddenNote(const ScanReport& report) {
  Shortened all;
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    const Shortened shown =
        ApplyFilter(FindingsOf(report, i).findings, report.filter, HostKernel::kHide);
    all.below_severity += shown.below_severity;
    all.unfixed += shown.unfixed;
    all.host_kernel += shown.host_kernel;
  }
  std::string note;
  const auto add = [&](std::uint64_t count, const std::string& why) {
    if (count == 0) return;
    note += "<p>" + Amount(count, "finding is", "findings are") + " not listed: " + why + "</p>\n";
  };
  add(all.below_severity, "below " + std::string(SeverityName(report.filter.severity_at_least)));
  add(all.unfixed, "no fixed version");
  add(all.host_kernel, "in kernel headers, where the host's kernel decides");
  return note;
}

std::size_t ListedFindings(const ScanReport& report) {
  std::size_t count = 0;
  ForEachListed(report, [&](std::size_t, const Finding&) { ++count; });
  return count;
}

std::string FindingRows(const ScanReport& report) {
  std::string rows;
  std::size_t count = 0;
  ForEachListed(report, [&](std::size_t platform, const Finding& finding) {
    if (count++ < kStaticRows) rows += Row(report, finding, platform);
  });
  return rows;
}

void WriteFindingsData(const ScanReport& report, std::ostream& out) {
  const auto write = [&](const json& value) {
    out << InScript(value.dump(-1, ' ', true, json::error_handler_t::replace));
  };
  json platforms = json::array();
  for (const Inventory& inventory : report.inventory.platforms) {
    json layers = json::array();
    for (std::size_t i = 0; i < inventory.layers.size(); ++i) {
      layers.push_back(LayerHistory(inventory, static_cast<int>(i)));
    }
    platforms.push_back({{"name", Shown(inventory.platform.ToString())}, {"layers", layers}});
  }
  out << "{\"platforms\":";
  write(platforms);
  out << ",\"findings\":[";
  bool first = true;
  ForEachListed(report, [&](std::size_t platform, const Finding& finding) {
    out << (first ? "\n" : ",\n");
    first = false;
    write(ToJson(report, finding, platform));
  });
  out << "]}";
}

}  // namespace landwaiter::report::html
