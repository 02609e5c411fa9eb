// An update: fetch every feed, build a database of them, swap it in. Nothing is given up before its
// successor has proved itself: a file that was fetched takes the last good one's place once a
// database was built from it, a file that shrank suspiciously never does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/clock.h"
#include "lib/base/program.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "scanner/advisories/builder.h"
#include "scanner/updates/addresses.h"
#include "scanner/updates/fetch.h"

namespace landwaiter::updates {

enum class FileState {
  kFetched,    // another than before
  kUnchanged,  // the server has what was there
  kKept,       // could not be fetched or read, or was not believed; the last good one went in
};

struct FileReport {
  FeedFile file;
  FileState state = FileState::kFetched;
  Error error = {};        // of kKept
  TimePoint checked_at{};  // what went in, when its server last gave it or had no other
};

struct UpdateOptions {
  std::vector<FeedFile> files;
  std::string store;  // folder
  /// Without `feeds`, which are the fetched files, and its times, which follow from them.
  advisories::BuildOptions build;
  /// Take a file that is smaller than the last good one, or has fewer records, by more than a
  /// tenth.
  bool allow_shrink = false;
  /// Which program this is: how many records a feed has is compared with its own counts alone.
  std::string program = ProgramIdentity();
  FetchOptions fetch = {};
  Fetcher::Wait wait = WaitFor;
  Fetcher::Progress on_progress = {};
  std::function<void(const FileReport&)> on_file = {};  // as each is done with
};

struct UpdateReport {
  std::vector<FileReport> files;
  advisories::DatabaseInfo info;
};

/// The database is of the time at which the feed in it that was looked at longest ago was looked
/// at: however often one is built of what a mirror no longer gives, it grows old.
///
/// Errors: as Fetcher::Fetch for a file of which there is no last good one (nothing is built: a
/// database without a feed says less than it seems to), DataLoss for one that shrank, as
/// BuildDatabase; Conflict where another update holds the store. The database is then what it was.
Result<UpdateReport> UpdateDatabase(http::Client& client, const Clock& clock,
                                    const UpdateOptions& options, const Cancellation& cancel);

}  // namespace landwaiter::updates
