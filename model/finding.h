// A finding: one package of one image is, or may be, affected by one vulnerability.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter {

enum class Severity { kUnknown, kNegligible, kLow, kMedium, kHigh, kCritical };
std::string_view SeverityName(Severity severity);  // "Unknown", "Negligible", …, "Critical"
/// Any case; "none" is Negligible, "moderate" Medium, "important" High. nullopt for other words.
std::optional<Severity> ParseSeverity(std::string_view text);
/// CVSS 3.1 section 5 / 4.0 section 6: 0 Negligible, <4 Low, <7 Medium, <9 High, else Critical.
Severity SeverityOfScore(double score);

enum class FindingState {
  kAffected,  // no fix is known
  kFixed,     // a fixed version is known
  kWillNotFix,
  kEndOfLife,
  kUnderInvestigation,
};
std::string_view FindingStateName(FindingState state);
std::optional<FindingState> ParseFindingState(std::string_view text);

/// How well the package is known to be the one that the advisory means.
enum class Confidence {
  kExact,  // the feed names packages as the package's own ecosystem does
  kCpe,    // by the NVD's name for a product: may fail nothing unless asked for
};
std::string_view ConfidenceName(Confidence confidence);  // "Exact", "CPE"
std::optional<Confidence> ParseConfidence(std::string_view text);

struct Finding {
  std::string id;                    // CVE where one is known
  std::vector<std::string> aliases;  // all other ids, sorted
  Severity severity = Severity::kUnknown;
  std::string severity_source;  // "OSV database_specific.severity", "CVSS_V3", "" for Unknown
  std::optional<double> cvss_score;
  std::string cvss_vector;
  /// What the NVD says, and the worst of all who say something of it, the vendor and the NVD
  /// among them; absent where nobody does.
  std::optional<Severity> nvd_severity;
  std::optional<double> nvd_score;
  std::optional<Severity> highest_severity;
  std::optional<double> highest_score;
  FindingState state = FindingState::kAffected;
  std::string fixed_version;  // the lowest that mends the installed one; "" without a fix
  std::string title;          // at most 200 bytes
  std::string url;
  std::string published;  // RFC 3339, "" where the feed has none
  /// When the first advisory that names a fix was published: no earlier fix is known of. "" where
  /// there is no fix, or where none of them has a date.
  std::string fix_published;
  std::string feed;                     // which feed said it: "osv"
  std::string advisory;                 // the feed's own id: "DSA-5343-1", "GHSA-…"
  std::optional<bool> known_exploited;  // absent where no KEV feed is in the database
  /// Of a known exploited one: the day by which the catalogue's keeper wants it mended
  /// ("2026-11-24"), "" where it names none.
  std::string exploited_due;
  /// When this installation first met the vulnerability in this package, in whatever image; RFC
  /// 3339. Not of the matching: whoever keeps a history adds it. "" where nobody does.
  std::string first_seen;
  /// EPSS, 0 to 1: the probability of exploitation in the next 30 days, and the share of
  /// vulnerabilities with a lower one. Absent where the database has none: unknown, not 0.
  std::optional<double> epss_score;
  std::optional<double> epss_percentile;
  std::vector<std::string> weaknesses;  // "CWE-79", sorted
  Confidence confidence = Confidence::kExact;
  // The package, repeated so that a finding can be read by itself.
  std::string package;
  std::string package_type;
  std::string installed_version;
  std::string purl;
  std::string path;
  std::string source_package;  // "" where it is the package itself
  int layer = -1;
  bool host_kernel = false;  // kernel headers: the host's kernel counts, not the image's
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// Worst first, fixable before not, then id, package, path: the order of every report.
bool WorseThan(const Finding& a, const Finding& b);

struct SeverityCounts {
  std::array<std::uint64_t, 6> by_severity{};  // indexed by Severity
  std::uint64_t fixable = 0;
  std::uint64_t known_exploited = 0;
  std::uint64_t suppressed = 0;  // by VEX; in none of the others
  std::uint64_t Of(Severity severity) const {
    return by_severity[static_cast<std::size_t>(severity)];
  }
  friend bool operator==(const SeverityCounts&, const SeverityCounts&) = default;
};
/// host_kernel findings are not counted.
SeverityCounts Count(const std::vector<Finding>& findings);

/// A JSON array, for the store.
std::string FindingsToJson(const std::vector<Finding>& findings);
Result<std::vector<Finding>> FindingsFromJson(std::string_view json);

}  // namespace landwaiter
