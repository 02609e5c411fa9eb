#include "controller/database.h"

#include <algorithm>
#include <condition_variable>

#include "lib/base/log.h"
#include "scanner/advisories/manifest.h"
#include "scanner/matching/match.h"

namespace landwaiter::controller {
namespace {

class OpenDatabase final : public MatchDatabase {
 public:
  explicit OpenDatabase(std::unique_ptr<advisories::AdvisoryDatabase> database)
      : database_(std::move(database)) {}

  std::string Id() const override { return database_->Info().id; }
  std::string BuiltAt() const override { return FormatTime(database_->Info().built_at); }

  std::string NewestOf(std::string_view feed) const override {
    std::string newest;
    for (const auto& info : database_->Info().feeds) {
      if (info.kind == feed) newest = std::max(newest, info.newest);  // RFC 3339 in UTC: as texts
    }
    return newest;
  }

  Result<std::vector<PlatformMatch>> Match(const ImageInventory& inventory) const override {
    std::vector<PlatformMatch> out;
    for (const Inventory& platform : inventory.platforms) {
      auto match = matching::Match(platform, *database_);
      if (!match) return std::move(match).error();
      out.push_back({std::move(match->findings), std::move(match->coverage)});
    }
    return out;
  }

 private:
  const std::unique_ptr<advisories::AdvisoryDatabase> database_;
};

}  // namespace

std::shared_ptr<const MatchDatabase> DatabaseWatch::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::string DatabaseWatch::Problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

bool DatabaseWatch::Look() {
  const auto current = Current();
  auto info = advisories::ReadDatabaseInfo(folder_);
  // The build time counts too: the same feeds built again are the same content but a fresher look.
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
  auto database = std::make_shared<const OpenDatabase>(std::move(*opened));
  log::Info("advisory database opened",
            {{"id", database->Id()}, {"built_at", database->BuiltAt()}});
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
