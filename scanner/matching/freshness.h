// Whether an advisory database is too old to be believed where it finds nothing.
#pragma once

#include <chrono>
#include <optional>

#include "lib/base/clock.h"
#include "model/inventory.h"

namespace landwaiter::matching {

/// A line of coverage ("database", Stale) where the database is of a time (DatabaseInfo::built_at)
/// that is more than `limit` before `now`, or so far after it that a clock was wrong; nullopt for a
/// younger one. It does not say how old the
/// database is by now, so that two reports differ only where one of them has the line.
std::optional<Coverage> StaleDatabase(TimePoint of, TimePoint now, std::chrono::milliseconds limit);

}  // namespace landwaiter::matching
