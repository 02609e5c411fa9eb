#include "controller/database.h"

#include <algorithm>
#include <condition_variable>
#include <optional>

#include "lib/base/log.h"
#include "scanner/advisories/manifest.h"
#include "scanner/advisories/touched.h"
#include "scanner/matching/answer_memory.h"
#include "scanner/matching/match.h"

namespace landwaiter::controller {
namespace {

/// How a database differs from the one before it.
struct Succession {
  std::string id;  // of the one before
  std::string built_at;
  advisories::TouchedWords touched;
};

}  // namespace

class OpenDatabase final : public MatchDatabase {
 public:
  /// `succession`: nullopt where there is none before, or all is to be matched again.
  OpenDatabase(std::unique_ptr<advisories::AdvisoryDatabase> database,
               std::optional<Succession> succession)
      : database_(std::move(database)), succession_(std::move(succession)) {}

  std::string Id() const override { return database_->Info().id; }
  std::string BuiltAt() const override { return FormatTime(database_->Info().built_at); }

  std::string NewestOf(std::string_view feed) const override {
    std::string newest;
    for (const auto& info : database_->Info().feeds) {
      if (info.kind == feed) newest = std::max(newest, info.newest);  // RFC 3339 in UTC: as texts
    }
    return newest;
  }

  std::map<std::string, std::string> Feeds() const override {
    std::map<std::string, std::string> feeds;
    for (const auto& info : database_->Info().feeds) {
      feeds[info.kind + ":" + info.name] = info.newest;
    }
    return feeds;
  }

  Result<std::vector<PlatformMatch>> Match(const ImageInventory& inventory) const override {
    std::vector<PlatformMatch> out;
    for (const Inventory& platform : inventory.platforms) {
      auto match = matching::Match(platform, *database_, &memory_);
      if (!match) return std::move(match).error();
      out.push_back({std::move(match->findings), std::move(match->coverage),
                     std::move(match->os_end_of_life), std::move(match->asked),
                     match->asked_known});
    }
    return out;
  }

  bool SaysTheSame(const MatchBasis& basis) const override {
    if (!succession_ || !basis.asked || basis.stored.database_id != succession_->id ||
        basis.stored.database_built_at != succession_->built_at) {
      return false;
    }
    return std::none_of(basis.asked->begin(), basis.asked->end(),
                        [&](auto word) { return succession_->touched.contains(word); });
  }

  const advisories::AdvisoryDatabase& advisories() const { return *database_; }

 private:
  const std::unique_ptr<advisories::AdvisoryDatabase> database_;
  const std::optional<Succession> succession_;
  mutable matching::AnswerMemory memory_;  // thread-safe
};

namespace {

std::optional<Succession> SuccessionOf(const OpenDatabase* before,
                                       const advisories::AdvisoryDatabase& after) {
  if (before == nullptr) return {};
  auto touched = advisories::TouchedBetween(before->advisories(), after);
  if (!touched) {
    log::Warn("advisory databases cannot be compared, all images are matched again",
              {{"error", touched.error()}});
    return {};
  }
  if (!*touched) return {};
  return Succession{before->Id(), before->BuiltAt(), **std::move(touched)};
}

std::string ChangesOf(const std::optional<Succession>& succession) {
  return succession ? std::to_string(succession->touched.size()) : "all";
}

}  // namespace

std::shared_ptr<const MatchDatabase> DatabaseWatch::Current() const { return CurrentOpen(); }

std::shared_ptr<const OpenDatabase> DatabaseWatch::CurrentOpen() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::string DatabaseWatch::Problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

bool DatabaseWatch::Look() {
  const auto current = CurrentOpen();
  auto info = advisories::ReadDatabaseInfo(folder_);
  // Its time counts too: feeds that were looked at again may be the same content but are fresher.
  if (info && current && current->Id() == info->id &&
      current->BuiltAt() == FormatTime(info->built_at)) {
    const std::lock_guard lock(mutex_);
    problem_.clear();
    return false;
  }
  auto opened = info ? advisories::AdvisoryDatabase::Open(folder_)
                     : Result<std::unique_ptr<advisories::AdvisoryDatabase>>(info.error());
  if (!opened) {
    const std::lock_guard lock(mutex_);
    if (problem_ != opened.error().message) {
      log::Warn("advisory database not usable", {{"folder", folder_}, {"error", opened.error()}});
    }
    problem_ = opened.error().message;
    return false;
  }
  auto succession = SuccessionOf(current.get(), **opened);
  const std::string changes = ChangesOf(succession);
  auto database = std::make_shared<const OpenDatabase>(std::move(*opened), std::move(succession));
  log::Info(
      "advisory database opened",
      {{"id", database->Id()}, {"built_at", database->BuiltAt()}, {"packages_changed", changes}});
  const std::lock_guard lock(mutex_);
  current_ = std::move(database);
  problem_.clear();
  return true;
}

void DatabaseWatch::Start(std::chrono::milliseconds period) {
  Look();
  thread_ = std::jthread([this, period](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    while (!stop.stop_requested()) {
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, period, [] { return false; });
      if (!stop.stop_requested() && Look() && on_change_) on_change_();
    }
  });
}

void DatabaseWatch::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace landwaiter::controller
