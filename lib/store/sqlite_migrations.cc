#include "lib/store/sqlite_migrations.h"

#include <cstdint>
#include <iterator>
#include <string>

namespace landwaiter::store {
namespace {

// Position is the version; never edit a line that was released.
constexpr const char* kSqliteMigrations[] = {
    R"sql(
CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  scanned_at INTEGER NOT NULL,
  inventory BLOB NOT NULL);
CREATE TABLE findings (
  image INTEGER PRIMARY KEY REFERENCES image(id) ON DELETE CASCADE,
  database_id TEXT NOT NULL,
  database_built_at TEXT NOT NULL,
  matched_at INTEGER NOT NULL,
  document BLOB NOT NULL);
CREATE TABLE package (
  id INTEGER PRIMARY KEY,
  type TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  UNIQUE (type, name, version));
CREATE TABLE image_package (
  package INTEGER NOT NULL REFERENCES package(id),
  image INTEGER NOT NULL REFERENCES image(id) ON DELETE CASCADE,
  PRIMARY KEY (package, image)) WITHOUT ROWID;
CREATE INDEX image_package_by_image ON image_package (image);
)sql",
    // What findings rest on, apart from them: it is renewed alone, and a row of SQLite is written
    // whole. Not known for those that are there: each is matched once more.
    R"sql(
CREATE TABLE basis (
  image INTEGER PRIMARY KEY REFERENCES findings(image) ON DELETE CASCADE,
  database_id TEXT NOT NULL,
  database_built_at TEXT NOT NULL,
  matched_at INTEGER NOT NULL,
  asked BLOB NOT NULL);
INSERT INTO basis SELECT image, database_id, database_built_at, matched_at, x'' FROM findings;
)sql",
    // Of no image: it outlives them.
    R"sql(
CREATE TABLE first_seen (
  key BLOB PRIMARY KEY,
  at INTEGER NOT NULL) WITHOUT ROWID;
)sql",
};

}  // namespace

Status MigrateSqlite(Database& database) {
  auto version = database.UserVersion();
  if (!version) return std::move(version).error();
  const auto known = static_cast<std::int64_t>(std::size(kSqliteMigrations));
  if (*version > known) {
    return Unsupported("store: " + database.path() + " has schema " + std::to_string(*version) +
                       ", this version knows up to " + std::to_string(known) +
                       ": run the newer version, or move the file away (it is made again by "
                       "scanning)");
  }
  for (std::int64_t step = *version; step < known; ++step) {
    Status status = database.Transaction([&]() -> Status {
      if (Status run = database.Execute(kSqliteMigrations[step]); !run) return run;
      return database.Execute("PRAGMA user_version = " + std::to_string(step + 1));
    });
    if (!status) return status;
  }
  return Ok();
}

}  // namespace landwaiter::store
