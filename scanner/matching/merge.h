// Several advisories on one package → one finding per vulnerability.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "model/finding.h"
#include "scanner/advisories/advisory.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/evaluate.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::matching {

/// One advisory that affects the installed version.
struct Hit {
  advisories::Affected affected;
  advisories::Advisory advisory;
  advisories::Evaluation evaluation;
};

/// The findings of the hits on one package version, without the package's own fields; sorted by
/// id. Hits whose names meet (ids, aliases, the CVEs that they cover) are one vulnerability; those
/// that bear a name among `cleared` are none, since a feed says that this package is not affected.
/// Errors: DataLoss from the database.
Result<std::vector<Finding>> MergeHits(versions::Scheme scheme, const std::vector<Hit>& hits,
                                       const std::set<std::string>& cleared,
                                       const advisories::AdvisoryDatabase& database);

/// Whether an advisory is, or covers nothing but, vulnerabilities with these names.
bool SpeaksOf(const advisories::Advisory& advisory, const std::set<std::string>& names);

}  // namespace landwaiter::matching
