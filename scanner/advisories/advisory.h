// What the advisory database holds, as plain structs: an advisory (one record of a feed) and the
// packages it says are affected, with the events of the OSV schema as they were written
// (https://ossf.github.io/osv-schema/, sections "affected[].ranges[] field" and "Evaluation").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

/// That versions of one package are affected, as one advisory says.
struct Affected {
  std::string advisory;  // id of the advisory
  std::vector<Range> ranges;
  std::vector<std::string> versions;  // affected too, each exactly
  StatedSeverity severity;            // for this package; Unknown: the advisory's own counts
  FindingState unfixed_state = FindingState::kAffected;  // what it is while no fix is known
  std::string module;  // rpm module "name:stream" that the fix is for, "" for none
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

/// What is known of a CVE whatever the package.
struct CveFacts {
  /// Day on which it was added to the catalogue of known exploited vulnerabilities, "" where that
  /// does not say; nullopt for a CVE that is not in it.
  std::optional<std::string> exploited_since;
  friend bool operator==(const CveFacts&, const CveFacts&) = default;
};

inline constexpr std::size_t kMaxTitleBytes = 200;

}  // namespace landwaiter::advisories
