// Policy bundles of Anchore Engine (its bundle format "1_0": policies, whitelists, mappings,
// whitelisted and blacklisted images) as ScanPolicies. What cannot be said here, or is said
// otherwise, is a note: nothing is left out in silence.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace landwaiter::policy {

struct ConvertedBundle {
  std::string yaml;  // documents that ParsePolicyYaml takes; "" where nothing could be translated
  /// What was left out or stands for less than it did, each with its place in the bundle.
  /// Printable.
  std::vector<std::string> lost;
  /// What is the same but for a detail that a person should know. Printable.
  std::vector<std::string> notes;
};

/// `json`: one bundle. An item of a whitelist without an end is excused for a year from `now`: an
/// exception without one does not exist here.
/// Errors: InvalidArgument for what is no bundle, naming the field; ResourceExhausted beyond
/// kMaxPolicyBytes or kMaxPolicyDepth.
Result<ConvertedBundle> ConvertAnchoreBundle(std::string_view json, TimePoint now);

}  // namespace landwaiter::policy
