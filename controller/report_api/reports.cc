// GET /v1/reports/{digest} and what is taken out of a report: findings, verdicts, packages. All of
// it rests on the store.
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "controller/report_api/answer.h"
#include "controller/report_api/documents.h"
#include "controller/report_api/page.h"
#include "controller/report_api/routes.h"
#include "lib/base/text.h"
#include "report/format.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

/// What a call about one image needs, or the answer that says why there is none.
struct Looked {
  std::shared_ptr<const ScanRecord> record;
  std::optional<StoredImage> stored;
};

Result<Looked> Look(const ReportSource& source, const std::string& text) {
  const auto digest = ReadDigest(text);
  if (!digest) return digest.error();
  auto record = FindImage(source, *digest);
  if (!record) return std::move(record).error();
  auto stored = FindStored(source, *digest, (*record)->scan);
  if (!stored) return std::move(stored).error();
  return Looked{*std::move(record), *std::move(stored)};
}

/// One of the output formats of `landwaiter scan`.
std::string Written(const report::ScanReport& report, std::string_view format) {
  std::ostringstream out;
  report::FindFormat(format)->write(report, {}, out);
  return std::move(out).str();
}

/// The report's own words for what it holds, so that one thing has one shape everywhere.
json Document(const report::ScanReport& report) { return json::parse(Written(report, "json")); }

struct FindingFilter {
  Severity severity = Severity::kUnknown;
  std::optional<bool> fixable;
  std::string id;
  std::string package;
  std::string platform;

  bool Passes(const Finding& finding) const {
    // Unknown is not mild.
    if (finding.severity != Severity::kUnknown && finding.severity < severity) return false;
    if (fixable && finding.fixed_version.empty() == *fixable) return false;
    if (!package.empty() && finding.package != package && finding.source_package != package) {
      return false;
    }
    return id.empty() || text::EqualsIgnoreCase(finding.id, id) ||
           text::EqualsIgnoreCase(finding.advisory, id) ||
           std::any_of(finding.aliases.begin(), finding.aliases.end(),
                       [&](const std::string& alias) { return text::EqualsIgnoreCase(alias, id); });
  }
  std::string ToString() const {
    return std::string(SeverityName(severity)) + "\n" + (fixable ? (*fixable ? "yes" : "no") : "") +
           "\n" + id + "\n" + package + "\n" + platform;
  }
};

FindingFilter ReadFilter(Params& params) {
  FindingFilter filter;
  const auto severity =
      ParseSeverity(params.OneOf("severity", {"Negligible", "Low", "Medium", "High", "Critical"}));
  if (severity) filter.severity = *severity;
  filter.fixable = params.Flag("fixable");
  filter.id = params.Text("id", 128);
  filter.package = params.Text("package");
  filter.platform = params.Text("platform", 64);
  return filter;
}

/// Indexes of the platform and of the finding in it.
using Place = std::pair<std::size_t, std::size_t>;

std::vector<Place> PlacesOf(const report::ScanReport& report, const FindingFilter& filter) {
  std::vector<Place> places;
  for (std::size_t p = 0; p < report.platforms.size(); ++p) {
    const std::string platform = report.inventory.platforms[p].platform.ToString();
    if (!filter.platform.empty() && platform != filter.platform) continue;
    const auto& findings = report.platforms[p].findings;
    for (std::size_t f = 0; f < findings.size(); ++f) {
      if (filter.Passes(findings[f])) places.emplace_back(p, f);
    }
  }
  std::stable_sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
    return WorseThan(report.platforms[a.first].findings[a.second],
                     report.platforms[b.first].findings[b.second]);
  });
  return places;
}

/// One finding as the report writes it, with its platform.
json FindingToJson(const report::ScanReport& report, const Place& place) {
  report::ScanReport one;
  Inventory& inventory = one.inventory.platforms.emplace_back();
  inventory.platform = report.inventory.platforms[place.first].platform;
  one.platforms.push_back({{report.platforms[place.first].findings[place.second]}, {}});
  json platform = std::move(Document(one)["platforms"][0]);
  json finding = std::move(platform["findings"][0]);
  finding["platform"] = std::move(platform["platform"]);
  return finding;
}

}  // namespace

http::ServerResponse GetReport(const ReportSource& source, Call& call, const Cancellation&) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  auto looked = Look(source, call.names[0]);
  if (!looked) return ProblemOf(looked.error());
  return TextAnswer(Written(ReportOf(source, *looked->record, *std::move(looked->stored)), "json"));
}

http::ServerResponse ImagePolicies(const ReportSource& source, Call& call, const Cancellation&) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  auto looked = Look(source, call.names[0]);
  if (!looked) return ProblemOf(looked.error());
  report::ScanReport report = ReportOf(source, *looked->record, *std::move(looked->stored));
  // Judged already: only the verdicts are to be written.
  for (auto& platform : report.inventory.platforms) platform.packages.clear();
  for (auto& platform : report.platforms) platform.findings.clear();
  return JsonAnswer({{"digest", report.inventory.digest.ToString()},
                     {"verdict", VerdictOf(looked->record->scan)},
                     {"items", std::move(Document(report)["policies"])}});
}

http::ServerResponse ImageFindings(const ReportSource& source, Call& call, const Cancellation&) {
  const FindingFilter filter = ReadFilter(call.params);
  auto looked = Look(source, call.names[0]);
  if (!looked) return ProblemOf(looked.error());
  const std::string made =
      looked->stored->match ? looked->stored->match->report_digest.ToString() : std::string();
  // A token goes with these very findings: others stand at other places.
  const auto page =
      ReadPage(call.params, "findings\n" + call.names[0] + made + "\n" + filter.ToString());
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  if (!page) return ProblemOf(page.error());
  if (!looked->stored->match) {
    return Problem(404, "NotMatched", "the image has not been matched with a database yet");
  }
  report::ScanReport report;
  report.inventory = std::move(looked->stored->inventory);
  for (auto& platform : looked->stored->match->platforms) {
    report.platforms.push_back({std::move(platform.findings), {}});
  }
  const auto places = PlacesOf(report, filter);
  // 0 for what is no number: a forged token begins anew.
  std::size_t at =
      std::min<std::size_t>(std::strtoul(page->after.c_str(), nullptr, 10), places.size());
  json items = json::array();
  while (at < places.size() && items.size() < page->limit) {
    items.push_back(FindingToJson(report, places[at++]));
  }
  json answer =
      PageToJson(std::move(items), at < places.size() ? page->TokenAfter(std::to_string(at)) : "");
  answer["total"] = places.size();
  return JsonAnswer(answer);
}

http::ServerResponse ImageSbom(const ReportSource& source, Call& call, const Cancellation&) {
  const std::string format = call.params.OneOf("format", {"json", "cyclonedx", "spdx"});
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  auto looked = Look(source, call.names[0]);
  if (!looked) return ProblemOf(looked.error());
  // As the report has it, without environment variables: people put credentials there.
  report::ScanReport report;
  report.inventory = std::move(looked->stored->inventory);
  report.image = looked->record->scan.spec.image;
  if (format == "cyclonedx") {
    return TextAnswer(Written(report, format), "application/vnd.cyclonedx+json");
  }
  if (format == "spdx") return TextAnswer(Written(report, format), "application/spdx+json");
  json document = Document(report);
  json platforms = json::array();
  for (json& platform : document["platforms"]) {
    for (const char* judged : {"findings", "hiddenFindings", "vulnerabilities"}) {
      platform.erase(judged);
    }
    platforms.push_back(std::move(platform));
  }
  return JsonAnswer({{"digest", document["digest"]},
                     {"mediaType", document["mediaType"]},
                     {"platforms", std::move(platforms)}});
}

}  // namespace landwaiter::controller::report_api
