// The current advisory database: opened, watched for a newer one, handed out as a shared snapshot.
// The last good one stays in use while the folder holds none that can be opened.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "controller/stored_image.h"
#include "lib/base/clock.h"
#include "scanner/advisories/database.h"

namespace landwaiter::controller {

/// One database, ready to match with. The port that the reconciler sees; tests give their own.
class MatchDatabase {
 public:
  virtual ~MatchDatabase() = default;
  virtual std::string Id() const = 0;
  virtual std::string BuiltAt() const = 0;  // RFC 3339
  /// When the newest record of a kind of feed (feed.h) was changed, RFC 3339; "" where none went in
  /// or it does not say.
  virtual std::string NewestOf(std::string_view /*feed*/) const { return ""; }
  /// Its feeds by kind and name ("osv:Debian"), each with the time of its newest record or "".
  virtual std::map<std::string, std::string> Feeds() const { return {}; }
  /// Every platform of the inventory. Errors: DataLoss.
  virtual Result<std::vector<PlatformMatch>> Match(const ImageInventory& inventory) const = 0;
  /// Whether to match again would find what stands there: the match is of the database before this
  /// one, and this one says the same of all that it asked for. False in any doubt.
  virtual bool SaysTheSame(const MatchBasis& /*basis*/) const { return false; }
};

/// Null while there has never been one.
using DatabaseFunction = std::function<std::shared_ptr<const MatchDatabase>()>;

class OpenDatabase;

/// Thread-safe.
class DatabaseWatch {
 public:
  DatabaseWatch(std::string folder, std::function<void()> on_change)
      : folder_(std::move(folder)), on_change_(std::move(on_change)) {}
  ~DatabaseWatch() { Stop(); }

  /// Looks at once, then every `period`.
  void Start(std::chrono::milliseconds period);
  void Stop();
  std::shared_ptr<const MatchDatabase> Current() const;
  /// Why the folder's database is not the current one; "" where it is.
  std::string Problem() const;
  /// One look. True where the current database changed.
  bool Look();

 private:
  std::shared_ptr<const OpenDatabase> CurrentOpen() const;

  const std::string folder_;
  const std::function<void()> on_change_;
  mutable std::mutex mutex_;
  std::shared_ptr<const OpenDatabase> current_;
  std::string problem_;
  std::jthread thread_;
};

}  // namespace landwaiter::controller
