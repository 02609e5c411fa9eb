// The checks of `landwaiter doctor`: each a question about the installation, answered with what is
// wrong and what to do. A new check is a function in one of the checks_*.cc and a row in checks.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/installation.h"

namespace landwaiter::doctor {

enum class Grade {
  kFault,    // something does not work
  kWarning,  // it works, and will not for long, or not for all
  kUnseen,   // could not be looked at: never taken for sound
  kNothing,  // there is nothing yet that it could look at; no fault, and not sound either
};

struct Finding {
  Grade grade = Grade::kFault;
  std::string what;  // begins with the object
  std::string todo;
};
using Findings = std::vector<Finding>;

struct Check {
  std::string_view name;
  std::string_view sound;  // what it says where nothing is found
  Findings (*look)(const Installation& installation);
};

std::span<const Check> Checks();

/// One of `grade`, or none where `seen` holds: "validatingwebhookconfigurations: why".
void AddUnseen(const Seen& seen, std::string_view of, Findings& out);

// In the order of the table.
Findings LookAtSchemas(const Installation& installation);
Findings LookAtPods(const Installation& installation);
Findings LookAtEndpoints(const Installation& installation);
Findings LookAtLeader(const Installation& installation);
Findings LookAtVersions(const Installation& installation);
Findings LookAtRights(const Installation& installation);
Findings LookAtGuard(const Installation& installation);
Findings LookAtCertificates(const Installation& installation);
Findings LookAtArming(const Installation& installation);
Findings LookAtBundles(const Installation& installation);
Findings LookAtTargets(const Installation& installation);
Findings LookAtProbes(const Installation& installation);
Findings LookAtPolicies(const Installation& installation);
Findings LookAtDatabase(const Installation& installation);
Findings LookAtScans(const Installation& installation);
Findings LookAtRegistries(const Installation& installation);

}  // namespace landwaiter::doctor
