// The whole of `landwaiter doctor`: look at the cluster, run the checks, say what was found.
#pragma once

#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace landwaiter::kube {
class Api;
}

namespace landwaiter::doctor {

struct Where {
  std::string ns;
  std::string name;     // what the names of its objects begin with
  std::string version;  // of this program
  /// Call the webhook at its Service's address too, which only a pod of the cluster can; addresses
  /// that are URLs are called in any case.
  bool in_cluster = false;
  std::vector<std::string> skip = {};  // names of checks that are not run
};

/// Errors: InvalidArgument where a check has no such name; it lists those that there are.
Status KnowsChecks(const std::vector<std::string>& names);

struct Diagnosis {
  std::string text;
  std::size_t faults = 0;
  std::size_t warnings = 0;
  std::size_t unseen = 0;
};

/// Needs the rights that docs/cli.md lists; what it may not read counts as not looked at, and the
/// rest is looked at. `json`: an object {"checks": [{"name", "findings": [{"grade", "what",
/// "todo"}]}]}; else a line for what is sound and two for each finding. Errors: those of the first
/// call where it fails for another reason than its rights.
Result<Diagnosis> Examine(kube::Api& api, const Where& where, bool json, TimePoint now,
                          const Cancellation& cancel);

}  // namespace landwaiter::doctor
