// Store in a PostgreSQL database, which several controllers share: who takes over finds what the
// other knew. It is made and migrated by whoever opens it first; the rest wait.
#pragma once

#include <memory>
#include <string>

#include "lib/store/store.h"

namespace landwaiter::store {

/// `dsn_file`: a file with libpq's connection string or URI and nothing else; it is read again for
/// each new connection, so a changed password needs no restart. A connection that ended is made
/// anew, and what was under way is done again once. Errors: NotFound or PermissionDenied (the
/// file), InvalidArgument (not a connection string), Unavailable (reason StoreUnreachable),
/// Unsupported (made by a newer version).
Result<std::unique_ptr<Store>> OpenPostgresStore(const std::string& dsn_file);

}  // namespace landwaiter::store
