// From bytes to JSON values: bounded in size, depth and number of nodes; duplicated fields are
// errors, because two readers may disagree on which one counts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::policy {

/// Errors: InvalidArgument with the position; ResourceExhausted above kMaxPolicyBytes or
/// kMaxPolicyDepth.
Result<nlohmann::json> ReadJson(std::string_view text);

/// All documents that are not empty. Errors: as ReadJson, and InvalidArgument naming the line for
/// anchors, aliases, tags other than !!str, and plain scalars that readers of YAML 1.1 and 1.2 take
/// for different things (yes, on, 0123, 1_000, 0x1F).
Result<std::vector<nlohmann::json>> ReadYaml(std::string_view text);

/// yaml-cpp keeps some 400 bytes a node while it scans; the largest shipped policy has 200.
inline constexpr std::size_t kMaxYamlBytes = 1u << 20;

}  // namespace landwaiter::policy
