// Method: as sqlite_store.cc, one connection under one lock, in a file of its own.
#include <sqlite3.h>

#include <filesystem>
#include <mutex>
#include <system_error>

#include "lib/store/outbox.h"
#include "lib/store/sqlite.h"

namespace landwaiter::store {
namespace {

// Position is the version; never edit a line that was released.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE note (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE message (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  box TEXT NOT NULL, id TEXT NOT NULL,
  made INTEGER NOT NULL,
  document BLOB NOT NULL,
  UNIQUE (box, id));
CREATE INDEX message_by_box ON message (box, seq);
)sql",
};

Status Migrate(Database& database) {
  auto version = database.UserVersion();
  if (!version) return std::move(version).error();
  const auto known = static_cast<std::int64_t>(std::size(kMigrations));
  if (*version > known) {
    return Unsupported("outbox: " + database.path() + " has schema " + std::to_string(*version) +
                       ", this version knows up to " + std::to_string(known) +
                       ": run the newer version");
  }
  for (std::int64_t step = *version; step < known; ++step) {
    Status status = database.Transaction([&]() -> Status {
      if (Status run = database.Execute(kMigrations[step]); !run) return run;
      return database.Execute("PRAGMA user_version = " + std::to_string(step + 1));
    });
    if (!status) return status;
  }
  return Ok();
}

class SqliteOutbox final : public Outbox {
 public:
  explicit SqliteOutbox(Database database) : database_(std::move(database)) {}

  Result<std::optional<std::string>> Note(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    return NoteLocked(key);
  }

  Result<bool> Advance(const std::string& key, const std::optional<std::string>& from,
                       const std::string& to, const std::vector<OutboxMessage>& messages) override {
    const std::lock_guard lock(mutex_);
    bool advanced = false;
    Status done = database_.Transaction([&]() -> Status {
      auto now = NoteLocked(key);
      if (!now) return std::move(now).error();
      if (*now != from) return Ok();
      Statement put(database_, "INSERT OR REPLACE INTO note (key, value) VALUES (?, ?)");
      if (Status run = put.Bind(key).BindBlob(to).Run(); !run) return run;
      Statement add(database_, "INSERT INTO message (box, id, made, document) VALUES (?, ?, ?, ?)");
      for (const OutboxMessage& message : messages) {
        add.Reset();
        add.Bind(message.box).Bind(message.id).Bind(message.made.time_since_epoch().count());
        if (Status run = add.BindBlob(message.document).Run(); !run) return run;
      }
      advanced = true;
      return Ok();
    });
    if (!done) return std::move(done).error();
    return advanced;
  }

  Status DropNote(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    Statement drop(database_, "DELETE FROM note WHERE key = ?");
    return drop.Bind(key).Run();
  }

  Result<std::vector<OutboxMessage>> Oldest(const std::string& box, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    Statement select(database_,
                     "SELECT id, made, document FROM message WHERE box = ? ORDER BY seq LIMIT ?");
    select.Bind(box).Bind(static_cast<std::int64_t>(limit));
    std::vector<OutboxMessage> out;
    for (;;) {
      auto row = select.Step();
      if (!row) return std::move(row).error();
      if (!*row) return out;
      out.push_back({select.Text(0), box, TimePoint(std::chrono::milliseconds(select.Int(1))),
                     select.Blob(2)});
    }
  }

  Result<std::uint64_t> Waiting(const std::string& box) override {
    const std::lock_guard lock(mutex_);
    Statement count(database_, "SELECT count(*) FROM message WHERE box = ?");
    auto row = count.Bind(box).Step();
    if (!row) return std::move(row).error();
    return static_cast<std::uint64_t>(*row ? count.Int(0) : 0);
  }

  Status Remove(const std::string& box, const std::string& id) override {
    const std::lock_guard lock(mutex_);
    Statement remove(database_, "DELETE FROM message WHERE box = ? AND id = ?");
    return remove.Bind(box).Bind(id).Run();
  }

 private:
  Result<std::optional<std::string>> NoteLocked(const std::string& key) {
    Statement select(database_, "SELECT value FROM note WHERE key = ?");
    auto row = select.Bind(key).Step();
    if (!row) return std::move(row).error();
    if (!*row) return std::optional<std::string>();
    return std::optional(select.Blob(0));
  }

  std::mutex mutex_;
  Database database_;
};

}  // namespace

Result<std::unique_ptr<Outbox>> OpenSqliteOutbox(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Internal("outbox: cannot make folder " + folder + ": " + error.message());
  auto database = Database::Open(folder + "/outbox.db");
  if (!database) return std::move(database).error().Context("outbox");
  if (Status sound = database->CheckIntegrity(); !sound) {
    return std::move(sound).error().Context("outbox: move it away to begin anew");
  }
  if (Status status = Migrate(*database); !status) return std::move(status).error();
  return std::unique_ptr<Outbox>(std::make_unique<SqliteOutbox>(std::move(*database)));
}

}  // namespace landwaiter::store
