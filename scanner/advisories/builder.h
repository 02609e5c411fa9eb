// Builds an advisory database from feeds and swaps it in. Two threads: one reads and inflates
// archives, one parses records and writes; memory is bounded by a queue of kQueueBytes and by
// LMDB's dirty pages, not by the size of the feeds. A crash at any point leaves the old database.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "scanner/advisories/manifest.h"

namespace landwaiter::advisories {

struct FeedSource {
  std::string kind;  // a kind of the table of feeds (feed.h)
  std::string path;  // archive (zip, tar.zst, tar.gz, …), one file, or a folder of them
};
/// "osv=PATH", "kev=PATH". Errors: InvalidArgument.
Result<FeedSource> ParseFeedSource(std::string_view text);

struct BuildProgress {
  std::string feed;           // the one being read
  std::uint64_t records = 0;  // read so far, of all feeds
};

struct BuildOptions {
  std::vector<FeedSource> feeds;
  std::string output;       // folder; made where it is missing
  bool keep_going = false;  // leave broken records out and count them, in place of failing
  TimePoint now{};
  /// When the feeds were last looked at, where that was before `now`: becomes built_at.
  std::optional<TimePoint> as_of = {};
  std::function<void(const BuildProgress&)> on_progress = {};  // at most a few times a second
  std::function<void(const Error&)> on_broken = {};  // each broken record, with keep_going
  /// Each of `feeds` once it was read; with an error it counts as one that could not be.
  std::function<Status(std::size_t, const FeedInfo&)> on_feed = {};
  /// Which of `feeds` it was that made the build fail, before it returns.
  std::function<void(std::size_t)> on_failed_feed = {};
};

/// Errors: InvalidArgument (a broken record: names archive, member and field; an archive without
/// any record), NotFound, ResourceExhausted (limits in limits.h, archive_reader.h and the feeds'
/// own), DataLoss (an archive that breaks off), Internal (disk full and the like).
Result<DatabaseInfo> BuildDatabase(const BuildOptions& options, const Cancellation& cancel);

}  // namespace landwaiter::advisories
