// Whether a distribution release is still cared for: a release past its end gets no more
// advisories, and so looks cleaner every day.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "model/inventory.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/touched.h"

namespace landwaiter::matching {

/// A line of coverage ("lifecycle", EndOfLife) where the database has the date of the release's end
/// and it is before `today`, which is the day that the database was built: the same inventory and
/// database give the same report. nullopt for a release that is cared for, or of which nothing is
/// known. Errors: DataLoss from the database.
Result<std::optional<Coverage>> EndOfLifeOf(const OperatingSystem& os,
                                            const advisories::AdvisoryDatabase& database,
                                            TimePoint today);

/// The last day on which the release is cared for ("2028-06-30"), advisories::kEndedUnknownWhen for
/// one that has ended nobody knows when; "" where nothing is known. Errors: as EndOfLifeOf.
Result<std::string> LastDayOf(const OperatingSystem& os,
                              const advisories::AdvisoryDatabase& database);

/// For what it asks the database; nullopt where it asks nothing.
std::optional<advisories::Word> WordOfRelease(const OperatingSystem& os);

}  // namespace landwaiter::matching
