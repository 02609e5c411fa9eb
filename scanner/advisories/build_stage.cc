#include <algorithm>
#include <filesystem>
#include <thread>

#include "lib/base/text.h"
#include "scanner/advisories/build_steps.h"
#include "scanner/advisories/kev_catalogue.h"
#include "scanner/advisories/member_queue.h"
#include "scanner/advisories/osv_record.h"

namespace landwaiter::advisories {
namespace {

/// How often progress is told, in records.
constexpr std::uint64_t kProgressEvery = 1000;

/// The thread that reads: one feed after the other, so that the result does not hang on timing.
void ReadFeeds(const std::vector<FeedSource>& feeds, MemberQueue& queue) {
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    const std::size_t limit = feeds[i].kind == "kev" ? kMaxKevBytes : kMaxRecordBytes;
    FeedItem end{i, {}, {}, {}};
    auto reader = MemberReader::Open(feeds[i].path, limit);
    if (!reader) {
      end.error = std::move(reader).error();
    } else {
      for (;;) {
        Member member;
        const auto more = (*reader)->Next(&member);
        if (!more) end.error = Error(more.error()).Context(feeds[i].path);
        if (!more || !*more) break;
        if (!queue.Push({i, std::move(member), {}, {}})) return;
      }
      end.digest = (*reader)->ContentDigest();
    }
    const bool failed = end.error.has_value();
    if (!queue.Push(std::move(end)) || failed) return;
  }
}

bool IsNewer(std::string_view a, std::string_view b) {
  const auto left = ParseTime(a);
  const auto right = ParseTime(b);
  if (!left) return false;
  return !right || *left > *right;
}

class Stager {
 public:
  Stager(const BuildOptions& options, BatchWriter& writer, DatabaseInfo* info, KevDates* kev)
      : options_(options), writer_(writer), info_(info), kev_(kev) {
    for (const FeedSource& feed : options.feeds) {
      std::filesystem::path path(feed.path);
      if (!path.has_filename()) path = path.parent_path();
      FeedInfo entry;
      entry.kind = feed.kind;
      entry.name = path.filename().string();
      info_->feeds.push_back(std::move(entry));
    }
  }

  Status Take(const FeedItem& item) {
    const FeedSource& source = options_.feeds[item.feed];
    const Member& member = *item.member;
    Tell(source);
    Status status = source.kind == "kev" ? TakeKev(item.feed, member) : TakeOsv(item.feed, member);
    if (status) return status;
    const std::string where = source.path.ends_with(member.name)
                                  ? source.path
                                  : source.path + ": " + text::Printable(member.name);
    Error error = Error(status.error()).Context(where);
    const bool of_record =
        error.code == Code::kInvalidArgument || error.code == Code::kResourceExhausted;
    if (!of_record || !options_.keep_going || source.kind == "kev") return error;
    ++info_->feeds[item.feed].broken;
    if (options_.on_broken) options_.on_broken(error);
    return Ok();
  }

  Status EndFeed(const FeedItem& item) {
    FeedInfo& feed = info_->feeds[item.feed];
    feed.digest = item.digest;
    if (IsNewer(feed.newest, info_->newest)) info_->newest = feed.newest;
    if (feed.records > 0) return Ok();
    const std::uint64_t seen = feed.withdrawn + feed.unsupported + feed.broken;
    return InvalidArgument(
        options_.feeds[item.feed].path +
        (seen == 0 ? ": holds no .json member"
                   : ": holds " + std::to_string(seen) +
                         " records, none of them of an ecosystem that is matched (Debian, Alpine, "
                         "AlmaLinux, npm, PyPI, Go) and well-formed"));
  }

 private:
  void Tell(const FeedSource& source) {
    if (options_.on_progress && read_ % kProgressEvery == 0) {
      options_.on_progress({source.path, read_});
    }
    ++read_;
  }

  Status TakeKev(std::size_t feed, const Member& member) {
    auto catalogue = ReadKevCatalogue(member.bytes);
    if (!catalogue) return std::move(catalogue).error();
    info_->feeds[feed].records += catalogue->date_added.size();
    info_->feeds[feed].newest = catalogue->released;
    info_->known_exploited = true;
    kev_->merge(catalogue->date_added);
    return Ok();
  }

  Status TakeOsv(std::size_t feed, const Member& member) {
    auto record = reader_.Read(member.bytes);
    if (!record) return std::move(record).error();
    FeedInfo& counts = info_->feeds[feed];
    if (record->withdrawn) {
      ++counts.withdrawn;
    } else if (record->packages.empty()) {
      ++counts.unsupported;
      return Ok();
    } else {
      ++counts.records;
    }
    const std::string& modified = record->advisory.modified;
    if (IsNewer(modified, counts.newest)) counts.newest = modified;
    const auto older = writer_.Get(kRecordTable, record->advisory.id);
    if (!older) return older.error();
    if (older->has_value()) {
      const auto before = DecodeStagedRecord(**older);
      if (!before) return before.error();
      if (IsNewer(before->advisory.modified, modified)) return Ok();
    }
    return writer_.Put(kRecordTable, record->advisory.id, Encode(*record));
  }

  const BuildOptions& options_;
  BatchWriter& writer_;
  DatabaseInfo* info_;
  KevDates* kev_;
  OsvReader reader_;
  std::uint64_t read_ = 0;
};

Status Consume(MemberQueue& queue, std::size_t feeds, Stager& stager, const Cancellation& cancel) {
  for (std::size_t ended = 0; ended < feeds;) {
    const FeedItem item = queue.Pop();
    if (cancel.Stopped()) return Error{Code::kCancelled, "the build was stopped"};
    if (item.error) return *item.error;
    if (item.member) {
      if (Status status = stager.Take(item); !status) return status;
      continue;
    }
    if (Status status = stager.EndFeed(item); !status) return status;
    ++ended;
  }
  return Ok();
}

}  // namespace

Result<std::unique_ptr<BatchWriter>> StageFeeds(const BuildOptions& options,
                                                const std::string& path, const Cancellation& cancel,
                                                DatabaseInfo* info, KevDates* kev) {
  auto writer = BatchWriter::Open(path);
  if (!writer) return std::move(writer).error();
  if (Status status = (*writer)->MakeTable(kRecordTable); !status) return status.error();
  Stager stager(options, **writer, info, kev);
  MemberQueue queue(kQueueBytes);
  std::jthread reader([&] { ReadFeeds(options.feeds, queue); });
  Status status = Consume(queue, options.feeds.size(), stager, cancel);
  queue.Close();
  if (!status) return status.error();
  return writer;
}

}  // namespace landwaiter::advisories
