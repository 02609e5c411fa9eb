// Which of several stated severities a finding has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/matching/merge.h"

namespace landwaiter::matching {

/// In this order; among equals the worst:
///  1. the vendor's word for this package (a distribution's urgency or errata severity),
///  2. the vendor's word of the record (database_specific.severity),
///  3. a CVSS base score of the hits: 4.0, then 3.x, then 2.0,
///  4. NVD's score, the newest CVSS version first,
///  5. the word or score of another advisory of the database that names the same CVE and nothing
///     else; its id is added to the source,
///  6. Unknown.
/// Score and vector come along where the chosen one has none of its own.
/// Errors: DataLoss from the database.
Result<advisories::StatedSeverity> ChooseSeverity(const std::vector<const Hit*>& hits,
                                                  const std::vector<std::string_view>& names,
                                                  const advisories::CveFacts& facts,
                                                  const advisories::AdvisoryDatabase& database);

}  // namespace landwaiter::matching
