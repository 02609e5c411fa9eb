// The report for programs: docs/report-v1.schema.json is the contract. nlohmann's objects are
// sorted by key and the lists below are sorted by their makers, so the bytes follow from the facts.
// Environment variables of the image are left out: people put credentials there.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "report/scan_report.h"
#include "report/summary.h"

namespace landwaiter::report {
namespace {

using nlohmann::json;

json ToJson(const Coverage& line) {
  return {{"source", line.source},
          {"state", CoverageStateName(line.state)},
          {"reason", line.reason},
          {"packages", line.packages}};
}

json ToJson(const SeverityCounts& counts) {
  return {{"critical", counts.Of(Severity::kCritical)},
          {"high", counts.Of(Severity::kHigh)},
          {"medium", counts.Of(Severity::kMedium)},
          {"low", counts.Of(Severity::kLow)},
          {"negligible", counts.Of(Severity::kNegligible)},
          {"unknown", counts.Of(Severity::kUnknown)},
          {"fixable", counts.fixable},
          {"knownExploited", counts.known_exploited}};
}

json FromBase(const std::optional<BaseImage>& base, int layer) {
  const auto from = IsFromBase(base, layer);
  return from ? json(*from) : json(nullptr);
}

json ToJson(const Finding& finding, const std::optional<BaseImage>& base) {
  json value = {{"id", finding.id},
                {"aliases", finding.aliases},
                {"severity", SeverityName(finding.severity)},
                {"severitySource", finding.severity_source},
                {"cvssVector", finding.cvss_vector},
                {"state", FindingStateName(finding.state)},
                {"fixedVersion", finding.fixed_version},
                {"title", finding.title},
                {"url", finding.url},
                {"published", finding.published},
                {"feed", finding.feed},
                {"advisory", finding.advisory},
                {"package", finding.package},
                {"packageType", finding.package_type},
                {"installedVersion", finding.installed_version},
                {"purl", finding.purl},
                {"path", finding.path},
                {"sourcePackage", finding.source_package},
                {"layer", finding.layer},
                {"fromBase", FromBase(base, finding.layer)},
                {"weaknesses", finding.weaknesses},
                {"confidence", ConfidenceName(finding.confidence)},
                {"hostKernel", finding.host_kernel}};
  value["cvssScore"] = finding.cvss_score ? json(*finding.cvss_score) : json(nullptr);
  value["knownExploited"] =
      finding.known_exploited ? json(*finding.known_exploited) : json(nullptr);
  value["epssScore"] = finding.epss_score ? json(*finding.epss_score) : json(nullptr);
  value["epssPercentile"] =
      finding.epss_percentile ? json(*finding.epss_percentile) : json(nullptr);
  return value;
}

json ToJson(const Package& package, const std::optional<BaseImage>& base) {
  return {{"type", package.type},
          {"name", package.name},
          {"version", package.version},
          {"architecture", package.architecture},
          {"sourceName", package.source_name},
          {"sourceVersion", package.source_version},
          {"purl", package.purl},
          {"cpe", package.cpe},
          {"path", package.path},
          {"within", package.within},
          {"foundBy", package.found_by},
          {"licenses", package.licenses},
          {"owner", package.owner},
          {"module", package.module},
          {"vendor", package.vendor},
          {"layer", package.layer},
          {"fromBase", FromBase(base, package.layer)},
          {"dev", package.dev}};
}

json ToJson(const ImageConfig& config) {
  json value = {{"user", config.user},
                {"exposedPorts", config.exposed_ports},
                {"labels", config.labels},
                {"healthcheck", config.healthcheck},
                {"created", config.created}};
  value["uid"] = config.uid ? json(*config.uid) : json(nullptr);
  return value;
}

json ToJson(const PolicyVerdict& policy) {
  json violations = json::array();
  for (const Violation& violation : policy.violations) {
    violations.push_back({{"id", violation.id},
                          {"rule", violation.rule},
                          {"kind", violation.kind},
                          {"action", violation.fails ? "Fail" : "Warn"},
                          {"subject", violation.subject},
                          {"message", violation.message}});
  }
  return {{"name", policy.policy},
          {"generation", policy.generation},
          {"verdict", VerdictName(policy.verdict)},
          {"violations", std::move(violations)},
          {"unknown", policy.unknown},
          {"exceptionsUsed", policy.exceptions_used},
          {"exceptionsEnding", policy.exceptions_ending}};
}

template <class T>
json List(const std::vector<T>& items) {
  json list = json::array();
  for (const T& item : items) list.push_back(ToJson(item));
  return list;
}

json List(const std::vector<Package>& packages, const std::optional<BaseImage>& base) {
  json list = json::array();
  for (const Package& package : packages) list.push_back(ToJson(package, base));
  return list;
}

json BaseToJson(const std::optional<BaseImage>& base) {
  if (!base) return nullptr;
  return {{"name", base->name}, {"digest", base->digest.ToString()}, {"layers", base->layers}};
}

json DeclaredToJson(const std::optional<DeclaredBase>& base) {
  if (!base) return nullptr;
  return {{"name", base->name}, {"digest", base->digest}};
}

json LayersToJson(const std::vector<ImageLayer>& layers) {
  json list = json::array();
  for (const ImageLayer& layer : layers) {
    list.push_back({{"digest", layer.digest.ToString()},
                    {"diffID", layer.diff_id.ToString()},
                    {"mediaType", layer.media_type},
                    {"sizeBytes", layer.size_bytes},
                    {"createdBy", layer.created_by},
                    {"contentSets", layer.content_sets}});
  }
  return list;
}

json PlatformToJson(const ScanReport& report, std::size_t index) {
  const Inventory& inventory = report.inventory.platforms[index];
  const PlatformFindings& matched = FindingsOf(report, index);
  const Shortened shown = ApplyFilter(matched.findings, report.filter, HostKernel::kShow);
  const std::optional<BaseImage>& base = BaseOf(report, index);
  json findings = json::array();
  for (const Finding* finding : shown.findings) findings.push_back(ToJson(*finding, base));
  json value = {{"platform", inventory.platform.ToString()},
                {"manifestDigest", inventory.manifest_digest.ToString()},
                {"imageID", inventory.image_id.ToString()},
                {"sizeBytes", inventory.size_bytes},
                {"config", ToJson(inventory.config)},
                {"layers", LayersToJson(inventory.layers)},
                {"base", BaseToJson(base)},
                {"declaredBase", DeclaredToJson(inventory.declared_base)},
                {"packages", List(inventory.packages, base)},
                {"hints", List(inventory.hints, base)},
                {"coverage", List(AllCoverage(report, index))},
                {"vulnerabilities", ToJson(Count(matched.findings))},
                {"findings", std::move(findings)},
                {"hiddenFindings", shown.below_severity + shown.unfixed}};
  value["os"] = nullptr;
  if (inventory.os) {
    value["os"] = {{"family", inventory.os->family},
                   {"version", inventory.os->version},
                   {"codename", inventory.os->codename},
                   {"prettyName", inventory.os->pretty_name},
                   {"variant", inventory.os->variant}};
  }
  return value;
}

}  // namespace

std::string RenderJson(const ScanReport& report) {
  json platforms = json::array();
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    platforms.push_back(PlatformToJson(report, i));
  }
  json value = {{"schemaVersion", kReportSchemaVersion},
                {"image", report.image},
                {"digest", report.inventory.digest.ToString()},
                {"mediaType", report.inventory.media_type},
                {"verdict", VerdictName(OverallVerdict(report))},
                {"complete", IsComplete(report)},
                {"filter",
                 {{"severityAtLeast", SeverityName(report.filter.severity_at_least)},
                  {"ignoreUnfixed", report.filter.ignore_unfixed}}},
                {"platforms", std::move(platforms)},
                {"policies", List(report.policies)}};
  value["database"] = nullptr;
  if (!report.database.id.empty()) {
    value["database"] = {{"id", report.database.id},
                         {"builtAt", report.database.built_at},
                         {"feeds", report.database.feeds}};
  }
  // ASCII only: an image's author cannot reach the terminal of whoever prints the file.
  return value.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

}  // namespace landwaiter::report
