#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <thread>
#include <unordered_set>

#include "lib/base/text.h"
#include "scanner/advisories/build_steps.h"
#include "scanner/advisories/feed.h"
#include "scanner/advisories/member_queue.h"
#include "scanner/advisories/tables.h"

namespace landwaiter::advisories {
namespace {

/// How far a feed's clock may be ahead of ours.
constexpr std::chrono::hours kClockSkew{24};
/// Of one binary package: from the second on nobody can tell which it is.
constexpr std::size_t kMaxSources = 8;
/// How often progress is told, in members.
constexpr std::uint64_t kProgressEvery = 1000;

/// The thread that reads: one feed after the other, so that the result does not hang on timing.
void ReadFeeds(const std::vector<FeedSource>& feeds, MemberQueue& queue) {
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    const Feed& feed = *FindFeed(feeds[i].kind);
    FeedItem end{i, {}, {}, {}};
    auto reader = MemberReader::Open(feeds[i].path, {feed.suffixes, feed.max_member_bytes});
    if (!reader) {
      end.error = std::move(reader).error();
    } else {
      for (;;) {
        Piece piece;
        const auto more = (*reader)->Next(&piece);
        if (!more) end.error = Error(more.error()).Context(feeds[i].path);
        if (!more || !*more) break;
        if (!queue.Push({i, std::move(piece), {}, {}})) return;
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

/// The file's name, with its folder's where several feeds of a kind have files of that name
/// ("PyPI/all.zip").
std::string NameOf(const BuildOptions& options, const std::filesystem::path& path) {
  const auto same =
      std::count_if(options.feeds.begin(), options.feeds.end(), [&](const FeedSource& feed) {
        std::filesystem::path other(feed.path);
        if (!other.has_filename()) other = other.parent_path();
        return other.filename() == path.filename();
      });
  const auto folder = path.parent_path().filename();
  return (same > 1 && !folder.empty() ? folder / path.filename() : path.filename()).string();
}

/// Takes what the feeds' readers say into the scratch file, one feed after the other.
class Stager final : public FeedSink {
 public:
  Stager(const BuildOptions& options, BatchWriter& writer, DatabaseInfo* info)
      : options_(options), writer_(writer), info_(info) {
    for (const FeedSource& feed : options.feeds) {
      std::filesystem::path path(feed.path);
      if (!path.has_filename()) path = path.parent_path();
      FeedInfo entry;
      entry.kind = feed.kind;
      entry.name = NameOf(options, path);
      info_->feeds.push_back(std::move(entry));
    }
  }

  Status TakePiece(const FeedItem& item) {
    Enter(item.feed);
    if (item.piece->first) {
      member_ = item.piece->name;
      Tell();
    }
    Status status = reader_->Take(*item.piece, *this);
    return status ? Ok() : Status(Where(std::move(status).error()));
  }

  Status EndFeed(const FeedItem& item) {
    Enter(item.feed);
    member_.clear();
    if (Status status = reader_->Finish(*this); !status) return Where(std::move(status).error());
    reader_.reset();
    FeedInfo& feed = info_->feeds[item.feed];
    feed.digest = item.digest;
    if (IsNewer(feed.newest, info_->newest)) info_->newest = feed.newest;
    if (item.feed + 1 == options_.feeds.size()) TellWhatIsListed();
    if (feed.records > 0) return options_.on_feed ? options_.on_feed(item.feed, feed) : Ok();
    const std::uint64_t seen = feed.withdrawn + feed.unsupported + feed.broken;
    return InvalidArgument(options_.feeds[item.feed].path +
                           (seen == 0 ? ": holds no " + SuffixesOf(*FindFeed(feed.kind)) + " member"
                                      : ": holds " + std::to_string(seen) +
                                            " records, none of them well-formed and of an "
                                            "ecosystem whose versions can be compared"));
  }

  Status Put(StagedRecord record) override {
    FeedInfo& counts = info_->feeds[feed_];
    for (const BinaryOfSource& binary : record.binaries) {
      if (Status status = PutBinary(binary); !status) return status;
    }
    if (record.withdrawn) {
      ++counts.withdrawn;
    } else if (record.packages.empty()) {
      ++counts.unsupported;
      return Ok();
    } else {
      ++counts.records;
    }
    // Two files of one name in two feeds are two parts.
    if (!record.part.empty()) record.part += " " + std::to_string(feed_);
    const std::string& modified = record.advisory.modified;
    Released(modified);
    const std::string key = KeyPrefix(record.advisory.id) + record.part;
    const auto older = writer_.Get(kRecordTable, key);
    if (!older) return older.error();
    if (older->has_value()) {
      const auto before = DecodeStagedRecord(**older);
      if (!before) return before.error();
      if (IsNewer(before->advisory.modified, modified)) return Ok();
    }
    NoteWhatIsListed(record);
    return writer_.Put(kRecordTable, key, Encode(record));
  }

  Status Put(std::string_view cve, const CveFacts& facts) override {
    FeedInfo& counts = info_->feeds[feed_];
    ++counts.records;
    if (facts.exploited_since) info_->known_exploited = true;
    return writer_.Put(kFactTable, KeyPrefix(cve) + counts.kind, Encode(facts));
  }

  Status Put(const Lifecycle& lifecycle) override {
    ++info_->feeds[feed_].records;
    return writer_.Put(kLifecycleTable, KeyPrefix(lifecycle.product) + lifecycle.release,
                       Encode(lifecycle));
  }

  Status PutRepository(std::string_view name, const std::vector<std::string>& cpes) override {
    ++info_->feeds[feed_].records;
    return writer_.Put(kRepositoryTable, name, EncodeTexts(cpes));
  }

  void Released(std::string_view time) override {
    std::string& newest = info_->feeds[feed_].newest;
    // A slip of a pen must not make a database younger than it is.
    if (const auto at = ParseTime(time); at && *at > options_.now + kClockSkew) return;
    if (IsNewer(time, newest)) newest = time;
  }

  Status Broken(Error error) override {
    const bool of_record =
        error.code == Code::kInvalidArgument || error.code == Code::kResourceExhausted;
    if (!of_record || !options_.keep_going) return error;
    ++info_->feeds[feed_].broken;
    if (options_.on_broken) options_.on_broken(Where(std::move(error)));
    return Ok();
  }

 private:
  /// Each record about a source package says the same of its binaries.
  Status PutBinary(const BinaryOfSource& binary) {
    const std::string key = KeyPrefix(binary.ecosystem, binary.name);
    if (!binaries_.insert(std::hash<std::string>()(key + binary.source)).second) return Ok();
    const auto before = writer_.Get(kBinaryTable, key);
    if (!before) return before.error();
    std::vector<std::string> sources;
    if (before->has_value()) {
      auto known = DecodeTexts(**before);
      if (!known) return std::move(known).error();
      sources = *std::move(known);
    }
    const auto place = std::lower_bound(sources.begin(), sources.end(), binary.source);
    if (place != sources.end() && *place == binary.source) return Ok();
    if (sources.size() == kMaxSources) return Ok();
    sources.insert(place, binary.source);
    return writer_.Put(kBinaryTable, key, EncodeTexts(sources));
  }

  void Enter(std::size_t feed) {
    if (reader_ && feed_ == feed) return;
    feed_ = feed;
    reader_ = FindFeed(options_.feeds[feed].kind)->make();
  }

  /// Where this feed lists what has no fix, too.
  void NoteWhatIsListed(const StagedRecord& record) {
    const FeedScope scope = FindFeed(options_.feeds[feed_].kind)->scope;
    if (scope != FeedScope::kUnfixed && scope != FeedScope::kDepends) return;
    for (const StagedPackage& package : record.packages) {
      const bool lists = scope == FeedScope::kUnfixed || IsUnfixed(package.affected);
      if (lists) unfixed_by_[package.ecosystem].insert(options_.feeds[feed_].kind);
    }
  }
  void TellWhatIsListed() {
    for (const auto& [ecosystem, kinds] : unfixed_by_) {
      info_->ecosystems.push_back({ecosystem, 0, 0, {kinds.begin(), kinds.end()}});
    }
  }
  static bool IsUnfixed(const Affected& row) {
    const auto has_fix = [](const Range& range) {
      return std::any_of(range.events.begin(), range.events.end(),
                         [](const Event& event) { return event.kind == EventKind::kFixed; });
    };
    return row.claim == Claim::kAffected &&
           std::none_of(row.ranges.begin(), row.ranges.end(), has_fix);
  }

  Error Where(Error error) const {
    const std::string& path = options_.feeds[feed_].path;
    const bool within = !member_.empty() && !path.ends_with(member_);
    return std::move(error).Context(within ? path + ": " + text::Printable(member_) : path);
  }

  static std::string SuffixesOf(const Feed& feed) {
    return text::Join({feed.suffixes.begin(), feed.suffixes.end()}, " or ");
  }

  void Tell() {
    if (options_.on_progress && read_ % kProgressEvery == 0) {
      options_.on_progress({options_.feeds[feed_].path, read_});
    }
    ++read_;
  }

  const BuildOptions& options_;
  BatchWriter& writer_;
  DatabaseInfo* info_;
  std::size_t feed_ = 0;
  std::unique_ptr<FeedReader> reader_;
  std::string member_;
  std::uint64_t read_ = 0;
  std::map<std::string, std::set<std::string>> unfixed_by_;
  std::unordered_set<std::size_t> binaries_;  // hashes of those that were put
};

Status Consume(MemberQueue& queue, const BuildOptions& options, Stager& stager,
               const Cancellation& cancel) {
  for (std::size_t ended = 0; ended < options.feeds.size();) {
    const FeedItem item = queue.Pop();
    if (cancel.Stopped()) return Error{Code::kCancelled, "the build was stopped"};
    Status taken = item.error   ? Status(*item.error)
                   : item.piece ? stager.TakePiece(item)
                                : stager.EndFeed(item);
    if (!taken) {
      if (options.on_failed_feed) options.on_failed_feed(item.feed);
      return taken;
    }
    if (!item.piece) ++ended;
  }
  return Ok();
}

}  // namespace

Result<std::unique_ptr<BatchWriter>> StageFeeds(const BuildOptions& options,
                                                const std::string& path, const Cancellation& cancel,
                                                DatabaseInfo* info) {
  auto writer = BatchWriter::Open(path);
  if (!writer) return std::move(writer).error();
  for (const char* table :
       {kRecordTable, kFactTable, kLifecycleTable, kRepositoryTable, kBinaryTable}) {
    if (Status status = (*writer)->MakeTable(table); !status) return status.error();
  }
  Stager stager(options, **writer, info);
  MemberQueue queue(kQueueBytes);
  std::jthread reader([&] { ReadFeeds(options.feeds, queue); });
  Status status = Consume(queue, options, stager, cancel);
  queue.Close();
  if (!status) return status.error();
  return writer;
}

}  // namespace landwaiter::advisories
