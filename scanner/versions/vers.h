// Ranges that name their scheme themselves: "vers:npm/>=1.0.0|<2.0.0", as CycloneDX and VEX
// documents write them (package-url, "Version Range Specification").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::versions {

struct VersConstraint {
  std::string_view op;  // "=", "!=", "<", "<=", ">", ">="
  std::string version;
};

struct VersRange {
  Scheme scheme = Scheme::kSemver;
  bool all = false;                         // "*"
  std::vector<VersConstraint> constraints;  // in the order of their versions
};

/// Errors: InvalidArgument for what is no such range, a scheme that is not known, a version that
/// the scheme cannot read; ResourceExhausted above kMaxRangeBytes.
Result<VersRange> ParseVers(std::string_view range);
/// "Checking if a version is contained within a range": equal versions first, then the interval
/// that the version lies in. Bounds that another one makes needless do not count.
/// Errors: InvalidArgument for a version that the scheme cannot read.
Result<bool> InVersRange(const VersRange& range, std::string_view version);

}  // namespace landwaiter::versions
