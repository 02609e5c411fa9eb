#include "resources/image_scan.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "resources/turned_bad.h"

namespace landwaiter::resources {
namespace {

using nlohmann::json;

// Generous beside what the schema allows: an object comes from the API server, which has checked
// it.
constexpr std::size_t kMaxItems = 1024;

struct CountName {
  const char* name;
  Severity severity;
};
constexpr CountName kCounts[] = {
    {"critical", Severity::kCritical},     {"high", Severity::kHigh},
    {"medium", Severity::kMedium},         {"low", Severity::kLow},
    {"negligible", Severity::kNegligible}, {"unknown", Severity::kUnknown},
};

/// How much of each list and text is kept; the later rows are for images that would not fit.
struct Bounds {
  std::size_t message, violations, findings, coverage, references, excused;
};
constexpr Bounds kBounds[] = {
    {kMaxMessage, kMaxViolations, kMaxTopFindings, kMaxCoverage, kMaxReferences, kMaxExcused},
    {128, 8, 10, 16, 10, 4},
    {96, 2, 5, 8, 5, 2},
    {64, 1, 2, 4, 2, 0},
    {48, 0, 1, 2, 1, 0},
};
constexpr std::size_t kMaxStatusBytes = 60 * 1024;  // leaves 4 KiB of 64 for metadata and spec

std::string Short(const std::string& text, std::size_t limit = kMaxMessage) {
  return text::Truncate(text::Printable(text), limit);
}

void Set(json& object, const char* name, const std::string& value,
         std::size_t limit = kMaxMessage) {
  if (!value.empty()) object[name] = Short(value, limit);
}

template <class T>
std::size_t AtMost(const std::vector<T>& list, std::size_t limit) {
  return std::min(list.size(), limit);
}

json ShortStrings(const std::vector<std::string>& list, std::size_t limit, std::size_t bytes) {
  json out = json::array();
  for (std::size_t i = 0; i < AtMost(list, limit); ++i) out.push_back(Short(list[i], bytes));
  return out;
}

json ToJson(const PlatformStatus& p, const Bounds& bounds) {
  json out{{"platform", Short(p.platform)},
           {"packages", p.packages},
           {"sizeBytes", p.size_bytes},
           {"coverage", json::array()}};
  Set(out, "manifestDigest", p.manifest_digest);
  Set(out, "imageID", p.image_id);
  Set(out, "chainID", p.chain_id);
  if (!p.os_family.empty()) {
    out["os"] = {{"family", Short(p.os_family)},
                 {"version", Short(p.os_version)},
                 {"endOfLife", p.os_end_of_life}};
  }
  // What is not Read goes first: the cut may never hide a failure.
  std::vector<Coverage> coverage = p.coverage;
  std::stable_partition(coverage.begin(), coverage.end(),
                        [](const Coverage& c) { return c.state != CoverageState::kRead; });
  for (std::size_t i = 0; i < AtMost(coverage, bounds.coverage); ++i) {
    json line{{"source", Short(coverage[i].source)},
              {"state", CoverageStateName(coverage[i].state)},
              {"packages", coverage[i].packages}};
    Set(line, "reason", coverage[i].reason, bounds.message);
    out["coverage"].push_back(std::move(line));
  }
  return out;
}

json ToJson(const TopFinding& f, const Bounds& bounds) {
  json out{{"id", Short(f.id, bounds.message)},
           {"severity", f.severity},
           {"package", Short(f.package, bounds.message)}};
  Set(out, "installedVersion", f.installed_version, bounds.message);
  Set(out, "fixedVersion", f.fixed_version, bounds.message);
  Set(out, "path", f.path, bounds.message);
  return out;
}

json JudgementToJson(const PolicyStatus& p, const Bounds& bounds) {
  json out{{"verdict", p.verdict}};
  for (std::size_t i = 0; i < AtMost(p.violations, bounds.violations); ++i) {
    const RuleViolation& v = p.violations[i];
    out["violations"].push_back({{"rule", Short(v.rule, 64)},
                                 {"count", v.count},
                                 {"action", v.fails ? "Fail" : "Warn"},
                                 {"message", Short(v.message, 2 * bounds.message)}});
  }
  if (!p.unknown.empty())
    out["unknown"] =
        ShortStrings(p.unknown, std::max<std::size_t>(bounds.violations, 1), bounds.message);
  if (!p.exceptions.empty())
    out["exceptions"] = ShortStrings(p.exceptions, bounds.violations, bounds.message);
  if (!p.rests_on.empty()) out["restsOn"] = p.rests_on;
  // Whole or not at all: a judgement that rests on less than it says would hold where it may not.
  if (!p.rests_on_objects.empty()) out["restsOnExceptions"] = p.rests_on_objects;
  if (p.fails_from) {
    out["failsFrom"] = {{"from", p.fails_from->from},
                        {"rule", Short(p.fails_from->rule, 64)},
                        {"message", Short(p.fails_from->message, bounds.message)}};
  }
  return out;
}

/// `ran_in`: how much room is left for names of namespaces.
json ToJson(const PolicyStatus& p, const Bounds& bounds, std::size_t& ran_in) {
  json out = JudgementToJson(p, bounds);
  out["name"] = p.name;
  out["generation"] = p.generation;
  Set(out, "uid", p.uid, 128);
  if (p.turned_bad) out["turnedBad"] = TurnedBadToJson(*p.turned_bad, ran_in);
  // Without one of these its names are judged more strictly, never more mildly.
  for (std::size_t i = 0; i < AtMost(p.excused, bounds.excused); ++i) {
    out["excused"].push_back(JudgementToJson(p.excused[i], bounds));
  }
  return out;
}

void ReadPlatform(JsonFields& fields, PlatformStatus& p) {
  fields.String("platform", p.platform);
  fields.String("manifestDigest", p.manifest_digest);
  fields.String("imageID", p.image_id);
  fields.String("chainID", p.chain_id);
  fields.Uint("packages", p.packages);
  fields.Uint("sizeBytes", p.size_bytes);
  fields.Object("os", [&](JsonFields& os) {
    os.String("family", p.os_family);
    os.String("version", p.os_version);
    os.Bool("endOfLife", p.os_end_of_life);
    return os.Done();
  });
  fields.Objects("coverage", kMaxItems, [&](JsonFields& line) {
    Coverage& c = p.coverage.emplace_back();
    std::string state;
    line.String("source", c.source);
    line.String("state", state);
    line.String("reason", c.reason);
    line.Uint("packages", c.packages);
    c.state = CoverageState::kFailed;  // a word this version does not know is no "Read"
    for (const CoverageState known :
         {CoverageState::kRead, CoverageState::kFailed, CoverageState::kUnsupported,
          CoverageState::kSkipped, CoverageState::kEndOfLife}) {
      if (CoverageStateName(known) == state) c.state = known;
    }
    return line.Done();
  });
}

void ReadJudgement(JsonFields& fields, PolicyStatus& p) {
  fields.String("verdict", p.verdict);
  fields.Strings("unknown", p.unknown);
  fields.Strings("exceptions", p.exceptions);
  fields.Uints("restsOn", p.rests_on);
  fields.Strings("restsOnExceptions", p.rests_on_objects);
  fields.Object("failsFrom", [&](JsonFields& coming) {
    ComingFailure& failure = p.fails_from.emplace();
    coming.String("from", failure.from);
    coming.String("rule", failure.rule);
    coming.String("message", failure.message);
    return coming.Done();
  });
  fields.Objects("violations", kMaxItems, [&](JsonFields& line) {
    RuleViolation& v = p.violations.emplace_back();
    std::string action;
    line.String("rule", v.rule);
    line.Uint("count", v.count);
    line.String("action", action);
    line.String("message", v.message);
    v.fails = action != "Warn";
    return line.Done();
  });
}

void ReadPolicy(JsonFields& fields, PolicyStatus& p) {
  fields.String("name", p.name);
  fields.Int("generation", p.generation);
  fields.String("uid", p.uid);
  fields.Object("turnedBad", [&](JsonFields& record) {
    ReadTurnedBad(record, p.turned_bad.emplace());
    return record.Done();
  });
  ReadJudgement(fields, p);
  fields.Objects("excused", kMaxItems, [&](JsonFields& item) {
    ReadJudgement(item, p.excused.emplace_back());
    return item.Done();
  });
}

Status ReadCounts(JsonFields& fields, SeverityCounts& counts) {
  for (const CountName& row : kCounts) {
    fields.Uint(row.name, counts.by_severity[static_cast<std::size_t>(row.severity)]);
  }
  fields.Uint("fixable", counts.fixable);
  fields.Uint("knownExploited", counts.known_exploited);
  fields.Uint("suppressed", counts.suppressed);
  return fields.Done();
}

Status ReadStatus(JsonFields& fields, ImageScanStatus& s) {
  fields.Int("observedGeneration", s.observed_generation);
  fields.String("canonical", s.canonical);
  fields.String("displayName", s.display_name);
  fields.String("digest", s.digest);
  fields.Objects("platforms", kMaxItems, [&](JsonFields& item) {
    ReadPlatform(item, s.platforms.emplace_back());
    return item.Done();
  });
  fields.Object("vulnerabilities", [&](JsonFields& counts) {
    return ReadCounts(counts, s.vulnerabilities.emplace());
  });
  fields.Objects("topFindings", kMaxItems, [&](JsonFields& item) {
    TopFinding& f = s.top_findings.emplace_back();
    item.String("id", f.id);
    item.String("severity", f.severity);
    item.String("package", f.package);
    item.String("installedVersion", f.installed_version);
    item.String("fixedVersion", f.fixed_version);
    item.String("path", f.path);
    return item.Done();
  });
  fields.Objects("policies", kMaxItems, [&](JsonFields& item) {
    ReadPolicy(item, s.policies.emplace_back());
    return item.Done();
  });
  fields.String("verdict", s.verdict);
  fields.Strings("references", s.references);
  fields.Strings("watchedAs", s.watched_as);
  fields.Object("usedBy", [&](JsonFields& used) {
    used.Uint("pods", s.used_by_pods);
    used.Strings("namespaces", s.used_by_namespaces);
    return used.Done();
  });
  fields.String("scannedAt", s.scanned_at);
  fields.String("matchedAt", s.matched_at);
  fields.Object("database", [&](JsonFields& database) {
    database.String("builtAt", s.database_built_at);
    database.String("id", s.database_id);
    return database.Done();
  });
  fields.Object("report", [&](JsonFields& report) {
    report.String("digest", s.report_digest);
    report.Uint("sizeBytes", s.report_size_bytes);
    return report.Done();
  });
  return fields.Done();
}

Status ReadMetadata(JsonFields& fields, ImageScan& scan) {
  std::string deleted;
  fields.String("name", scan.name);
  fields.String("uid", scan.uid);
  fields.String("resourceVersion", scan.resource_version);
  fields.Int("generation", scan.generation);
  fields.String("creationTimestamp", scan.created_at);
  fields.String("deletionTimestamp", deleted);
  fields.StringMap("labels", scan.labels);
  fields.StringMap("annotations", scan.annotations);
  scan.deleting = !deleted.empty();
  return fields.Done();
}

Status ReadSpec(JsonFields& fields, ImageScanSpec& spec) {
  fields.String("image", spec.image);
  fields.String("rescanAfter", spec.rescan_after);
  fields.Objects("pullSecrets", kMaxItems, [&](JsonFields& item) {
    SecretRef& secret = spec.pull_secrets.emplace_back();
    item.String("namespace", secret.ns);
    item.String("name", secret.name);
    return item.Done();
  });
  return fields.Done();
}

json StatusWithin(const ImageScanStatus& s, const Bounds& bounds) {
  json out{{"observedGeneration", s.observed_generation},
           {"conditions", ConditionsToJson(s.conditions)}};
  Set(out, "canonical", s.canonical);
  Set(out, "displayName", s.display_name, 512);
  Set(out, "digest", s.digest);
  Set(out, "verdict", s.verdict);
  Set(out, "scannedAt", s.scanned_at);
  Set(out, "matchedAt", s.matched_at);
  for (std::size_t i = 0; i < AtMost(s.platforms, kMaxPlatforms); ++i) {
    out["platforms"].push_back(ToJson(s.platforms[i], bounds));
  }
  if (s.vulnerabilities) {
    json counts{{"fixable", s.vulnerabilities->fixable},
                {"knownExploited", s.vulnerabilities->known_exploited}};
    if (s.vulnerabilities->suppressed > 0) counts["suppressed"] = s.vulnerabilities->suppressed;
    for (const CountName& row : kCounts) counts[row.name] = s.vulnerabilities->Of(row.severity);
    out["vulnerabilities"] = std::move(counts);
  }
  for (std::size_t i = 0; i < AtMost(s.top_findings, bounds.findings); ++i) {
    out["topFindings"].push_back(ToJson(s.top_findings[i], bounds));
  }
  std::size_t ran_in = kMaxRanInBytes;
  for (std::size_t i = 0; i < AtMost(s.policies, kMaxPolicies); ++i) {
    out["policies"].push_back(ToJson(s.policies[i], bounds, ran_in));
  }
  for (std::size_t i = 0; i < AtMost(s.references, bounds.references); ++i) {
    out["references"].push_back(Short(s.references[i], 512));
  }
  if (!s.watched_as.empty()) out["watchedAs"] = s.watched_as;  // never shortened: rules go by it
  out["usedBy"] = {{"pods", s.used_by_pods},
                   {"namespaces", ShortStrings(s.used_by_namespaces, kMaxNamespaces, 63)}};
  if (!s.database_id.empty()) {
    out["database"] = {{"id", s.database_id}};
    // A date-time format in the schema refuses the empty string.
    if (!s.database_built_at.empty()) out["database"]["builtAt"] = s.database_built_at;
  }
  if (!s.report_digest.empty()) {
    out["report"] = {{"digest", s.report_digest}, {"sizeBytes", s.report_size_bytes}};
  }
  return out;
}

}  // namespace

std::string ScanName(const Digest& digest) {
  return std::string(digest.Algorithm()) + "-" + std::string(digest.Hex());
}

Result<ImageScan> ImageScanFromJson(const json& object) {
  ImageScan scan;
  JsonFields fields(object, "ImageScan");
  fields.Object("metadata", [&](JsonFields& metadata) { return ReadMetadata(metadata, scan); });
  fields.Object("spec", [&](JsonFields& spec) { return ReadSpec(spec, scan.spec); });
  fields.Object("status", [&](JsonFields& status) { return ReadStatus(status, scan.status); });
  if (Status done = fields.Done(); !done) return std::move(done).error();
  if (scan.name.empty()) return InvalidArgument("ImageScan.metadata.name is missing");
  if (const auto status = object.find("status"); status != object.end() && status->is_object()) {
    if (const auto list = status->find("conditions"); list != status->end()) {
      scan.status.conditions = ConditionsFromJson(*list);
    }
  }
  return scan;
}

json ImageScanToJson(const ImageScan& scan) {
  json out{{"apiVersion", kApiVersion},
           {"kind", "ImageScan"},
           {"metadata", {{"name", scan.name}}},
           {"spec", {{"image", scan.spec.image}}}};
  if (!scan.labels.empty()) out["metadata"]["labels"] = scan.labels;
  if (!scan.annotations.empty()) out["metadata"]["annotations"] = scan.annotations;
  if (!scan.resource_version.empty()) out["metadata"]["resourceVersion"] = scan.resource_version;
  if (!scan.spec.rescan_after.empty()) out["spec"]["rescanAfter"] = scan.spec.rescan_after;
  for (const SecretRef& secret : scan.spec.pull_secrets) {
    out["spec"]["pullSecrets"].push_back({{"namespace", secret.ns}, {"name", secret.name}});
  }
  return out;
}

json StatusToJson(const ImageScanStatus& status) {
  json out;
  for (const Bounds& bounds : kBounds) {
    out = StatusWithin(status, bounds);
    if (DumpJson(out).size() <= kMaxStatusBytes) break;
  }
  return out;
}

}  // namespace landwaiter::resources
