// Everything that is known of one scanned image, as the output formats are given it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/base_image.h"
#include "model/finding.h"
#include "model/inventory.h"
#include "model/verdict.h"
#include "scanner/matching/vex/vex.h"

namespace landwaiter::report {

struct DatabaseInfo {
  std::string id;                            // "" where no database was given
  std::string built_at;                      // RFC 3339
  std::map<std::string, std::string> feeds;  // name -> time of the feed, RFC 3339
};

/// Findings of one platform, in the order of inventory.platforms.
struct PlatformFindings {
  std::vector<Finding> findings;
  std::vector<Coverage> coverage;   // of the matching: "advisories"
  std::string os_end_of_life = {};  // MatchResult::os_end_of_life
  /// What VEX has taken out of `findings`, in their order.
  std::vector<matching::SuppressedFinding> suppressed = {};
};

/// A rule of a policy that has judged.
struct PolicyRule {
  PolicyRule(std::string rule) : name(std::move(rule)) {}  // NOLINT(google-explicit-constructor)
  PolicyRule(const char* rule) : name(rule) {}             // NOLINT(google-explicit-constructor)
  std::string name;
  bool fails = true;                       // action: Fail, else Warn
  std::vector<std::string> controls = {};  // of a benchmark or a standard
};

/// What is left out of the list of findings; verdicts and counts always see everything. A finding
/// of unknown severity is never left out by severity.
struct ReportFilter {
  Severity severity_at_least = Severity::kUnknown;
  bool ignore_unfixed = false;
};

/// A violation that a policy's exceptions excuse: without them it would be one.
struct Excused {
  std::string violation;  // Violation::id
  std::string reason;     // "POLICY: CVE-2023-0001 until 2027-01-31: reason"
};

struct ScanReport {
  std::string image;  // as it was asked for
  ImageInventory inventory;
  std::vector<PlatformFindings> platforms;  // as many as inventory.platforms; fewer: not matched
  std::vector<PolicyVerdict> policies;      // empty: no policy was given
  DatabaseInfo database;
  ReportFilter filter;
  /// Of each platform the known image that it is built on; fewer, or nullopt: none is known.
  std::vector<std::optional<BaseImage>> bases = {};
  /// The image as its registry knows it, "registry/repository:tag"; "" for one that came from
  /// elsewhere.
  std::string reference = {};
  /// When documents say that they were made, RFC 3339; "": when the database was built.
  std::string dated = {};
  /// Of each policy all its rules, in the order of `policies`; fewer: not known.
  std::vector<std::vector<PolicyRule>> rules = {};
  std::vector<Excused> excused = {};  // sorted by violation
};

/// The worst of the policies' verdicts. Without a policy: Unknown where any coverage is not Read
/// or no platform was read, else Pass.
Verdict OverallVerdict(const ScanReport& report);

/// Of the format "json": docs/report-v1.schema.json, docs/json-report.md.
inline constexpr int kReportSchemaVersion = 1;

}  // namespace landwaiter::report
