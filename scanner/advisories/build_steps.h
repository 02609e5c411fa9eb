// The two halves of a build: feeds → staged records (build_stage.cc), staged records → the sorted
// database file (build_write.cc).
#pragma once

#include <memory>
#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/advisories/builder.h"
#include "scanner/advisories/staging.h"

namespace landwaiter::advisories {

/// The scratch tables: records by id NUL part, facts by CVE NUL feed kind; lifecycles,
/// repositories and binaries as in the database.
inline constexpr const char* kRecordTable = "records";
inline constexpr const char* kFactTable = "facts";
/// Members between the two threads; several of the largest records.
inline constexpr std::size_t kQueueBytes = 48u << 20;

/// Reads all feeds; fills info.feeds, info.newest and info.known_exploited, and of info.ecosystems
/// names and `unfixed_by`, those that nothing will be written of among them. Of records with the
/// same id the one modified last counts, then the one of the later feed.
Result<std::unique_ptr<BatchWriter>> StageFeeds(const BuildOptions& options,
                                                const std::string& path, const Cancellation& cancel,
                                                DatabaseInfo* info);

/// Writes the database to `path` with scratch file `rows`; fills the rest of `info`, whose
/// ecosystems are then those that are in it.
Status WriteDatabase(BatchWriter& staged, const std::string& rows, const std::string& path,
                     const Cancellation& cancel, DatabaseInfo* info);

}  // namespace landwaiter::advisories
