// Method: one connection under one lock (statements take well under a millisecond, the controller
// has a handful of threads), documents compressed with zstd, every change in one transaction.
// Schema changes are a table of migrations that only ever grows.
#include "lib/store/sqlite_store.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <system_error>

#include "lib/base/log.h"
#include "lib/store/compress.h"
#include "lib/store/sqlite.h"
#include "lib/store/sqlite_migrations.h"

namespace landwaiter::store {
namespace {

std::int64_t Millis(TimePoint time) { return time.time_since_epoch().count(); }
TimePoint FromMillis(std::int64_t millis) { return TimePoint(std::chrono::milliseconds(millis)); }

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(Database database) : database_(std::move(database)) {}

  Status PutInventory(const Digest& digest, const InventoryRecord& inventory,
                      const std::vector<PackageKey>& packages) override {
    auto blob = CompressInventory(digest, inventory, packages);
    if (!blob) return std::move(blob).error();
    const std::lock_guard lock(mutex_);
    return database_.Transaction([&] { return WriteImage(digest, inventory, *blob, packages); });
  }

  Result<std::optional<InventoryRecord>> GetInventory(const Digest& digest) override {
    std::string blob;
    InventoryRecord record;
    {
      const std::lock_guard lock(mutex_);
      Statement select(database_, "SELECT inventory, scanned_at FROM image WHERE digest = ?");
      select.Bind(digest.ToString());
      auto row = select.Step();
      if (!row) return std::move(row).error();
      if (!*row) return std::optional<InventoryRecord>();
      blob = select.Blob(0);
      record.scanned_at = FromMillis(select.Int(1));
    }
    auto bytes = Decompress(blob, kMaxDocumentBytes);
    if (!bytes) return std::move(bytes).error().Context("store: inventory of " + digest.ToString());
    record.document = std::move(*bytes);
    return std::optional(std::move(record));
  }

  Status PutFindings(const Digest& digest, const FindingsRecord& findings) override {
    auto blob = Compress(findings.json, kMaxDocumentBytes);
    if (!blob) return std::move(blob).error().Context("store: findings of " + digest.ToString());
    const std::lock_guard lock(mutex_);
    return database_.Transaction([&]() -> Status {
      auto id = ImageId(digest);
      if (!id) return std::move(id).error();
      if (*id == 0) return NotFound("store: no inventory of " + digest.ToString());
      // Their basis goes with the old ones, and its columns here stay as they were made.
      Statement insert(database_,
                       "INSERT OR REPLACE INTO findings"
                       " (image, database_id, database_built_at, matched_at, document)"
                       " VALUES (?, ?, ?, ?, ?)");
      insert.Bind(*id)
          .Bind(findings.database_id)
          .Bind(findings.database_built_at)
          .Bind(Millis(findings.matched_at))
          .BindBlob(*blob);
      if (Status status = insert.Run(); !status) return status;
      Statement basis(database_,
                      "INSERT OR REPLACE INTO basis"
                      " (image, database_id, database_built_at, matched_at, asked)"
                      " VALUES (?, ?, ?, ?, ?)");
      basis.Bind(*id)
          .Bind(findings.database_id)
          .Bind(findings.database_built_at)
          .Bind(Millis(findings.matched_at))
          .BindBlob(findings.asked);
      return basis.Run();
    });
  }

  Result<std::optional<FindingsRecord>> GetFindings(const Digest& digest) override {
    std::string blob;
    FindingsRecord record;
    {
      const std::lock_guard lock(mutex_);
      Statement select(database_,
                       "SELECT document, basis.database_id, basis.database_built_at,"
                       " basis.matched_at FROM findings JOIN basis USING (image)"
                       " JOIN image ON image.id = findings.image WHERE digest = ?");
      select.Bind(digest.ToString());
      auto row = select.Step();
      if (!row) return std::move(row).error();
      if (!*row) return std::optional<FindingsRecord>();
      blob = select.Blob(0);
      record.database_id = select.Text(1);
      record.database_built_at = select.Text(2);
      record.matched_at = FromMillis(select.Int(3));
    }
    auto json = Decompress(blob, kMaxDocumentBytes);
    if (!json) return std::move(json).error().Context("store: findings of " + digest.ToString());
    record.json = std::move(*json);
    return std::optional(std::move(record));
  }

  Result<std::optional<FindingsBasis>> GetFindingsBasis(const Digest& digest) override {
    const std::lock_guard lock(mutex_);
    Statement select(database_,
                     "SELECT database_id, database_built_at, matched_at, asked FROM basis"
                     " JOIN image ON image.id = basis.image WHERE digest = ?");
    select.Bind(digest.ToString());
    auto row = select.Step();
    if (!row) return std::move(row).error();
    if (!*row) return std::optional<FindingsBasis>();
    return std::optional(
        FindingsBasis{select.Text(0), select.Text(1), FromMillis(select.Int(2)), select.Blob(3)});
  }

  Result<bool> RenewFindings(const Digest& digest, const FindingsBasis& from,
                             const FindingsBasis& to) override {
    const std::lock_guard lock(mutex_);
    bool renewed = false;
    Status done = database_.Transaction([&]() -> Status {
      Statement update(database_,
                       "UPDATE basis SET database_id = ?, database_built_at = ?, matched_at = ?,"
                       " asked = ? WHERE image = (SELECT id FROM image WHERE digest = ?)"
                       " AND database_id = ? AND database_built_at = ? AND matched_at = ?"
                       " AND asked = ?");
      update.Bind(to.database_id).Bind(to.database_built_at).Bind(Millis(to.matched_at));
      update.BindBlob(to.asked).Bind(digest.ToString());
      update.Bind(from.database_id).Bind(from.database_built_at).Bind(Millis(from.matched_at));
      if (Status run = update.BindBlob(from.asked).Run(); !run) return run;
      renewed = sqlite3_changes(database_.handle()) == 1;
      return Ok();
    });
    if (!done) return std::move(done).error();
    return renewed;
  }

  Status Delete(const Digest& digest) override {
    const std::lock_guard lock(mutex_);
    Statement remove(database_, "DELETE FROM image WHERE digest = ?");
    return remove.Bind(digest.ToString()).Run();
  }

  Result<std::vector<TimePoint>> NoteFirst(const std::vector<std::string>& keys,
                                           TimePoint at) override {
    const std::lock_guard lock(mutex_);
    std::vector<TimePoint> times;
    std::vector<const std::string*> unknown;
    Statement select(database_, "SELECT at FROM first_seen WHERE key = ?");
    for (const std::string& key : keys) {
      select.Reset();
      auto row = select.BindBlob(key).Step();
      if (!row) return std::move(row).error();
      times.push_back(*row ? std::min(at, FromMillis(select.Int(0))) : at);
      if (!*row || FromMillis(select.Int(0)) > at) unknown.push_back(&key);
    }
    if (unknown.empty()) return times;
    select.Reset();  // a statement that reads on would keep the transaction from its end
    Status noted = database_.Transaction([&]() -> Status {
      Statement insert(database_, "INSERT OR REPLACE INTO first_seen (key, at) VALUES (?, ?)");
      for (const std::string* key : unknown) {
        insert.Reset();
        if (Status run = insert.BindBlob(*key).Bind(Millis(at)).Run(); !run) return run;
      }
      return Ok();
    });
    if (!noted) return std::move(noted).error();
    return times;
  }

  Result<std::vector<Digest>> Digests() override {
    const std::lock_guard lock(mutex_);
    Statement select(database_, "SELECT digest FROM image ORDER BY digest");
    return ReadDigests(select);
  }

  Result<std::vector<Digest>> ImagesWith(const PackageKey& package, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    Statement select(database_,
                     "SELECT DISTINCT digest FROM image"
                     " JOIN image_package ON image_package.image = image.id"
                     " JOIN package ON package.id = image_package.package"
                     " WHERE type = ? AND name = ? AND (version = ?3 OR ?3 = '')"
                     " ORDER BY digest LIMIT ?4");
    select.Bind(package.type).Bind(package.name).Bind(package.version);
    select.Bind(static_cast<std::int64_t>(limit));
    return ReadDigests(select);
  }

 private:
  Result<std::int64_t> ImageId(const Digest& digest) {
    Statement select(database_, "SELECT id FROM image WHERE digest = ?");
    select.Bind(digest.ToString());
    auto row = select.Step();
    if (!row) return std::move(row).error();
    return *row ? select.Int(0) : 0;
  }

  Status WriteImage(const Digest& digest, const InventoryRecord& inventory, const std::string& blob,
                    const std::vector<PackageKey>& packages) {
    Statement remove(database_, "DELETE FROM image WHERE digest = ?");
    if (Status status = remove.Bind(digest.ToString()).Run(); !status) return status;
    Statement insert(database_,
                     "INSERT INTO image (digest, scanned_at, inventory) VALUES (?, ?, ?)");
    insert.Bind(digest.ToString()).Bind(Millis(inventory.scanned_at)).BindBlob(blob);
    if (Status status = insert.Run(); !status) return status;
    auto id = ImageId(digest);
    if (!id) return std::move(id).error();
    Statement add(database_,
                  "INSERT INTO package (type, name, version) VALUES (?, ?, ?)"
                  " ON CONFLICT DO NOTHING");
    Statement link(database_,
                   "INSERT OR IGNORE INTO image_package (package, image)"
                   " SELECT id, ?4 FROM package WHERE type = ?1 AND name = ?2 AND version = ?3");
    for (const auto& package : packages) {
      add.Reset();
      add.Bind(package.type).Bind(package.name).Bind(package.version);
      if (Status status = add.Run(); !status) return status;
      link.Reset();
      link.Bind(package.type).Bind(package.name).Bind(package.version).Bind(*id);
      if (Status status = link.Run(); !status) return status;
    }
    return Ok();
  }

  static Result<std::vector<Digest>> ReadDigests(Statement& select) {
    std::vector<Digest> out;
    while (true) {
      auto row = select.Step();
      if (!row) return std::move(row).error();
      if (!*row) return out;
      auto digest = Digest::Parse(select.Text(0));
      if (!digest) return DataLoss("store: a digest cannot be read: " + digest.error().message);
      out.push_back(std::move(*digest));
    }
  }

  std::mutex mutex_;
  Database database_;
};

Result<Database> OpenChecked(const std::string& path) {
  auto database = Database::Open(path);
  if (!database) return database;
  if (Status status = database->CheckIntegrity(); !status) return std::move(status).error();
  if (Status status = MigrateSqlite(*database); !status) return std::move(status).error();
  // Versions that no image holds any more; once a start, because a look at the whole index for each
  // deleted image would cost more than the rows do.
  Status tidy =
      database->Execute("DELETE FROM package WHERE id NOT IN (SELECT package FROM image_package)");
  if (!tidy) return std::move(tidy).error();
  return database;
}

/// The write-ahead log belongs to the file: both go.
Result<std::string> MoveAside(const std::string& path) {
  namespace fs = std::filesystem;
  std::string target;
  for (int number = 1;; ++number) {
    target = path + ".corrupt-" + std::to_string(number);
    if (!fs::exists(target)) break;
  }
  std::error_code error;
  fs::rename(path, target, error);
  if (error) return Internal("store: cannot move " + path + " aside: " + error.message());
  for (const char* suffix : {"-wal", "-shm"}) {
    std::error_code ignored;  // mostly they are not there
    fs::rename(path + suffix, target + suffix, ignored);
  }
  return target;
}

/// Opens what is there; what is damaged goes aside (also what only looks sound: `suspect`).
Result<OpenedStore> OpenFile(const std::string& path, const std::optional<std::string>& suspect) {
  OpenedStore opened;
  const bool there = std::filesystem::exists(path);
  auto database = suspect && there ? Result<Database>(DataLoss(*suspect)) : OpenChecked(path);
  if (!database && database.error().code == Code::kDataLoss) {
    opened.reason = database.error().message;
    auto moved = MoveAside(path);
    if (!moved) return std::move(moved).error();
    opened.moved_aside = *moved;
    database = OpenChecked(path);
  }
  if (!database) return std::move(database).error();
  opened.store = std::make_unique<SqliteStore>(std::move(*database));
  return opened;
}

/// A file that turns out damaged while it is in use is moved aside and begun anew, as at a start:
/// otherwise nothing could be read, written or deleted before somebody restarts the process.
class RecoveringStore final : public Store {
 public:
  RecoveringStore(std::string path, std::unique_ptr<Store> store)
      : path_(std::move(path)), store_(std::move(store)) {}

  Status PutInventory(const Digest& digest, const InventoryRecord& inventory,
                      const std::vector<PackageKey>& packages) override {
    return Do([&](Store& store) { return store.PutInventory(digest, inventory, packages); });
  }
  Result<std::optional<InventoryRecord>> GetInventory(const Digest& digest) override {
    return Do([&](Store& store) { return store.GetInventory(digest); });
  }
  Status PutFindings(const Digest& digest, const FindingsRecord& findings) override {
    return Do([&](Store& store) { return store.PutFindings(digest, findings); });
  }
  Result<std::optional<FindingsRecord>> GetFindings(const Digest& digest) override {
    return Do([&](Store& store) { return store.GetFindings(digest); });
  }
  Result<std::optional<FindingsBasis>> GetFindingsBasis(const Digest& digest) override {
    return Do([&](Store& store) { return store.GetFindingsBasis(digest); });
  }
  Result<bool> RenewFindings(const Digest& digest, const FindingsBasis& from,
                             const FindingsBasis& to) override {
    return Do([&](Store& store) { return store.RenewFindings(digest, from, to); });
  }
  Status Delete(const Digest& digest) override {
    return Do([&](Store& store) { return store.Delete(digest); });
  }
  Result<std::vector<TimePoint>> NoteFirst(const std::vector<std::string>& keys,
                                           TimePoint at) override {
    return Do([&](Store& store) { return store.NoteFirst(keys, at); });
  }
  Result<std::vector<Digest>> Digests() override {
    return Do([&](Store& store) { return store.Digests(); });
  }
  Result<std::vector<Digest>> ImagesWith(const PackageKey& package, std::size_t limit) override {
    return Do([&](Store& store) { return store.ImagesWith(package, limit); });
  }

 private:
  template <class Fn>
  auto Do(Fn&& fn) -> decltype(fn(std::declval<Store&>())) {
    std::uint64_t seen = 0;
    std::string fault = "store: it could not be begun anew";
    {
      const std::shared_lock lock(mutex_);
      seen = opened_;
      if (store_ != nullptr) {
        auto result = fn(*store_);
        if (result || result.error().reason != kReasonStoreCorrupt) return result;
        fault = result.error().message;
      }
    }
    return BeginAnew(seen, std::move(fault));
  }

  /// The error to tell: what was asked for is gone in any case.
  Error BeginAnew(std::uint64_t seen, std::string fault) {
    const std::unique_lock lock(mutex_);
    Error lost{Code::kDataLoss, std::move(fault), std::string(kReasonStoreCorrupt)};
    if (opened_ != seen) return lost;  // another thread has done it
    // Closed before it is moved: SQLite deletes the log of the name that it opened.
    store_.reset();
    auto opened = OpenFile(path_, lost.message);
    if (!opened) return std::move(opened).error();  // tried again by the next call
    ++opened_;
    store_ = std::move(opened->store);
    log::Error("store was corrupt and begun anew, images are scanned again",
               {{"moved_to", opened->moved_aside}, {"reason", opened->reason}});
    return lost;
  }

  const std::string path_;
  std::shared_mutex mutex_;  // shared: the store is used; unique: it is exchanged
  std::unique_ptr<Store> store_;
  std::uint64_t opened_ = 0;
};

}  // namespace

Result<OpenedStore> OpenSqliteStore(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    const bool denied = error == std::errc::permission_denied;
    return Error{denied ? Code::kPermissionDenied : Code::kNotFound,
                 "store: cannot make folder " + folder + ": " + error.message()};
  }
  const std::string path = folder + "/landwaiter.db";
  auto opened = OpenFile(path, std::nullopt);
  if (!opened) return opened;
  opened->store = std::make_unique<RecoveringStore>(path, std::move(opened->store));
  return opened;
}

}  // namespace landwaiter::store
