// The readers of exceptions and of what a policy takes of others. Inside this room only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "policy/check.h"
#include "policy/policy.h"

namespace landwaiter::policy {

/// One exception at `path`; nullopt, with complaints, where it is broken. `rules`: the names that
/// rules of the policy have; null where that is not known.
std::optional<PolicyException> ReadException(const nlohmann::json& value, const std::string& path,
                                             const std::set<std::string>* rules,
                                             Complaints& complaints);

/// Appends to policy.exceptions what is good of `list`. The rules have been read.
void ReadExceptions(const nlohmann::json& list, ScanPolicy& policy, Complaints& complaints);

/// `value` has passed CheckField. A name that no rule has is complained of; then nothing is taken.
std::optional<AllowExceptions> ReadAllowExceptions(const nlohmann::json& value,
                                                   const ScanPolicy& policy,
                                                   Complaints& complaints);

}  // namespace landwaiter::policy
