// The report for programs: docs/report-v1.schema.json is the contract. Objects are sorted by key
// and the lists below are sorted by their makers, so the bytes follow from the facts. Environment
// variables of the image are left out: people put credentials there.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "report/json_writer.h"
#include "report/rows.h"
#include "report/scan_report.h"
#include "report/summary.h"
#include "report/words.h"

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

json SeverityToJson(const std::optional<Severity>& severity) {
  return severity ? json(SeverityName(*severity)) : json(nullptr);
}

void Write(JsonWriter& out, const Finding& finding, const std::optional<BaseImage>& base) {
  out.BeginObject();
  out.String("advisory", finding.advisory);
  out.Strings("aliases", finding.aliases);
  out.String("confidence", ConfidenceName(finding.confidence));
  out.Optional("cvssScore", finding.cvss_score);
  out.String("cvssVector", finding.cvss_vector);
  out.Optional("epssPercentile", finding.epss_percentile);
  out.Optional("epssScore", finding.epss_score);
  out.String("feed", finding.feed);
  out.String("fixPublished", finding.fix_published);
  out.String("fixedVersion", finding.fixed_version);
  out.Optional("fromBase", IsFromBase(base, finding.layer));
  out.Optional("highestScore", finding.highest_score);
  out.Value("highestSeverity", SeverityToJson(finding.highest_severity));
  out.Value("hostKernel", finding.host_kernel);
  out.String("id", finding.id);
  out.String("installedVersion", finding.installed_version);
  out.Optional("knownExploited", finding.known_exploited);
  out.Value("layer", finding.layer);
  out.Optional("nvdScore", finding.nvd_score);
  out.Value("nvdSeverity", SeverityToJson(finding.nvd_severity));
  out.String("package", finding.package);
  out.String("packageType", finding.package_type);
  out.String("path", finding.path);
  out.String("published", finding.published);
  out.String("purl", finding.purl);
  out.String("severity", SeverityName(finding.severity));
  out.String("severitySource", finding.severity_source);
  out.String("sourcePackage", finding.source_package);
  out.String("state", FindingStateName(finding.state));
  out.String("title", finding.title);
  out.String("url", finding.url);
  out.Strings("weaknesses", finding.weaknesses);
  out.EndObject();
}

void Write(JsonWriter& out, const Package& package, const std::optional<BaseImage>& base) {
  out.BeginObject();
  out.String("architecture", package.architecture);
  out.String("cpe", package.cpe);
  out.Value("dev", package.dev);
  out.String("foundBy", package.found_by);
  out.Optional("fromBase", IsFromBase(base, package.layer));
  out.Value("layer", package.layer);
  out.Strings("licenses", package.licenses);
  out.String("module", package.module);
  out.String("name", package.name);
  out.String("owner", package.owner);
  out.String("path", package.path);
  out.String("purl", package.purl);
  out.String("sourceName", package.source_name);
  out.String("sourceVersion", package.source_version);
  out.String("type", package.type);
  out.String("vendor", package.vendor);
  out.String("version", package.version);
  out.String("within", package.within);
  out.EndObject();
}

void Write(JsonWriter& out, const char* name, const std::vector<Package>& packages,
           const std::optional<BaseImage>& base) {
  out.Key(name);
  out.BeginArray();
  for (const Package& package : packages) Write(out, package, base);
  out.EndArray();
}

json ToJson(const ImageConfig& config) {
  json value = {{"user", config.user},       {"exposedPorts", config.exposed_ports},
                {"labels", config.labels},   {"healthcheck", config.healthcheck},
                {"created", config.created}, {"volumes", config.volumes}};
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
  json coming = json::array();
  for (const ComingViolation& one : policy.coming) {
    coming.push_back({{"rule", one.rule},
                      {"action", one.fails ? "Fail" : "Warn"},
                      {"from", one.from},
                      {"message", one.message}});
  }
  return {{"name", policy.policy},
          {"generation", policy.generation},
          {"verdict", VerdictName(policy.verdict)},
          {"violations", std::move(violations)},
          {"coming", std::move(coming)},
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
                    {"createdBy", WithoutBuildArguments(layer.created_by)},
                    {"contentSets", layer.content_sets}});
  }
  return list;
}

json SystemToJson(const std::optional<OperatingSystem>& os) {
  if (!os) return nullptr;
  return {{"family", os->family},
          {"version", os->version},
          {"codename", os->codename},
          {"prettyName", os->pretty_name},
          {"variant", os->variant}};
}

json DatabaseToJson(const DatabaseInfo& database) {
  if (database.id.empty()) return nullptr;
  return {{"id", database.id}, {"builtAt", database.built_at}, {"feeds", database.feeds}};
}

std::string_view ConfidenceOf(const SecretFound& secret) {
  switch (secret.confidence) {
    case SecretConfidence::kLow:
      return "Low";
    case SecretConfidence::kMedium:
      return "Medium";
    case SecretConfidence::kHigh:
      return "High";
  }
  return "";
}

/// Null where nobody has looked for any.
// null: not looked for, as with the other lists of what is collected.
json MalwareToJson(const ScanReport& report, const Inventory& inventory) {
  if (!report.inventory.collected.malware && inventory.malware.empty()) return nullptr;
  json list = json::array();
  for (const MalwareFound& found : inventory.malware) {
    list.push_back({{"signature", found.signature},
                    {"path", found.path},
                    {"layer", found.layer},
                    {"final", found.final}});
  }
  return list;
}

json IntegrityToJson(const ScanReport& report, const Inventory& inventory) {
  if (!report.inventory.collected.integrity) return nullptr;
  json list = json::array();
  for (const IntegrityFound& found : inventory.integrity) {
    list.push_back({{"path", found.path},
                    {"package", found.package},
                    {"fault", found.fault == IntegrityFault::kChanged ? "Changed" : "Missing"},
                    {"config", found.config},
                    {"layer", found.layer}});
  }
  return list;
}

json SecretsToJson(const ScanReport& report, const Inventory& inventory) {
  if (report.inventory.collected.secrets == 0) return nullptr;
  json list = json::array();
  for (const SecretFound& secret : inventory.secrets) {
    list.push_back({{"rule", secret.rule},
                    {"path", secret.path},
                    {"line", secret.line},
                    {"layer", secret.layer},
                    {"final", secret.final},
                    {"confidence", ConfidenceOf(secret)},
                    {"redacted", secret.redacted},
                    {"hash", secret.hash}});
  }
  return list;
}

void Write(JsonWriter& out, const matching::SuppressedFinding& one,
           const std::optional<BaseImage>& base) {
  out.BeginObject();
  out.Key("finding");
  Write(out, one.finding, base);
  out.String("justification", one.justification);
  out.String("source", one.source);
  out.String("status", matching::VexStatusName(one.status));
  out.EndObject();
}

void WritePlatform(JsonWriter& out, const ScanReport& report, std::size_t index) {
  const Inventory& inventory = report.inventory.platforms[index];
  const PlatformFindings& matched = FindingsOf(report, index);
  const Shortened shown = ApplyFilter(matched.findings, report.filter, HostKernel::kShow);
  const std::optional<BaseImage>& base = BaseOf(report, index);
  out.BeginObject();
  out.Value("base", BaseToJson(base));
  out.Value("config", ToJson(inventory.config));
  out.Value("coverage", List(AllCoverage(report, index)));
  out.Value("declaredBase", DeclaredToJson(inventory.declared_base));
  out.Key("findings");
  out.BeginArray();
  for (const Finding* finding : shown.findings) Write(out, *finding, base);
  out.EndArray();
  out.Value("hiddenFindings", shown.below_severity + shown.unfixed);
  Write(out, "hints", inventory.hints, base);
  out.String("imageID", inventory.image_id.ToString());
  out.Value("integrity", IntegrityToJson(report, inventory));
  out.Value("layers", LayersToJson(inventory.layers));
  out.Value("malware", MalwareToJson(report, inventory));
  out.String("manifestDigest", inventory.manifest_digest.ToString());
  out.Value("os", SystemToJson(inventory.os));
  out.String("osEndOfLife", matched.os_end_of_life);
  Write(out, "packages", inventory.packages, base);
  out.String("platform", inventory.platform.ToString());
  out.Value("secrets", SecretsToJson(report, inventory));
  out.Value("sizeBytes", inventory.size_bytes);
  out.Key("suppressed");
  out.BeginArray();
  for (const matching::SuppressedFinding& one : matched.suppressed) Write(out, one, base);
  out.EndArray();
  out.Value("vulnerabilities", ToJson(Count(matched.findings)));
  out.EndObject();
}

void WriteReport(const ScanReport& report, const TableOptions&, std::ostream& sink) {
  JsonWriter out(sink);
  out.BeginObject();
  out.Value("complete", IsComplete(report));
  out.Value("database", DatabaseToJson(report.database));
  out.String("digest", report.inventory.digest.ToString());
  out.Value("filter", {{"severityAtLeast", SeverityName(report.filter.severity_at_least)},
                       {"ignoreUnfixed", report.filter.ignore_unfixed}});
  out.String("image", report.image);
  out.String("malwareDatabase", report.inventory.malware_database);
  out.String("mediaType", report.inventory.media_type);
  out.Key("platforms");
  out.BeginArray();
  for (std::size_t i = 0; i < report.inventory.platforms.size(); ++i) {
    WritePlatform(out, report, i);
  }
  out.EndArray();
  out.Value("policies", List(report.policies));
  out.String("reference", report.reference);
  out.Value("schemaVersion", kReportSchemaVersion);
  const std::uint64_t rules = report.inventory.collected.secrets;
  out.Value("secretRules", rules > 0 ? json(rules) : json(nullptr));
  out.String("verdict", VerdictName(OverallVerdict(report)));
  out.EndObject();
  out.Finish();
}

}  // namespace

Format JsonFormat() {
  return {"json", "for programs: all that is known, docs/json-report.md", WriteReport};
}

}  // namespace landwaiter::report
