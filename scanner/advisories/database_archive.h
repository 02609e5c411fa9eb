// A database as one file that can be carried: a tar, compressed with zstd, of two members in this
// order: manifest.json and the LMDB file that it names. The same database gives the same bytes (no
// times, no owners). Its signature travels beside it, not in it (database_signature.h).
//
// An archive that is taken in is a stranger's: nothing of it is written before its manifest was
// read, understood and, with keys, found to be signed; then exactly the named file, of exactly the
// size and digest that the manifest says, and nothing after it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/ed25519.h"
#include "lib/base/result.h"
#include "scanner/advisories/manifest.h"

namespace landwaiter::advisories {

/// All feeds that are known make a database of some 2 GB; an archive that says more is no database.
inline constexpr std::uint64_t kMaxDatabaseBytes = std::uint64_t{16} << 30;

struct ExportedDatabase {
  DatabaseInfo info;
  std::string manifest;   // its bytes
  std::string signature;  // "" for none
};

/// Writes the current database of a folder to `file` (which appears whole or not at all). The
/// signature is made with `key`; without one (nullptr) it is that of the folder, if it has one.
/// Errors: as AdvisoryDatabase::Open, DataLoss also where the file is not what its manifest says;
/// Cancelled; PermissionDenied or Internal for what cannot be written.
Result<ExportedDatabase> ExportDatabase(const std::string& folder, const std::string& file,
                                        const SigningKey* key, const Cancellation& cancel);

struct ImportOptions {
  std::string archive;  // path
  std::string folder;   // made where it is missing
  std::string signature = {};
  std::vector<VerifyingKey> keys = {};  // not empty: the signature must be by one of them
};

/// Takes an archive in and makes it the folder's database. On any error the folder's database is
/// what it was. Errors: NotFound, DataLoss (no archive, broken off, members or bytes that are not
/// as the manifest says), Unsupported (another format version), ResourceExhausted (above a limit),
/// Unauthenticated (signature), Conflict (another command holds the folder), Cancelled.
Result<DatabaseInfo> ImportDatabase(const ImportOptions& options, const Cancellation& cancel);

}  // namespace landwaiter::advisories
