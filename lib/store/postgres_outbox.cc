// Method: as postgres_store.cc, with tables and a schema version of its own. One connection under
// one lock: few messages come, and none is in a hurry.
#include <functional>
#include <mutex>
#include <optional>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/store/outbox.h"
#include "lib/store/postgres.h"

namespace landwaiter::store {
namespace {

constexpr std::size_t kMaxDsnBytes = 16u << 10;
constexpr int kTries = 3;
// "lw-outbx" in ASCII: held while the schema is made.
constexpr const char* kLock = "SELECT pg_advisory_xact_lock(7815765635059966584)";

// Position is the version; never edit a line that was released.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE landwaiter_note (
  key text COLLATE "C" PRIMARY KEY,
  value bytea NOT NULL);
CREATE TABLE landwaiter_message (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  box text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
  made bigint NOT NULL,
  document bytea NOT NULL,
  UNIQUE (box, id));
CREATE INDEX landwaiter_message_by_box ON landwaiter_message (box, seq);
)sql",
};

Status Transaction(PostgresConnection& connection, const std::function<Status()>& body) {
  if (Status begun = connection.Execute("BEGIN"); !begun) return begun;
  Status done = body();
  if (done) return connection.Execute("COMMIT");
  // Its own failure says nothing new: the server ends the transaction with the connection, too.
  [[maybe_unused]] const Status undone = connection.Execute("ROLLBACK");
  return done;
}

Status Done(Result<PostgresRows> rows) { return rows ? Ok() : Status(std::move(rows).error()); }

Status Migrate(PostgresConnection& connection) {
  return Transaction(connection, [&]() -> Status {
    if (Status locked = connection.Execute(kLock); !locked) return locked;
    Status made = connection.Execute(
        "CREATE TABLE IF NOT EXISTS landwaiter_outbox_schema (version bigint NOT NULL)");
    if (!made) return made;
    auto rows = connection.Run("SELECT version FROM landwaiter_outbox_schema");
    if (!rows) return std::move(rows).error();
    auto version = rows->size() == 0 ? Result<std::int64_t>(0) : rows->Int(0, 0);
    if (!version) return std::move(version).error();
    const auto known = static_cast<std::int64_t>(std::size(kMigrations));
    if (*version > known) {
      return Unsupported("outbox: the PostgreSQL database has schema " + std::to_string(*version) +
                         ", this version knows up to " + std::to_string(known) +
                         ": run the newer version");
    }
    for (std::int64_t step = *version; step < known; ++step) {
      if (Status run = connection.Execute(kMigrations[step]); !run) return run;
    }
    if (*version == known) return Ok();
    if (Status gone = connection.Execute("DELETE FROM landwaiter_outbox_schema"); !gone) {
      return gone;
    }
    return Done(connection.Run("INSERT INTO landwaiter_outbox_schema (version) VALUES ($1)",
                               PostgresValues().Int(known)));
  });
}

class PostgresOutbox final : public Outbox {
 public:
  explicit PostgresOutbox(std::string dsn_file) : dsn_file_(std::move(dsn_file)) {}

  Status Prepare() { return Do(Migrate); }

  Result<std::optional<std::string>> Note(const std::string& key) override {
    auto rows =
        Query("SELECT value FROM landwaiter_note WHERE key = $1", PostgresValues().Text(key));
    if (!rows) return std::move(rows).error();
    if (rows->size() == 0) return std::optional<std::string>();
    return std::optional(std::string(rows->Bytes(0, 0)));
  }

  /// Done again after its outcome was lost it says False: the note has moved on, with its messages.
  Result<bool> Advance(const std::string& key, const std::optional<std::string>& from,
                       const std::string& to, const std::vector<OutboxMessage>& messages) override {
    bool advanced = false;
    Status done = Do([&](PostgresConnection& connection) {
      advanced = false;
      return Transaction(connection, [&]() -> Status {
        auto moved =
            from ? connection.Run(
                       "UPDATE landwaiter_note SET value = $3 WHERE key = $1 AND value = $2",
                       PostgresValues().Text(key).Bytes(*from).Bytes(to))
                 : connection.Run(
                       "INSERT INTO landwaiter_note (key, value) VALUES ($1, $2)"
                       " ON CONFLICT DO NOTHING",
                       PostgresValues().Text(key).Bytes(to));
        if (!moved) return std::move(moved).error();
        if (moved->changed() != 1) return Ok();
        for (const OutboxMessage& message : messages) {
          Status added = Done(connection.Run(
              "INSERT INTO landwaiter_message (box, id, made, document) VALUES ($1, $2, $3, $4)",
              PostgresValues()
                  .Text(message.box)
                  .Text(message.id)
                  .Int(message.made.time_since_epoch().count())
                  .Bytes(message.document)));
          if (!added) return added;
        }
        advanced = true;
        return Ok();
      });
    });
    if (!done) return std::move(done).error();
    return advanced;
  }

  Status DropNote(const std::string& key) override {
    return Done(Query("DELETE FROM landwaiter_note WHERE key = $1", PostgresValues().Text(key)));
  }

  Result<std::vector<OutboxMessage>> Oldest(const std::string& box, std::size_t limit) override {
    auto rows = Query(
        "SELECT id, made, document FROM landwaiter_message WHERE box = $1 ORDER BY seq LIMIT $2",
        PostgresValues().Text(box).Int(static_cast<std::int64_t>(limit)));
    if (!rows) return std::move(rows).error();
    std::vector<OutboxMessage> out;
    for (int row = 0; row < rows->size(); ++row) {
      auto made = rows->Int(row, 1);
      if (!made) return std::move(made).error();
      out.push_back({std::string(rows->Bytes(row, 0)), box,
                     TimePoint(std::chrono::milliseconds(*made)),
                     std::string(rows->Bytes(row, 2))});
    }
    return out;
  }

  Result<std::uint64_t> Waiting(const std::string& box) override {
    auto rows =
        Query("SELECT count(*) FROM landwaiter_message WHERE box = $1", PostgresValues().Text(box));
    if (!rows) return std::move(rows).error();
    auto count = rows->Int(0, 0);
    if (!count) return std::move(count).error();
    return static_cast<std::uint64_t>(*count);
  }

  Status Remove(const std::string& box, const std::string& id) override {
    return Done(Query("DELETE FROM landwaiter_message WHERE box = $1 AND id = $2",
                      PostgresValues().Text(box).Text(id)));
  }

 private:
  Status Reach() {
    if (connection_ && connection_->Alive()) return Ok();
    connection_.reset();
    auto dsn = ReadFile(dsn_file_, kMaxDsnBytes);
    if (!dsn) return std::move(dsn).error().Context("outbox: connection string");
    auto connected = PostgresConnection::Connect(std::string(text::Trim(*dsn)));
    if (!connected) return std::move(connected).error();
    connection_ = *std::move(connected);
    return Ok();
  }

  template <class Fn>
  auto Do(Fn&& fn) -> decltype(fn(std::declval<PostgresConnection&>())) {
    const std::lock_guard lock(mutex_);
    for (int tried = 1;; ++tried) {
      if (Status reached = Reach(); !reached) return std::move(reached).error();
      auto result = fn(*connection_);
      if (result || tried == kTries) return result;
      const bool alive = connection_->Alive();
      if (!alive) connection_.reset();
      if (alive && result.error().code != Code::kConflict) return result;
    }
  }

  Result<PostgresRows> Query(const char* sql, const PostgresValues& values) {
    return Do([&](PostgresConnection& connection) { return connection.Run(sql, values); });
  }

  const std::string dsn_file_;
  std::mutex mutex_;
  std::optional<PostgresConnection> connection_;
};

}  // namespace

Result<std::unique_ptr<Outbox>> OpenPostgresOutbox(const std::string& dsn_file) {
  auto outbox = std::make_unique<PostgresOutbox>(dsn_file);
  if (Status prepared = outbox->Prepare(); !prepared) return std::move(prepared).error();
  return std::unique_ptr<Outbox>(std::move(outbox));
}

}  // namespace landwaiter::store
