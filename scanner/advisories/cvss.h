// CVSS base scores from vectors: v2 (CVSS v2.0 guide, section 3.2.1), v3.0 and v3.1 (specification,
// sections 7.1 and 7.4, appendix A), v4.0 (specification, section 8; cvss4.cc).
// Temporal, threat, environmental and supplemental metrics are checked for form and not counted:
// a feed speaks of the vulnerability, not of the place where it runs.
#pragma once

#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::advisories {

/// The longest legal vector (v4.0 with all metrics) has some 230 bytes.
inline constexpr std::size_t kMaxVectorBytes = 512;

struct CvssScore {
  int version = 3;   // 2, 3 or 4
  double score = 0;  // 0.0 to 10.0 in tenths
};

/// The version is told by the prefix ("CVSS:3.1/", "CVSS:4.0/"; none: v2).
/// Errors: InvalidArgument naming the metric that is missing, twice there, unknown or has a value
/// that it cannot have; Unsupported for another version.
Result<CvssScore> ScoreCvss(std::string_view vector);

}  // namespace landwaiter::advisories
