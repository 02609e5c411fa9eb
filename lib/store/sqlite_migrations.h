// The tables of the SQLite store, and the way from each older version of them to the present one.
#pragma once

#include "lib/base/result.h"
#include "lib/store/sqlite.h"

namespace landwaiter::store {

/// Each step is a transaction. Errors: Unsupported for a file of a newer version, which is left
/// alone; SQLite's.
Status MigrateSqlite(Database& database);

}  // namespace landwaiter::store
