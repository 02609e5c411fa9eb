// Method: a few connections, one for each thread that is in the store at once; documents compressed
// with zstd as in the SQLite store; every change in one transaction, whose locks are taken in one
// order (image, packages sorted), so that two controllers wait for and never block each other. Keys
// are bytea: a package's name may hold bytes that text refuses. Migrations are a table that only
// ever grows.
#include "lib/store/postgres_store.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/store/compress.h"
#include "lib/store/postgres.h"
#include "lib/store/postgres_first_seen.h"

namespace landwaiter::store {
namespace {

constexpr std::size_t kMaxDsnBytes = 16u << 10;  // a URI with every option there is has 2 KiB
constexpr std::size_t kIdleConnections = 4;
constexpr int kTries = 3;  // of a transaction that met a deadlock or lost its connection
// "landwait" in ASCII: held while the schema is made or tidied, so that one controller does it.
constexpr const char* kLock = "SELECT pg_advisory_xact_lock(7809644606615808372)";

// Position is the version; never edit a line that was released.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE landwaiter_image (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest text COLLATE "C" NOT NULL UNIQUE,
  scanned_at bigint NOT NULL,
  inventory bytea NOT NULL);
CREATE TABLE landwaiter_findings (
  image bigint PRIMARY KEY REFERENCES landwaiter_image(id) ON DELETE CASCADE,
  database_id text NOT NULL,
  database_built_at text NOT NULL,
  matched_at bigint NOT NULL,
  document bytea NOT NULL);
CREATE TABLE landwaiter_package (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type bytea NOT NULL, name bytea NOT NULL, version bytea NOT NULL,
  key bytea NOT NULL UNIQUE);
CREATE INDEX landwaiter_package_by_name ON landwaiter_package (sha256(name));
CREATE TABLE landwaiter_image_package (
  package bigint NOT NULL REFERENCES landwaiter_package(id),
  image bigint NOT NULL REFERENCES landwaiter_image(id) ON DELETE CASCADE,
  PRIMARY KEY (package, image));
CREATE INDEX landwaiter_image_package_by_image ON landwaiter_image_package (image);
ALTER TABLE landwaiter_image ALTER COLUMN inventory SET STORAGE EXTERNAL;
ALTER TABLE landwaiter_findings ALTER COLUMN document SET STORAGE EXTERNAL;
)sql",
    // Versions that do not know the column may write beside this one while they are replaced; what
    // they leave in it belongs to findings that are there no more, which its owner can tell.
    R"sql(
ALTER TABLE landwaiter_findings ADD COLUMN asked bytea NOT NULL DEFAULT '';
ALTER TABLE landwaiter_findings ALTER COLUMN asked SET STORAGE EXTERNAL;
)sql",
    // Of no image: it outlives them.
    R"sql(
CREATE TABLE landwaiter_first_seen (
  key bytea PRIMARY KEY,
  at bigint NOT NULL);
)sql",
};

std::int64_t Millis(TimePoint time) { return time.time_since_epoch().count(); }

/// A B-tree's entry is bounded (2.7 kB), a package's name is not: what is unique is this hash of
/// all three, each with its length.
std::string KeyOf(const PackageKey& package) {
  Sha256 hash;
  for (const std::string* part : {&package.type, &package.name, &package.version}) {
    hash.Update(std::to_string(part->size()) + ":");
    hash.Update(*part);
  }
  return hash.Finish().ToString();
}

Status Transaction(PostgresConnection& connection, const std::function<Status()>& body) {
  if (Status begun = connection.Execute("BEGIN"); !begun) return begun;
  Status done = body();
  if (done) return connection.Execute("COMMIT");
  // Its own failure says nothing new: the server ends the transaction with the connection, too.
  [[maybe_unused]] const Status undone = connection.Execute("ROLLBACK");
  return done;
}

Status Migrate(PostgresConnection& connection) {
  return Transaction(connection, [&]() -> Status {
    if (Status locked = connection.Execute(kLock); !locked) return locked;
    Status made = connection.Execute(
        "CREATE TABLE IF NOT EXISTS landwaiter_schema (version bigint NOT NULL)");
    if (!made) return made;
    auto rows = connection.Run("SELECT version FROM landwaiter_schema");
    if (!rows) return std::move(rows).error();
    auto version = rows->size() == 0 ? Result<std::int64_t>(0) : rows->Int(0, 0);
    if (!version) return std::move(version).error();
    const auto known = static_cast<std::int64_t>(std::size(kMigrations));
    if (*version > known) {
      return Unsupported("store: the PostgreSQL database has schema " + std::to_string(*version) +
                         ", this version knows up to " + std::to_string(known) +
                         ": run the newer version, or name another database (it is made again by "
                         "scanning)");
    }
    for (std::int64_t step = *version; step < known; ++step) {
      if (Status run = connection.Execute(kMigrations[step]); !run) return run;
    }
    if (*version < known) {
      if (Status gone = connection.Execute("DELETE FROM landwaiter_schema"); !gone) return gone;
      auto written = connection.Run("INSERT INTO landwaiter_schema (version) VALUES ($1)",
                                    PostgresValues().Int(known));
      if (!written) return std::move(written).error();
    }
    return Ok();
  });
}

/// Versions that no image holds any more. The lock keeps others from linking one meanwhile.
Status Tidy(PostgresConnection& connection) {
  return Transaction(connection, [&]() -> Status {
    if (Status locked = connection.Execute(kLock); !locked) return locked;
    return connection.Execute(
        "LOCK TABLE landwaiter_package IN SHARE ROW EXCLUSIVE MODE;"
        "DELETE FROM landwaiter_package WHERE NOT EXISTS"
        " (SELECT FROM landwaiter_image_package WHERE package = landwaiter_package.id)");
  });
}

Result<std::vector<Digest>> ReadDigests(const PostgresRows& rows) {
  std::vector<Digest> out;
  out.reserve(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    auto digest = Digest::Parse(rows.Bytes(row, 0));
    if (!digest) return DataLoss("store: a digest cannot be read: " + digest.error().message);
    out.push_back(*std::move(digest));
  }
  return out;
}

/// The package index of one image. `keys` are sorted and once each.
Status WritePackages(PostgresConnection& connection, std::int64_t image,
                     const std::vector<std::pair<std::string, const PackageKey*>>& keys) {
  std::vector<std::string_view> types, names, versions, hashes;
  for (const auto& [hash, package] : keys) {
    types.push_back(package->type);
    names.push_back(package->name);
    versions.push_back(package->version);
    hashes.push_back(hash);
  }
  auto added = connection.Run(
      "INSERT INTO landwaiter_package (type, name, version, key)"
      " SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING",
      PostgresValues().BytesArray(types).BytesArray(names).BytesArray(versions).BytesArray(hashes));
  if (!added) return std::move(added).error();
  auto linked = connection.Run(
      "INSERT INTO landwaiter_image_package (package, image)"
      " SELECT id, $1 FROM landwaiter_package WHERE key = ANY ($2)",
      PostgresValues().Int(image).BytesArray(hashes));
  if (!linked) return std::move(linked).error();
  if (linked->changed() != static_cast<std::int64_t>(keys.size())) {
    return Internal("store: " + std::to_string(linked->changed()) + " packages indexed, " +
                    std::to_string(keys.size()) + " expected");
  }
  return Ok();
}

class PostgresStore final : public Store {
 public:
  explicit PostgresStore(std::string dsn_file) : dsn_file_(std::move(dsn_file)) {}

  Status Prepare() {
    if (Status status = Do(Migrate); !status) return status;
    // What is left lying costs room and nothing else; on a large database it may take longer than
    // it may.
    if (Status tidied = Do(Tidy); !tidied) {
      log::Warn("packages that no image holds stay in the store", {{"error", tidied.error()}});
    }
    return Ok();
  }

  Status PutInventory(const Digest& digest, const InventoryRecord& inventory,
                      const std::vector<PackageKey>& packages) override {
    auto blob = CompressInventory(digest, inventory, packages);
    if (!blob) return std::move(blob).error();
    std::vector<std::pair<std::string, const PackageKey*>> keys;
    keys.reserve(packages.size());
    for (const PackageKey& package : packages) keys.emplace_back(KeyOf(package), &package);
    std::sort(keys.begin(), keys.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    keys.erase(std::unique(keys.begin(), keys.end(),
                           [](const auto& a, const auto& b) { return a.first == b.first; }),
               keys.end());
    return Do([&](PostgresConnection& connection) {
      return Transaction(connection, [&]() -> Status {
        auto rows = connection.Run(
            "INSERT INTO landwaiter_image (digest, scanned_at, inventory) VALUES ($1, $2, $3)"
            " ON CONFLICT (digest) DO UPDATE"
            " SET scanned_at = EXCLUDED.scanned_at, inventory = EXCLUDED.inventory RETURNING id",
            PostgresValues()
                .Text(digest.ToString())
                .Int(Millis(inventory.scanned_at))
                .Bytes(*blob));
        if (!rows) return std::move(rows).error();
        auto id = rows->Int(0, 0);
        if (!id) return std::move(id).error();
        for (const char* sql : {"DELETE FROM landwaiter_findings WHERE image = $1",
                                "DELETE FROM landwaiter_image_package WHERE image = $1"}) {
          auto gone = connection.Run(sql, PostgresValues().Int(*id));
          if (!gone) return std::move(gone).error();
        }
        return WritePackages(connection, *id, keys);
      });
    });
  }

  Result<std::optional<InventoryRecord>> GetInventory(const Digest& digest) override {
    auto rows = Query("SELECT inventory, scanned_at FROM landwaiter_image WHERE digest = $1",
                      PostgresValues().Text(digest.ToString()));
    if (!rows) return std::move(rows).error();
    if (rows->size() == 0) return std::optional<InventoryRecord>();
    auto bytes = Decompress(rows->Bytes(0, 0), kMaxDocumentBytes);
    if (!bytes) return std::move(bytes).error().Context("store: inventory of " + digest.ToString());
    auto scanned = rows->Int(0, 1);
    if (!scanned) return std::move(scanned).error();
    return std::optional(
        InventoryRecord{*std::move(bytes), TimePoint(std::chrono::milliseconds(*scanned))});
  }

  Status PutFindings(const Digest& digest, const FindingsRecord& findings) override {
    auto blob = Compress(findings.json, kMaxDocumentBytes);
    if (!blob) return std::move(blob).error().Context("store: findings of " + digest.ToString());
    auto rows = Query(
        "INSERT INTO landwaiter_findings"
        " (image, database_id, database_built_at, matched_at, document, asked)"
        " SELECT id, $2, $3, $4, $5, $6 FROM landwaiter_image WHERE digest = $1"
        " ON CONFLICT (image) DO UPDATE SET database_id = EXCLUDED.database_id,"
        " database_built_at = EXCLUDED.database_built_at, matched_at = EXCLUDED.matched_at,"
        " document = EXCLUDED.document, asked = EXCLUDED.asked",
        PostgresValues()
            .Text(digest.ToString())
            .Text(findings.database_id)
            .Text(findings.database_built_at)
            .Int(Millis(findings.matched_at))
            .Bytes(*blob)
            .Bytes(findings.asked));
    if (!rows) return std::move(rows).error();
    if (rows->changed() == 0) return NotFound("store: no inventory of " + digest.ToString());
    return Ok();
  }

  Result<std::optional<FindingsRecord>> GetFindings(const Digest& digest) override {
    auto rows = Query(
        "SELECT document, database_id, database_built_at, matched_at FROM landwaiter_findings"
        " JOIN landwaiter_image ON landwaiter_image.id = image WHERE digest = $1",
        PostgresValues().Text(digest.ToString()));
    if (!rows) return std::move(rows).error();
    if (rows->size() == 0) return std::optional<FindingsRecord>();
    auto json = Decompress(rows->Bytes(0, 0), kMaxDocumentBytes);
    if (!json) return std::move(json).error().Context("store: findings of " + digest.ToString());
    auto matched = rows->Int(0, 3);
    if (!matched) return std::move(matched).error();
    return std::optional(
        FindingsRecord{.database_id = std::string(rows->Bytes(0, 1)),
                       .database_built_at = std::string(rows->Bytes(0, 2)),
                       .json = *std::move(json),
                       .matched_at = TimePoint(std::chrono::milliseconds(*matched))});
  }

  Result<std::optional<FindingsBasis>> GetFindingsBasis(const Digest& digest) override {
    auto rows = Query(
        "SELECT database_id, database_built_at, matched_at, asked FROM landwaiter_findings"
        " JOIN landwaiter_image ON landwaiter_image.id = image WHERE digest = $1",
        PostgresValues().Text(digest.ToString()));
    if (!rows) return std::move(rows).error();
    if (rows->size() == 0) return std::optional<FindingsBasis>();
    auto matched = rows->Int(0, 2);
    if (!matched) return std::move(matched).error();
    return std::optional(FindingsBasis{.database_id = std::string(rows->Bytes(0, 0)),
                                       .database_built_at = std::string(rows->Bytes(0, 1)),
                                       .matched_at = TimePoint(std::chrono::milliseconds(*matched)),
                                       .asked = std::string(rows->Bytes(0, 3))});
  }

  /// Done again after its outcome was lost it says False, which costs a match and nothing else.
  Result<bool> RenewFindings(const Digest& digest, const FindingsBasis& from,
                             const FindingsBasis& to) override {
    auto rows = Query(
        "UPDATE landwaiter_findings SET database_id = $6, database_built_at = $7,"
        " matched_at = $8, asked = $9"
        " WHERE image = (SELECT id FROM landwaiter_image WHERE digest = $1) AND database_id = $2"
        " AND database_built_at = $3 AND matched_at = $4 AND asked = $5",
        PostgresValues()
            .Text(digest.ToString())
            .Text(from.database_id)
            .Text(from.database_built_at)
            .Int(Millis(from.matched_at))
            .Bytes(from.asked)
            .Text(to.database_id)
            .Text(to.database_built_at)
            .Int(Millis(to.matched_at))
            .Bytes(to.asked));
    if (!rows) return std::move(rows).error();
    return rows->changed() == 1;
  }

  Status Delete(const Digest& digest) override {
    auto rows = Query("DELETE FROM landwaiter_image WHERE digest = $1",
                      PostgresValues().Text(digest.ToString()));
    return rows ? Ok() : Status(std::move(rows).error());
  }

  Result<std::vector<TimePoint>> NoteFirst(const std::vector<std::string>& keys,
                                           TimePoint at) override {
    return Do([&](PostgresConnection& connection) { return NoteFirstIn(connection, keys, at); });
  }

  Result<std::vector<Digest>> Digests() override {
    auto rows = Query("SELECT digest FROM landwaiter_image ORDER BY digest", {});
    if (!rows) return std::move(rows).error();
    return ReadDigests(*rows);
  }

  Result<std::vector<Digest>> ImagesWith(const PackageKey& package, std::size_t limit) override {
    auto rows = Query(
        "SELECT DISTINCT digest FROM landwaiter_image"
        " JOIN landwaiter_image_package ON landwaiter_image_package.image = landwaiter_image.id"
        " JOIN landwaiter_package ON landwaiter_package.id = package"
        " WHERE sha256(name) = sha256($2) AND type = $1 AND name = $2"
        " AND (version = $3 OR $3 = '')"
        " ORDER BY digest LIMIT $4",
        PostgresValues()
            .Bytes(package.type)
            .Bytes(package.name)
            .Bytes(package.version)
            .Int(static_cast<std::int64_t>(limit)));
    if (!rows) return std::move(rows).error();
    return ReadDigests(*rows);
  }

 private:
  Result<PostgresConnection> Take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        PostgresConnection connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    auto dsn = ReadFile(dsn_file_, kMaxDsnBytes);
    if (!dsn) return std::move(dsn).error().Context("store: connection string");
    return PostgresConnection::Connect(std::string(text::Trim(*dsn)));
  }

  void GiveBack(PostgresConnection connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleConnections) idle_.push_back(std::move(connection));
  }

  /// What was idle was opened to the server that has just gone.
  void ForgetIdle() {
    const std::lock_guard lock(mutex_);
    idle_.clear();
  }

  /// Every operation replaces or reads, so that one whose outcome was lost can be done again.
  template <class Fn>
  auto Do(Fn&& fn) -> decltype(fn(std::declval<PostgresConnection&>())) {
    for (int tried = 1;; ++tried) {
      auto connection = Take();
      if (!connection) return std::move(connection).error();
      auto result = fn(*connection);
      const bool alive = connection->Alive();
      if (alive) {
        GiveBack(*std::move(connection));
      } else {
        ForgetIdle();
      }
      if (result || tried == kTries) return result;
      if (alive && result.error().code != Code::kConflict) return result;
    }
  }

  Result<PostgresRows> Query(const char* sql, const PostgresValues& values) {
    return Do([&](PostgresConnection& connection) { return connection.Run(sql, values); });
  }

  const std::string dsn_file_;
  std::mutex mutex_;
  std::vector<PostgresConnection> idle_;
};

}  // namespace

Result<std::unique_ptr<Store>> OpenPostgresStore(const std::string& dsn_file) {
  auto store = std::make_unique<PostgresStore>(dsn_file);
  if (Status prepared = store->Prepare(); !prepared) return std::move(prepared).error();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace landwaiter::store
