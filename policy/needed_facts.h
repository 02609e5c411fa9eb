// Facts of an image that not everybody who judges has: a scan has all that it was asked for, a
// stored report leaves some out. A rule that is judged without what it asks about would pass for
// want of facts, so whoever lacks some asks here first.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace landwaiter::policy {

enum class Fact {
  kEnvironment,      // variables of the configuration
  kHistory,          // the builder's instructions
  kVolumes,          // that the configuration declares
  kFiles,            // collected files
  kPasswd,           // /etc/passwd
  kSecrets,          // what was found by the present rules for secrets
  kMalware,          // what clamd said of the files
  kIntegrity,        // how the files of packages differ from their packages' records
  kEndOfLife,        // the last day of the operating system's release
  kOtherSeverities,  // the NVD's word and the worst word on a finding
  kFixDates,         // when fixes were published
  kDueDates,         // by when known exploited ones are to be mended
  kFirstSeen,        // when findings were first met in this cluster
  kBases,            // images that share its lowest layers
};
/// For people: "environment variables", "collected files".
std::string_view FactName(Fact fact);

/// A fact that a rule asks about and that is lacking.
struct MissingFact {
  std::string rule;
  Fact fact;
};

/// Which of `lacking` the policy's rules ask about, in the order of the rules.
std::vector<MissingFact> MissingFacts(const ScanPolicy& policy, const std::set<Fact>& lacking);

}  // namespace landwaiter::policy
