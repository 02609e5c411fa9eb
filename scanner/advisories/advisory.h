// What the advisory database holds, as plain structs: an advisory (one record of a feed) and the
// packages it speaks of, with the events of the OSV schema as they were written
// (https://ossf.github.io/osv-schema/, sections "affected[].ranges[] field" and "Evaluation");
// and what is known besides of vulnerabilities, releases and repositories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/finding.h"

namespace landwaiter::advisories {

enum class EventKind : std::uint8_t { kIntroduced, kFixed, kLastAffected, kLimit };

struct Event {
  EventKind kind = EventKind::kIntroduced;
  std::string version;  // "0" is before every version
  friend bool operator==(const Event&, const Event&) = default;
};

/// One ECOSYSTEM or SEMVER range; GIT ranges are not kept.
struct Range {
  std::vector<Event> events;  // in the order of the record, which need not be that of versions
  /// An rpm dist tag with a minor release ("el9_2"): versions that bear it are judged by this range
  /// and by no other, since minor releases are mended apart. "" for all others.
  std::string stream = {};
  friend bool operator==(const Range&, const Range&) = default;
};

/// A severity somebody stated, and who.
struct StatedSeverity {
  Severity severity = Severity::kUnknown;
  std::string source;  // "OSV database_specific.severity", "CVSS_V3", …; "" for Unknown
  std::optional<double> score;
  std::string vector;
  friend bool operator==(const StatedSeverity&, const StatedSeverity&) = default;
};

/// What is said of the versions in the ranges.
enum class Claim : std::uint8_t {
  kAffected,
  kNotAffected,  // a statement, not a gap: it speaks also against what other feeds say
};

/// That versions of one package are affected, or that they are not, as one advisory says.
struct Affected {
  std::string advisory;  // id of the advisory
  Claim claim = Claim::kAffected;
  std::vector<Range> ranges;
  std::vector<std::string> versions;  // meant too, each exactly
  StatedSeverity severity;            // for this package; Unknown: the advisory's own counts
  FindingState unfixed_state = FindingState::kAffected;  // what it is while no fix is known
  std::string module;  // rpm module "name:stream" that is meant, "" for packages of no module
  std::vector<std::string> architectures = {};  // sorted; empty for all
  /// The name is that of a source package, where the feed's key is the binary's (Red Hat).
  bool of_source = false;
  friend bool operator==(const Affected&, const Affected&) = default;
};

struct Advisory {
  std::string id;
  std::vector<std::string> aliases;   // other names of the same vulnerability, sorted
  std::vector<std::string> upstream;  // vulnerabilities that it covers, sorted; often several
  StatedSeverity severity;
  std::string title;      // at most kMaxTitleBytes
  std::string url;        // "" where it names none
  std::string published;  // RFC 3339, "" where the feed has none
  std::string modified;
  std::string feed;  // "osv"
  friend bool operator==(const Advisory&, const Advisory&) = default;
};

/// FIRST's Exploit Prediction Scoring System: the probability of exploitation in the next 30 days,
/// and the share of vulnerabilities with a lower one. Both 0 to 1, kept to five places.
struct Epss {
  double score = 0;
  double percentile = 0;
  friend bool operator==(const Epss&, const Epss&) = default;
};

/// What is known of a CVE whatever the package.
struct CveFacts {
  /// Day on which it was added to the catalogue of known exploited vulnerabilities, "" where that
  /// does not say; nullopt for a CVE that is not in it.
  std::optional<std::string> exploited_since = {};
  /// Day by which the catalogue's keeper wants it mended, "" where it names none.
  std::string exploited_due = {};
  std::optional<Epss> epss = {};
  std::vector<StatedSeverity> severities = {};  // NVD's, the newest CVSS version first
  std::vector<std::string> weaknesses = {};     // "CWE-79", sorted
  friend bool operator==(const CveFacts&, const CveFacts&) = default;
};

/// Stands for a date in the past that nobody wrote down; before all dates.
inline constexpr std::string_view kEndedUnknownWhen = "0000-00-00";

/// Until when a release of a product is cared for; dates as "2026-06-10".
struct Lifecycle {
  std::string product;           // endoflife.date's name: "debian", "alpine-linux"
  std::string release;           // "12", "3.18"
  std::string end_of_life;       // "" where none is set
  std::string end_of_extension;  // of paid or volunteers' support after it, "" for none
  friend bool operator==(const Lifecycle&, const Lifecycle&) = default;
};

inline constexpr std::size_t kMaxTitleBytes = 200;

}  // namespace landwaiter::advisories
