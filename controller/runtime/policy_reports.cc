#include "controller/runtime/policy_reports.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "controller/names.h"
#include "lib/base/text.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr char kSource[] = "landwaiter";
constexpr char kCategory[] = "Image";
// Of a result in JSON beside its texts: names of fields, quotes, the resource.
constexpr std::size_t kResultOverhead = 600;

std::string WorstFinding(const resources::ImageScanStatus& status) {
  if (!status.vulnerabilities) return "medium";
  if (status.vulnerabilities->Of(Severity::kCritical) > 0) return "critical";
  if (status.vulnerabilities->Of(Severity::kHigh) > 0) return "high";
  if (status.vulnerabilities->Of(Severity::kMedium) > 0) return "medium";
  return "low";
}

/// What is wrong with an image is as bad as the worst finding, of a rule about findings; of another
/// rule nothing says how bad it is.
std::string SeverityOf(const policy::Rule& rule, const resources::ImageScanStatus& status) {
  const bool findings = policy::RuleKindName(rule) == "vulnerabilities";
  return findings ? WorstFinding(status) : "medium";
}

std::map<std::string, std::string> PropertiesOf(const ReportSubject& subject) {
  const auto& status = subject.scan->scan.status;
  std::map<std::string, std::string> out{{"image", subject.reference},
                                         {"scan", subject.scan->scan.name},
                                         {"pods", std::to_string(subject.pods)}};
  if (!status.digest.empty()) out["digest"] = status.digest;
  if (!status.vulnerabilities) return out;
  const auto& counts = *status.vulnerabilities;
  out["critical"] = std::to_string(counts.Of(Severity::kCritical));
  out["high"] = std::to_string(counts.Of(Severity::kHigh));
  out["medium"] = std::to_string(counts.Of(Severity::kMedium));
  out["low"] = std::to_string(counts.Of(Severity::kLow));
  out["fixable"] = std::to_string(counts.fixable);
  out["knownExploited"] = std::to_string(counts.known_exploited);
  return out;
}

std::int64_t FoundAt(const resources::ImageScanStatus& status) {
  const auto time = ParseTime(status.matched_at.empty() ? status.scanned_at : status.matched_at);
  if (!time) return 0;
  return std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count();
}

std::string Clean(const std::string& message) {
  return text::Truncate(text::Printable(message), kMaxReportMessage);
}

/// Why nothing is known: what the ImageScan's condition Ready says.
std::string NotJudged(const resources::ImageScanStatus& status) {
  const auto* ready = resources::FindCondition(status.conditions, "Ready");
  if (ready == nullptr || ready->status == "True") return "not judged yet";
  return "not judged: " + ready->reason + ": " + ready->message;
}

struct Said {
  ReportOutcome outcome;
  std::string message;
};

/// Of a rule about references.
Said ByName(const policy::Rule& rule, const PolicyVerdict& verdict) {
  for (const Violation& violation : verdict.violations) {
    if (violation.rule != rule.name) continue;
    return {violation.fails ? ReportOutcome::kFail : ReportOutcome::kWarn, violation.message};
  }
  return {ReportOutcome::kPass, ""};
}

Said ByContent(const policy::Rule& rule, const Judged& judged,
               const resources::ImageScanStatus& status) {
  if (judged.content == nullptr) return {ReportOutcome::kSkip, NotJudged(status)};
  for (const auto& violation : judged.content->violations) {
    if (violation.rule != rule.name) continue;
    return {violation.fails ? ReportOutcome::kFail : ReportOutcome::kWarn,
            std::to_string(violation.count) + ": " + violation.message};
  }
  // Each reason begins with its rule; where there are too many, the last says how many more.
  const std::string head = "rule " + rule.name + ": ";
  bool more = false;
  for (const std::string& why : judged.content->unknown) {
    if (why.starts_with(head)) return {ReportOutcome::kError, why.substr(head.size())};
    more = more || !why.starts_with("rule ");
  }
  if (more) return {ReportOutcome::kError, "could not be decided"};
  return {ReportOutcome::kPass, ""};
}

std::size_t SizeOf(const ReportResult& result) {
  std::size_t bytes = kResultOverhead + result.reference.size() + result.policy.size() +
                      result.rule.size() + result.owner.name.size() + result.message.size();
  // A quotation mark in a message is two bytes of JSON.
  bytes += static_cast<std::size_t>(std::count_if(result.message.begin(), result.message.end(),
                                                  [](char c) { return c == '"' || c == '\\'; }));
  for (const auto& [key, value] : result.properties) bytes += key.size() + value.size() + 6;
  return bytes;
}

std::string SeverityWord(const std::string& severity, SeverityWords words) {
  return words == SeverityWords::kThree && severity == "critical" ? "high" : severity;
}

json ResultToJson(const ReportResult& result, SeverityWords words) {
  json resource{{"apiVersion", result.owner.api_version},
                {"kind", result.owner.kind},
                {"namespace", result.owner.ns},
                {"name", result.owner.name}};
  if (!result.owner.uid.empty()) resource["uid"] = result.owner.uid;
  json out{{"source", kSource},
           {"category", kCategory},
           {"policy", result.policy},
           {"rule", result.rule},
           {"result", OutcomeName(result.outcome)},
           {"scored", result.outcome != ReportOutcome::kWarn},
           {"resources", json::array({std::move(resource)})},
           {"properties", result.properties}};
  if (!result.message.empty()) out["message"] = result.message;
  if (!result.severity.empty()) out["severity"] = SeverityWord(result.severity, words);
  if (result.seconds > 0) out["timestamp"] = {{"seconds", result.seconds}, {"nanos", 0}};
  return out;
}

}  // namespace

std::string_view OutcomeName(ReportOutcome outcome) {
  switch (outcome) {
    case ReportOutcome::kFail:
      return "fail";
    case ReportOutcome::kError:
      return "error";
    case ReportOutcome::kWarn:
      return "warn";
    case ReportOutcome::kSkip:
      return "skip";
    case ReportOutcome::kPass:
      return "pass";
  }
  return "error";
}

void AddResults(const Policies& policies, const ReportSubject& subject, TimePoint now,
                std::vector<ReportResult>& results) {
  const auto name = ImageReference::Parse(subject.reference);
  if (!name) return;
  const auto& status = subject.scan->scan.status;
  for (const auto& record : policies) {
    const policy::ScanPolicy& policy = record->policy;
    const auto judged = JudgedBy(policy, status, *name, subject.owner.ns, now);
    if (!judged) continue;
    for (const policy::Rule& rule : policy.rules) {
      const bool by_name = policy::RuleKindName(rule) == "reference";
      const Said said =
          by_name ? ByName(rule, judged->reference) : ByContent(rule, *judged, status);
      ReportResult result{subject.owner,       subject.reference, policy.name,
                          rule.name,           said.outcome,      "",
                          Clean(said.message), FoundAt(status),   PropertiesOf(subject)};
      if (said.outcome == ReportOutcome::kFail || said.outcome == ReportOutcome::kWarn) {
        result.severity = SeverityOf(rule, status);
      }
      results.push_back(std::move(result));
    }
  }
}

SplitReport SplitResults(std::vector<ReportResult> results) {
  const auto order = [](const ReportResult& r) {
    return std::tie(r.outcome, r.owner.kind, r.owner.name, r.reference, r.policy, r.rule);
  };
  std::sort(results.begin(), results.end(),
            [&](const ReportResult& a, const ReportResult& b) { return order(a) < order(b); });
  SplitReport out;
  std::size_t bytes = 0;
  for (auto& result : results) {
    const std::size_t more = SizeOf(result);
    const bool full = out.parts.empty() || out.parts.back().size() == kMaxReportResults ||
                      bytes + more > kMaxReportBytes;
    if (full && out.parts.size() == kMaxReports) {
      out.left_out += static_cast<std::uint64_t>(&results.back() - &result) + 1;
      break;
    }
    if (full) {
      out.parts.emplace_back();
      bytes = 0;
    }
    bytes += more;
    out.parts.back().push_back(std::move(result));
  }
  return out;
}

std::string ReportName(std::size_t part) {
  return part == 0 ? "landwaiter" : "landwaiter-" + std::to_string(part + 1);
}

json ReportObject(const ReportKind& kind, const std::string& ns, std::size_t part,
                  const std::vector<ReportResult>& results, SeverityWords words) {
  json list = json::array();
  std::map<std::string, int> summary{
      {"pass", 0}, {"fail", 0}, {"warn", 0}, {"error", 0}, {"skip", 0}};
  for (const ReportResult& result : results) {
    ++summary[std::string(OutcomeName(result.outcome))];
    list.push_back(ResultToJson(result, words));
  }
  json object{{"apiVersion", kind.resource.ApiVersion()},
              {"kind", kind.resource.kind},
              {"metadata",
               {{"namespace", ns},
                {"name", ReportName(part)},
                {"labels", {{kManagedByLabel, kManagedBy}}}}},
              {"scope", {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", ns}}},
              {"summary", summary},
              {"results", std::move(list)}};
  if (kind.names_source) object["source"] = kSource;
  return object;
}

}  // namespace landwaiter::controller
