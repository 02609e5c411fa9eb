// The folder of a database: one command at a time changes it, and what is in it changes by a rename
// of its manifest. Whoever makes a database (builder.h) or takes one in (database_archive.h) writes
// its file beside the current one under a scratch name and swaps it in.
//
// In the folder: manifest.json; the LMDB file that it names; manifest-HEX.sig, a signature of the
// manifest with that digest, where there is one. Included by this room's sources only.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/file.h"
#include "lib/base/result.h"
#include "scanner/advisories/manifest.h"

namespace landwaiter::advisories {

/// Makes the folder where it is missing; held until the descriptor is closed. Errors: Conflict
/// where another command holds it, PermissionDenied.
Result<FileDescriptor> LockFolder(const std::string& dir);

/// Where a file grows until it is swapped in: "DIR/building-PID". What bears such a name is removed
/// by the next one that holds the lock.
std::string ScratchName(const std::string& dir);

/// Removes what commands that died left behind, databases that no manifest names any more and
/// signatures of other manifests. A reader that has one open keeps it.
void RemoveLeftovers(const std::string& dir);

/// The name of a manifest's signature. It follows from the manifest's bytes, so that a signature
/// can be put down before its manifest and no reader meets the one with the other's.
std::string SignatureName(std::string_view manifest);

/// Makes `scratch` the database: its file and `signature` ("" for none) first, then the manifest.
Status SwapIn(const std::string& dir, const std::string& scratch, const DatabaseInfo& info,
              const std::string& manifest, const std::string& signature);

}  // namespace landwaiter::advisories
