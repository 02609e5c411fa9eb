// Store in one SQLite file (WAL, synchronous=FULL, so that what was acknowledged survives a crash
// of the machine). A file that fails its integrity check, or turns out damaged while it is in use,
// is moved aside as NAME.corrupt-N and a new one begun: the contents can be made again by scanning.
#pragma once

#include <memory>
#include <string>

#include "lib/store/store.h"

namespace landwaiter::store {

struct OpenedStore {
  std::unique_ptr<Store> store;
  /// Where a corrupt store was moved to, and why; empty in the ordinary case.
  std::string moved_aside;
  std::string reason;
};

/// Makes the folder's `landwaiter.db` where there is none. Errors: NotFound or PermissionDenied
/// (folder), ResourceExhausted (disk full), Unsupported (made by a newer version: refused, not
/// moved), Conflict (another process holds it).
Result<OpenedStore> OpenSqliteStore(const std::string& folder);

}  // namespace landwaiter::store
