#include "controller/report_api/documents.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "policy/content.h"
#include "policy/evaluate.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

json OrNull(const std::string& text) { return text.empty() ? json() : json(text); }

std::vector<ImageReference> ReferencesOf(const resources::ImageScan& scan) {
  std::vector<ImageReference> out;
  for (const auto& text : scan.status.references) {
    if (auto reference = ImageReference::Parse(text)) out.push_back(*std::move(reference));
  }
  if (!out.empty()) return out;
  if (auto reference = ImageReference::Parse(scan.spec.image)) out.push_back(*std::move(reference));
  return out;
}

/// What each policy that is about one of the names says of all of them: an exception for some of
/// them, or for some of the namespaces, excuses nothing here.
void Judge(const ReportSource& source, const resources::ImageScan& scan,
           const std::vector<ImageReference>& references, report::ScanReport& report) {
  policy::ContentInput content = policy::ContentOf(report.inventory, report.platforms,
                                                   report.database.built_at, source.Bases());
  content.namespaces = scan.status.used_by_namespaces;
  const TimePoint now = source.Now();
  for (const auto& record : source.AllPolicies()) {
    const policy::ScanPolicy& one = record->policy;
    content.references.clear();
    std::optional<PolicyVerdict> of_names;  // the worst
    for (const ImageReference& reference : references) {
      if (!policy::MatchesImage(one, reference)) continue;
      content.references.push_back(reference);
      PolicyVerdict verdict = policy::EvaluateReference(one, reference, "", now);
      if (!of_names || verdict.verdict > of_names->verdict) of_names = std::move(verdict);
    }
    if (!of_names) continue;
    report.policies.push_back(
        policy::Combine(policy::EvaluateContent(one, content, now), *of_names));
  }
}

}  // namespace

std::string VerdictOf(const resources::ImageScan& scan) {
  return scan.status.verdict.empty() ? "Pending" : scan.status.verdict;
}

json CountsToJson(const std::optional<SeverityCounts>& counts) {
  if (!counts) return nullptr;
  return {{"critical", counts->Of(Severity::kCritical)},
          {"high", counts->Of(Severity::kHigh)},
          {"medium", counts->Of(Severity::kMedium)},
          {"low", counts->Of(Severity::kLow)},
          {"negligible", counts->Of(Severity::kNegligible)},
          {"unknown", counts->Of(Severity::kUnknown)},
          {"fixable", counts->fixable},
          {"knownExploited", counts->known_exploited}};
}

json ReadyToJson(const resources::ImageScan& scan) {
  const auto* ready = resources::FindCondition(scan.status.conditions, "Ready");
  if (ready == nullptr) {
    return {
        {"status", "Unknown"}, {"reason", "Pending"}, {"message", "nobody has looked at it yet"}};
  }
  return {{"status", ready->status}, {"reason", ready->reason}, {"message", ready->message}};
}

json ImageToJson(const resources::ImageScan& scan) {
  const auto& status = scan.status;
  json platforms = json::array();
  for (const auto& platform : status.platforms) {
    platforms.push_back({{"platform", platform.platform},
                         {"os", OrNull(platform.os_family)},
                         {"osVersion", OrNull(platform.os_version)},
                         {"osEndOfLife", platform.os_end_of_life},
                         {"packages", platform.packages},
                         {"sizeBytes", platform.size_bytes}});
  }
  json policies = json::array();
  for (const auto& policy : status.policies) {
    policies.push_back(
        {{"name", policy.name}, {"generation", policy.generation}, {"verdict", policy.verdict}});
  }
  const auto digest = ImageReference::Parse(scan.spec.image);
  return {{"digest", digest && digest->digest ? json(digest->digest->ToString()) : json()},
          {"name", scan.name},
          {"displayName", status.display_name.empty() ? scan.spec.image : status.display_name},
          {"image", scan.spec.image},
          {"references", status.references},
          {"verdict", VerdictOf(scan)},
          {"ready", ReadyToJson(scan)},
          {"vulnerabilities", CountsToJson(status.vulnerabilities)},
          {"platforms", std::move(platforms)},
          {"policies", std::move(policies)},
          {"usedBy",
           {{"pods", status.used_by_pods},
            {"namespaces", status.used_by_namespaces},
            {"more", status.used_by_namespaces.size() >= resources::kMaxNamespaces}}},
          {"scannedAt", OrNull(status.scanned_at)},
          {"matchedAt", OrNull(status.matched_at)},
          {"database", status.database_id.empty() ? json()
                                                  : json{{"id", status.database_id},
                                                         {"builtAt", status.database_built_at}}}};
}

Result<Digest> ReadDigest(const std::string& text) {
  auto digest = Digest::Parse(text);
  if (!digest) return std::move(digest).error().WithReason("InvalidDigest");
  return digest;
}

Result<std::shared_ptr<const ScanRecord>> FindImage(const ReportSource& source,
                                                    const Digest& digest) {
  auto record = source.Image(digest);
  if (!record) return NotFound("no ImageScan is about " + digest.ToString());
  return record;
}

Result<StoredImage> FindStored(const ReportSource& source, const Digest& digest,
                               const resources::ImageScan& scan) {
  auto stored = source.Stored(digest);
  if (!stored) return std::move(stored).error();
  if (*stored) return **std::move(stored);
  if (scan.status.scanned_at.empty()) {
    return NotFound(digest.ToString() + " has not been scanned yet").WithReason("NotScanned");
  }
  return Unavailable("the store has lost " + digest.ToString() + ": it is scanned again")
      .WithReason("ScannedAgain");
}

report::ScanReport ReportOf(const ReportSource& source, const ScanRecord& record,
                            StoredImage stored) {
  report::ScanReport report;
  const auto references = ReferencesOf(record.scan);
  report.image = references.empty() ? record.scan.spec.image : references.front().ToString();
  report.inventory = std::move(stored.inventory);
  if (stored.match) {
    report.database.id = stored.match->database_id;
    report.database.built_at = stored.match->database_built_at;
    const DatabaseFacts current = source.Database();
    if (current.id == report.database.id) report.database.feeds = current.feeds;
    for (auto& platform : stored.match->platforms) {
      report.platforms.push_back({std::move(platform.findings), std::move(platform.coverage),
                                  std::move(platform.os_end_of_life)});
    }
  }
  Judge(source, record.scan, references, report);
  return report;
}

}  // namespace landwaiter::controller::report_api
