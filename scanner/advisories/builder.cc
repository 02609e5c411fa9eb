#include "scanner/advisories/builder.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/advisories/build_steps.h"
#include "scanner/advisories/database_folder.h"
#include "scanner/advisories/feed.h"

namespace landwaiter::advisories {
namespace {

Status CheckOptions(const BuildOptions& options) {
  if (options.output.empty()) return InvalidArgument("no output folder was given");
  bool advisories = false;
  for (const FeedSource& source : options.feeds) {
    const Feed* const feed = FindFeed(source.kind);
    if (feed == nullptr) return InvalidArgument("feed kind " + source.kind + " is not known");
    advisories = advisories || feed->scope != FeedScope::kSideData;
  }
  if (advisories) return Ok();
  return InvalidArgument("no advisories: at least one feed of packages is needed, as in osv=PATH");
}

Result<DatabaseInfo> Build(const BuildOptions& options, const std::string& scratch,
                           const Cancellation& cancel) {
  DatabaseInfo info;
  info.built_at = options.as_of.value_or(options.now);
  const std::string records = scratch + ".records";
  const std::string rows = scratch + ".rows";
  const std::string database = scratch + ".mdb";
  {
    auto staged = StageFeeds(options, records, cancel, &info);
    if (!staged) return std::move(staged).error();
    if (Status status = WriteDatabase(**staged, rows, database, cancel, &info); !status) {
      return status.error();
    }
  }
  Status swapped = SwapIn(options.output, database, info, ToJson(info), "");
  if (!swapped) return swapped.error();
  return info;
}

}  // namespace

Result<FeedSource> ParseFeedSource(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view kind = text.substr(0, equals);
  if (equals == std::string_view::npos || equals + 1 == text.size()) {
    return InvalidArgument("feed " + std::string(text) + ": expected KIND=PATH, as in osv=all.zip");
  }
  if (FindFeed(kind) == nullptr) {
    std::vector<std::string> known;
    for (const Feed& feed : Feeds()) known.emplace_back(feed.kind);
    return InvalidArgument("feed " + std::string(text) + ": kind " + std::string(kind) +
                           " is not known, expected one of " + text::Join(known, ", "));
  }
  return FeedSource{std::string(kind), std::string(text.substr(equals + 1))};
}

Result<DatabaseInfo> BuildDatabase(const BuildOptions& options, const Cancellation& cancel) {
  if (Status status = CheckOptions(options); !status) return status.error();
  const auto lock = LockFolder(options.output);
  if (!lock) return lock.error();
  RemoveLeftovers(options.output);
  auto info = Build(options, ScratchName(options.output), cancel);
  RemoveLeftovers(options.output);
  return info;
}

}  // namespace landwaiter::advisories
