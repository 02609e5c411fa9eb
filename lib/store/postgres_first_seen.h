// Store::NoteFirst in PostgreSQL.
#pragma once

#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/store/postgres.h"

namespace landwaiter::store {

/// In two steps, which are one where nothing is new; what somebody else notes meanwhile stays the
/// earlier one. Errors: the connection's.
Result<std::vector<TimePoint>> NoteFirstIn(PostgresConnection& connection,
                                           const std::vector<std::string>& keys, TimePoint at);

}  // namespace landwaiter::store
