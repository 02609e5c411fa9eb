#include "scanner/advisories/builder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "scanner/advisories/build_steps.h"
#include "scanner/advisories/feed.h"

namespace landwaiter::advisories {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScratchPrefix = "building-";
constexpr const char* kLockName = ".lock";

/// One builder per folder: two would remove each other's scratch files.
Result<FileDescriptor> LockFolder(const std::string& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) {
    return Error{Code::kPermissionDenied, "cannot make folder " + dir + ": " + error.message()};
  }
  const std::string path = dir + "/" + kLockName;
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) {
    return Error{Code::kPermissionDenied, "cannot create " + path + ": " + std::strerror(errno)};
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{Code::kConflict, "another build is at work in " + dir + "; wait for its end"};
  }
  return lock;
}

/// What builds that died left behind, and databases that no manifest names any more. A reader that
/// has one open keeps it.
void RemoveLeftovers(const std::string& dir, const std::string& keep) {
  std::error_code error;
  std::vector<fs::path> old;
  for (fs::directory_iterator at(dir, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool database = name.starts_with("advisories-") && name.ends_with(".mdb");
    // Without a manifest that can be read nothing says which of them is wanted.
    const bool unnamed = database && !keep.empty() && name != keep;
    if (name.starts_with(kScratchPrefix) || unnamed) old.push_back(at->path());
  }
  for (const fs::path& path : old) {
    std::error_code ignored;  // a leftover that stays does no harm
    fs::remove(path, ignored);
  }
}

std::string CurrentFile(const std::string& dir) {
  const auto info = ReadDatabaseInfo(dir);
  return info ? info->file : "";
}

Status SwapIn(const std::string& dir, const std::string& scratch, const DatabaseInfo& info) {
  const std::string path = dir + "/" + info.file;
  if (::rename(scratch.c_str(), path.c_str()) != 0) {
    return Internal("cannot rename " + scratch + " to " + path + ": " + std::strerror(errno));
  }
  return WriteFileAtomically(dir + "/" + std::string(kManifestName), ToJson(info));
}

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
  info.built_at = options.now;
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
  if (Status status = SwapIn(options.output, database, info); !status) return status.error();
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
  RemoveLeftovers(options.output, CurrentFile(options.output));
  const std::string scratch =
      options.output + "/" + std::string(kScratchPrefix) + std::to_string(::getpid());
  auto info = Build(options, scratch, cancel);
  RemoveLeftovers(options.output, CurrentFile(options.output));
  return info;
}

}  // namespace landwaiter::advisories
