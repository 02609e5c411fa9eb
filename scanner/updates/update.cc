#include "scanner/updates/update.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "lib/base/file.h"
#include "scanner/updates/index.h"

namespace landwaiter::updates {
namespace {

namespace fs = std::filesystem;

/// A feed grows. One that lost more than this share lost it by a fault: a mirror that broke off, an
/// export that died.
constexpr std::uint64_t kShrinkDivisor = 10;
/// A list of mirrors, and a repository's own index.
constexpr int kMaxIndexes = 2;

bool Shrank(std::uint64_t before, std::uint64_t now) {
  return now < before - before / kShrinkDivisor;
}

Error Shrunk(const std::string& what, std::uint64_t now, std::uint64_t before,
             const std::string& unit) {
  return DataLoss(what + ": has " + std::to_string(now) + " " + unit + ", had " +
                  std::to_string(before) +
                  "; a feed that loses more than a tenth is taken with --allow-shrink only");
}

class Update {
 public:
  Update(http::Client& client, const Clock& clock, const UpdateOptions& options, Store store)
      : options_(options),
        clock_(clock),
        store_(std::move(store)),
        fetcher_(client, store_, clock, options.fetch, options.wait, options.on_progress) {}

  Result<UpdateReport> Run(const Cancellation& cancel) {
    UpdateReport report;
    Status missing;
    for (const FeedFile& file : options_.files) {
      FileReport one{file};
      Status fetched = FetchOne(file, &one, cancel);
      if (!fetched && fetched.error().code == Code::kCancelled) {
        KeepFirst();
        return fetched.error();
      }
      if (!fetched && missing) missing = fetched.error();
      if (fetched) Tell(one);
      report.files.push_back(std::move(one));
    }
    if (!missing) {
      KeepFirst();
      return missing.error();
    }
    auto info = Build(&report, cancel);
    if (!info) {
      KeepFirst();
      return std::move(info).error();
    }
    report.info = *std::move(info);
    if (Status kept = Keep(&report.info); !kept) return kept.error();
    return report;
  }

 private:
  /// `file` at the address that the indexes on the way to it lead to.
  Result<FeedFile> Locate(const FeedFile& file, const Cancellation& cancel) {
    Located at{file.url, file.index};
    for (int steps = 0; at.index != Index::kNone; ++steps) {
      const FeedFile index{file.kind, at.url, file.name + ".index", at.index};
      if (steps == kMaxIndexes) return Unsupported(Shown(index) + ": leads to ever more indexes");
      if (auto fetched = fetcher_.Fetch(index, cancel); !fetched) return std::move(fetched).error();
      const auto bytes = ReadFile(store_.NewPath(index.name), kMaxIndexBytes);
      Remove(index.name);
      if (!bytes) return bytes.error();
      auto next = Follow(at, *bytes, file.mirror);
      if (!next) return std::move(next).error();
      at = *std::move(next);
    }
    return FeedFile{file.kind, at.url, file.name};
  }

  Result<Fetcher::Outcome> Fetch(const FeedFile& file, const Cancellation& cancel) {
    const auto located = Locate(file, cancel);
    return located ? fetcher_.Fetch(*located, cancel) : Result<Fetcher::Outcome>(located.error());
  }

  /// An error: there is neither a new file nor a last good one.
  Status FetchOne(const FeedFile& file, FileReport* report, const Cancellation& cancel) {
    auto fetched = Fetch(file, cancel);
    const std::uint64_t before = SizeOf(store_.GoodPath(file.name));
    if (fetched && fetched->changed) {
      const std::uint64_t now = SizeOf(store_.NewPath(file.name));
      if (!Shrank(before, now) || options_.allow_shrink) {
        fresh_[file.name] = fetched->known;
        return Ok();
      }
      fetched = Shrunk(Shown(file), now, before, "bytes");
      Remove(file.name);
    }
    report->state = fetched ? FileState::kUnchanged : FileState::kKept;
    if (fetched) return Ok();
    report->error = fetched.error();
    return before > 0 && report->error.code != Code::kCancelled ? Ok() : Status(report->error);
  }

  /// As many bytes may hold far fewer records: an export that died, padded or with longer texts.
  Status CheckRecords(const FeedFile& file, std::uint64_t now) const {
    const auto last = store_.state.files.find(file.name);
    const bool compared = fresh_.count(file.name) != 0 && last != store_.state.files.end() &&
                          last->second.counted_by == options_.program &&
                          SizeOf(store_.GoodPath(file.name)) > 0;
    if (!compared || options_.allow_shrink || !Shrank(last->second.records, now)) return Ok();
    return Shrunk(Shown(file), now, last->second.records, "records");
  }

  /// A feed that cannot be read gives way to its last good copy, so that one fault upstream does
  /// not stop all the others.
  Result<advisories::DatabaseInfo> Build(UpdateReport* report, const Cancellation& cancel) {
    for (;;) {
      std::optional<std::size_t> culprit;
      advisories::BuildOptions plan = Plan();
      plan.on_failed_feed = [&](std::size_t feed) { culprit = feed; };
      plan.on_feed = [&](std::size_t feed, const advisories::FeedInfo& read) {
        return CheckRecords(report->files[feed].file, read.records);
      };
      auto info = advisories::BuildDatabase(plan, cancel);
      if (info || !culprit || info.error().code == Code::kInternal) return info;
      FileReport& file = report->files[*culprit];
      const std::string& name = file.file.name;
      const bool fresh = fresh_.erase(name) > 0;
      Remove(name);
      if (!fresh || SizeOf(store_.GoodPath(name)) == 0) {
        // One that was good may have been damaged since: no server that says "unchanged" would ever
        // mend it.
        store_.state.files.erase(name);
        return info;
      }
      file.state = FileState::kKept;
      file.error = std::move(info).error();
      Tell(file);
    }
  }

  void Tell(FileReport& file) const {
    file.checked_at = CheckedAt(file.file.name);
    if (options_.on_file) options_.on_file(file);
  }

  TimePoint CheckedAt(const std::string& name) const {
    const auto fresh = fresh_.find(name);
    return fresh != fresh_.end() ? fresh->second.checked_at : store_.CheckedAt(name, clock_.Now());
  }

  advisories::BuildOptions Plan() const {
    advisories::BuildOptions build = options_.build;
    build.feeds.clear();
    build.now = clock_.Now();
    build.as_of = build.now;
    for (const FeedFile& file : options_.files) {
      const bool fresh = fresh_.count(file.name) != 0;
      build.feeds.push_back(
          {file.kind, fresh ? store_.NewPath(file.name) : store_.GoodPath(file.name)});
      build.as_of = std::min(*build.as_of, CheckedAt(file.name));
    }
    return build;
  }

  /// `built`: of them; null where none was.
  Status Keep(const advisories::DatabaseInfo* built) {
    for (const auto& [name, known] : fresh_) {
      if (Status status = store_.Promote(name, known); !status) return status;
    }
    for (std::size_t i = 0; built != nullptr && i < options_.files.size(); ++i) {
      const auto known = store_.state.files.find(options_.files[i].name);
      if (known == store_.state.files.end()) continue;
      known->second.records = built->feeds[i].records;
      known->second.counted_by = options_.program;
    }
    return store_.Save();
  }
  /// Where the first update lacks one feed (or cannot read it) or is stopped, the others need not
  /// be fetched again: there is no last good file of theirs that could be lost.
  void KeepFirst() {
    std::map<std::string, KnownFile> fresh;
    std::swap(fresh, fresh_);
    for (const auto& [name, known] : fresh) {
      if (SizeOf(store_.GoodPath(name)) == 0) {
        fresh_[name] = known;
      } else {
        Remove(name);
      }
    }
    Keep(nullptr).IgnoreError("the error that is returned is the one that matters");
  }
  void Remove(const std::string& name) {
    std::error_code ignored;  // it is overwritten by the next
    fs::remove(store_.NewPath(name), ignored);
  }

  const UpdateOptions& options_;
  const Clock& clock_;
  Store store_;
  Fetcher fetcher_;
  std::map<std::string, KnownFile> fresh_;  // by name, of new/
};

}  // namespace

Result<UpdateReport> UpdateDatabase(http::Client& client, const Clock& clock,
                                    const UpdateOptions& options, const Cancellation& cancel) {
  auto store = Store::Open(options.store);
  if (!store) return std::move(store).error();
  Update update(client, clock, options, *std::move(store));
  return update.Run(cancel);
}

}  // namespace landwaiter::updates
