// The charts: tables whose rows carry a bar. The numbers stand beside it, so that nothing is told
// by colour or length alone; sizes and colours stand in the drawing itself, for where a server
// forbids the page its style. Findings about the host's kernel are counted nowhere, as in the
// report's counts.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "lib/base/text.h"
#include "report/html/markup.h"
#include "report/html/parts.h"
#include "report/summary.h"
#include "report/words.h"

namespace landwaiter::report::html {
namespace {

constexpr std::array kWorstFirst = {Severity::kCritical, Severity::kHigh,       Severity::kMedium,
                                    Severity::kLow,      Severity::kNegligible, Severity::kUnknown};
constexpr std::size_t kMaxHistoryBytes = 200;
constexpr double kBarUnits = 240;

std::string_view ColourOf(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "#a3123a";
    case Severity::kHigh:
      return "#d1442f";
    case Severity::kMedium:
      return "#c9871a";
    case Severity::kLow:
      return "#3f7fb5";
    case Severity::kNegligible:
      return "#7d8894";
    case Severity::kUnknown:
      return "#8458b3";
  }
  return "";
}

struct Part {
  Severity severity;
  std::uint64_t count;
  bool faint = false;
};

std::string Tenths(double value) {
  const auto tenths = static_cast<std::uint64_t>(std::llround(value * 10));
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

/// Parts one after the other; `whole` is as long as the bar can be.
std::string Bar(const std::vector<Part>& parts, std::uint64_t whole) {
  std::string bar =
      "<svg class=\"bar\" width=\"240\" height=\"14\" viewBox=\"0 0 240 14\" "
      "preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">";
  double at = 0;
  for (const Part& part : parts) {
    if (part.count == 0 || whole == 0) continue;
    const double width = kBarUnits * static_cast<double>(part.count) / static_cast<double>(whole);
    bar += "<rect class=\"" + SeverityClass(part.severity) + "\" x=\"" + Tenths(at) +
           "\" width=\"" + Tenths(std::max(width, 1.0)) + "\" height=\"14\" fill=\"" +
           std::string(ColourOf(part.severity)) + "\"" + (part.faint ? " opacity=\"0.5\"" : "") +
           "/>";
    at += width;
  }
  return bar + "</svg>";
}

struct OfSeverity {
  std::uint64_t all = 0;
  std::uint64_t fixable = 0;
};
using Counts = std::array<OfSeverity, 6>;  // indexed by Severity

OfSeverity& At(Counts& counts, Severity severity) {
  return counts[static_cast<std::size_t>(severity)];
}

std::uint64_t Sum(const Counts& counts) {
  std::uint64_t sum = 0;
  for (const OfSeverity& one : counts) sum += one.all;
  return sum;
}

void Add(Counts& counts, const Finding& finding) {
  OfSeverity& one = At(counts, finding.severity);
  ++one.all;
  if (!finding.fixed_version.empty()) ++one.fixable;
}

std::string Head(std::initializer_list<std::string_view> names) {
  std::string head = "<thead><tr role=\"row\">";
  for (const std::string_view name : names) {
    head += "<th role=\"columnheader\" scope=\"col\">" + std::string(name) + "</th>";
  }
  return head + "</tr></thead>\n<tbody>\n";
}

std::string Cell(std::string_view name, std::string_view markup) {
  return "<td role=\"cell\" data-name=\"" + std::string(name) + "\">" + std::string(markup) +
         "</td>";
}

/// "2 critical, 1 low".
std::string InWords(Counts& counts) {
  std::vector<std::string> words;
  for (const Severity severity : kWorstFirst) {
    const std::uint64_t count = At(counts, severity).all;
    if (count > 0) words.push_back(Number(count) + " " + text::ToLower(SeverityName(severity)));
  }
  return text::Join(words, ", ");
}

std::string LayerRow(const Inventory& inventory, int layer, Counts& counts, std::uint64_t most) {
  std::string name = "layer not known";
  std::string history;
  if (layer >= 0 && static_cast<std::size_t>(layer) < inventory.layers.size()) {
    name = std::to_string(layer + 1);
    history = text::Truncate(
        Shown(WithoutBuildArguments(inventory.layers[static_cast<std::size_t>(layer)].created_by)),
        kMaxHistoryBytes);
  }
  std::vector<Part> parts;
  parts.reserve(std::size(kWorstFirst));
  for (const Severity severity : kWorstFirst) parts.push_back({severity, At(counts, severity).all});
  return "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">" + name + "</th>" +
         Cell("Made by", "<code>" + Escaped(history) + "</code>") +
         Cell("Findings", Bar(parts, most) + "<span>" + InWords(counts) + "</span>") + "</tr>\n";
}

std::string LayerChart(const ScanReport& report, std::size_t index) {
  const Inventory& inventory = report.inventory.platforms[index];
  std::map<int, Counts> layers;
  for (const Finding& finding : FindingsOf(report, index).findings) {
    if (!finding.host_kernel) Add(layers[finding.layer], finding);
  }
  std::string heading = "Findings by layer";
  if (report.inventory.platforms.size() > 1) {
    heading += ", " + Escaped(inventory.platform.ToString());
  }
  std::string chart = "<section class=\"chart\">\n<h2>" + heading + "</h2>\n";
  if (layers.empty()) return chart + "<p>No layer brought one.</p>\n</section>\n";
  std::uint64_t most = 0;
  for (const auto& [layer, counts] : layers) most = std::max(most, Sum(counts));
  chart += "<table class=\"layers\" role=\"table\">\n" + Head({"Layer", "Made by", "Findings"});
  for (auto& [layer, counts] : layers) chart += LayerRow(inventory, layer, counts, most);
  chart += "</tbody></table>\n";
  const auto known =
      static_cast<std::size_t>(std::count_if(layers.begin(), layers.end(), [&](const auto& entry) {
        return entry.first >= 0 && static_cast<std::size_t>(entry.first) < inventory.layers.size();
      }));
  if (known < inventory.layers.size()) {
    chart += "<p>" + Amount(inventory.layers.size() - known, "layer", "layers") +
             " brought none; layers are counted from the base.</p>\n";
  }
  return chart + "</section>\n";
}

}  // namespace

std::string SeverityClass(Severity severity) {
  return "severity-" + text::ToLower(SeverityName(severity));
}

std::string SeverityChart(const ScanReport& report) {
  Counts counts{};
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    for (const Finding& finding : FindingsOf(report, i).findings) {
      if (!finding.host_kernel) Add(counts, finding);
    }
  }
  std::uint64_t most = 0;
  for (const OfSeverity& one : counts) most = std::max(most, one.all);
  std::string chart =
      "<section class=\"chart\">\n<h2>Findings by severity</h2>\n"
      "<table class=\"severities\" role=\"table\">\n" +
      Head({"Severity", "Findings", "With a fix"});
  for (const Severity severity : kWorstFirst) {
    const OfSeverity& one = At(counts, severity);
    chart +=
        "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\"><span class=\"dot " +
        SeverityClass(severity) + "\"></span>" + std::string(SeverityName(severity)) + "</th>" +
        Cell("Findings",
             "<div class=\"measure\">" +
                 Bar({{severity, one.fixable}, {severity, one.all - one.fixable, true}}, most) +
                 "<span>" + Number(one.all) + "</span></div>") +
        Cell("With a fix", Number(one.fixable)) + "</tr>\n";
  }
  return chart +
         "</tbody></table>\n<p>The full colour has a fixed version, the faint has none.</p>\n"
         "</section>\n";
}

std::string LayerCharts(const ScanReport& report) {
  std::string charts;
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    charts += LayerChart(report, i);
  }
  return charts;
}

}  // namespace landwaiter::report::html
