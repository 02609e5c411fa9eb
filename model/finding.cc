#include "model/finding.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "lib/base/json.h"
#include "model/finding_json.h"
#include "model/names.h"

namespace landwaiter {
namespace {

constexpr NameTable<Severity, 6> kSeverities{{{Severity::kUnknown, "Unknown"},
                                              {Severity::kNegligible, "Negligible"},
                                              {Severity::kLow, "Low"},
                                              {Severity::kMedium, "Medium"},
                                              {Severity::kHigh, "High"},
                                              {Severity::kCritical, "Critical"}}};

/// Other words that feeds use for the same five steps.
constexpr NameTable<Severity, 5> kOtherWords{{{Severity::kNegligible, "none"},
                                              {Severity::kNegligible, "unimportant"},
                                              {Severity::kMedium, "moderate"},
                                              {Severity::kHigh, "important"},
                                              {Severity::kUnknown, ""}}};

constexpr NameTable<FindingState, 5> kStates{
    {{FindingState::kAffected, "Affected"},
     {FindingState::kFixed, "Fixed"},
     {FindingState::kWillNotFix, "WillNotFix"},
     {FindingState::kEndOfLife, "EndOfLife"},
     {FindingState::kUnderInvestigation, "UnderInvestigation"}}};

constexpr NameTable<Confidence, 2> kConfidences{
    {{Confidence::kExact, "Exact"}, {Confidence::kCpe, "CPE"}}};

nlohmann::json ToJson(const Finding& f) {
  nlohmann::json json{{"id", f.id},
                      {"severity", SeverityName(f.severity)},
                      {"state", FindingStateName(f.state)},
                      {"feed", f.feed},
                      {"advisory", f.advisory},
                      {"package", f.package},
                      {"packageType", f.package_type},
                      {"installedVersion", f.installed_version},
                      {"layer", f.layer}};
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  set("severitySource", f.severity_source);
  set("cvssVector", f.cvss_vector);
  set("fixedVersion", f.fixed_version);
  set("title", f.title);
  set("url", f.url);
  set("published", f.published);
  set("fixPublished", f.fix_published);
  set("exploitedDue", f.exploited_due);
  set("firstSeen", f.first_seen);
  set("purl", f.purl);
  set("path", f.path);
  set("sourcePackage", f.source_package);
  if (!f.aliases.empty()) json["aliases"] = f.aliases;
  if (f.cvss_score) json["cvssScore"] = *f.cvss_score;
  if (f.nvd_severity) json["nvdSeverity"] = SeverityName(*f.nvd_severity);
  if (f.nvd_score) json["nvdScore"] = *f.nvd_score;
  if (f.highest_severity) json["highestSeverity"] = SeverityName(*f.highest_severity);
  if (f.highest_score) json["highestScore"] = *f.highest_score;
  if (f.known_exploited) json["knownExploited"] = *f.known_exploited;
  if (f.epss_score) json["epssScore"] = *f.epss_score;
  if (f.epss_percentile) json["epssPercentile"] = *f.epss_percentile;
  if (!f.weaknesses.empty()) json["weaknesses"] = f.weaknesses;
  if (f.confidence != Confidence::kExact) json["confidence"] = ConfidenceName(f.confidence);
  if (f.host_kernel) json["hostKernel"] = true;
  return json;
}

void ReadOptional(JsonFields& fields, const char* name, std::optional<Severity>& severity) {
  if (!fields.Has(name)) return;
  std::string text;
  fields.String(name, text);
  severity = ParseSeverity(text);
  if (!severity) fields.Fail(name, "is no severity");
}

}  // namespace

Status ReadFinding(JsonFields& fields, Finding& f) {
  std::string severity, state;
  std::string confidence(ConfidenceName(Confidence::kExact));
  std::int64_t layer = -1;
  fields.String("id", f.id);
  fields.Strings("aliases", f.aliases);
  fields.String("severity", severity);
  fields.String("severitySource", f.severity_source);
  fields.String("cvssVector", f.cvss_vector);
  fields.String("state", state);
  fields.String("fixedVersion", f.fixed_version);
  fields.String("title", f.title);
  fields.String("url", f.url);
  fields.String("published", f.published);
  fields.String("fixPublished", f.fix_published);
  fields.String("exploitedDue", f.exploited_due);
  fields.String("firstSeen", f.first_seen);
  fields.String("feed", f.feed);
  fields.String("advisory", f.advisory);
  fields.String("package", f.package);
  fields.String("packageType", f.package_type);
  fields.String("installedVersion", f.installed_version);
  fields.String("purl", f.purl);
  fields.String("path", f.path);
  fields.String("sourcePackage", f.source_package);
  fields.Int("layer", layer);
  fields.Bool("hostKernel", f.host_kernel);
  f.layer = static_cast<int>(std::clamp<std::int64_t>(layer, -1, 1 << 20));
  if (fields.Has("cvssScore")) fields.Number("cvssScore", f.cvss_score.emplace());
  ReadOptional(fields, "nvdSeverity", f.nvd_severity);
  if (fields.Has("nvdScore")) fields.Number("nvdScore", f.nvd_score.emplace());
  ReadOptional(fields, "highestSeverity", f.highest_severity);
  if (fields.Has("highestScore")) fields.Number("highestScore", f.highest_score.emplace());
  if (fields.Has("knownExploited")) fields.Bool("knownExploited", f.known_exploited.emplace());
  if (fields.Has("epssScore")) fields.Number("epssScore", f.epss_score.emplace());
  if (fields.Has("epssPercentile")) fields.Number("epssPercentile", f.epss_percentile.emplace());
  fields.Strings("weaknesses", f.weaknesses);
  fields.String("confidence", confidence);
  const auto parsed_severity = ParseSeverity(severity);
  const auto parsed_state = ParseFindingState(state);
  const auto parsed_confidence = ParseConfidence(confidence);
  if (f.id.empty()) fields.Fail("id", "is missing");
  if (!parsed_severity) fields.Fail("severity", "is no severity");
  if (!parsed_state) fields.Fail("state", "is no state");
  if (!parsed_confidence) fields.Fail("confidence", "is none");
  f.severity = parsed_severity.value_or(Severity::kUnknown);
  f.state = parsed_state.value_or(FindingState::kAffected);
  f.confidence = parsed_confidence.value_or(Confidence::kExact);
  return fields.Done();
}

std::string_view SeverityName(Severity severity) { return NameOf(kSeverities, severity); }

std::optional<Severity> ParseSeverity(std::string_view text) {
  if (const auto severity = ValueOf(kSeverities, text)) return severity;
  return ValueOf(kOtherWords, text);
}

Severity SeverityOfScore(double score) {
  if (score >= 9.0) return Severity::kCritical;
  if (score >= 7.0) return Severity::kHigh;
  if (score >= 4.0) return Severity::kMedium;
  return score > 0.0 ? Severity::kLow : Severity::kNegligible;
}

std::string_view FindingStateName(FindingState state) { return NameOf(kStates, state); }

std::optional<FindingState> ParseFindingState(std::string_view text) {
  return ValueOf(kStates, text);
}

std::string_view ConfidenceName(Confidence confidence) { return NameOf(kConfidences, confidence); }

std::optional<Confidence> ParseConfidence(std::string_view text) {
  return ValueOf(kConfidences, text);
}

bool WorseThan(const Finding& a, const Finding& b) {
  const auto key = [](const Finding& f) {
    return std::make_tuple(-static_cast<int>(f.severity), f.fixed_version.empty(),
                           std::string_view(f.id), std::string_view(f.package),
                           std::string_view(f.installed_version), std::string_view(f.path));
  };
  return key(a) < key(b);
}

SeverityCounts Count(const std::vector<Finding>& findings) {
  SeverityCounts counts;
  for (const Finding& finding : findings) {
    if (finding.host_kernel) continue;
    ++counts.by_severity[static_cast<std::size_t>(finding.severity)];
    if (!finding.fixed_version.empty()) ++counts.fixable;
    if (finding.known_exploited.value_or(false)) ++counts.known_exploited;
  }
  return counts;
}

std::string FindingsToJson(const std::vector<Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& finding : findings) list.push_back(ToJson(finding));
  return DumpJson(list);
}

Result<std::vector<Finding>> FindingsFromJson(std::string_view text) {
  auto json = ParseJson(text, {256u << 20, 16});
  if (!json) return std::move(json).error().Context("findings");
  if (!json->is_array()) return InvalidArgument("findings must be a list");
  std::vector<Finding> findings;
  std::size_t index = 0;
  for (const auto& item : *json) {
    JsonFields fields(item, "findings[" + std::to_string(index++) + "]");
    if (Status read = ReadFinding(fields, findings.emplace_back()); !read) {
      return std::move(read).error();
    }
  }
  return findings;
}

}  // namespace landwaiter
