// rpm's SQLite back end: table Packages(hnum INTEGER PRIMARY KEY, blob BLOB) of rpmdb.sqlite, with
// its write-ahead log. Inside this room only.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/packages/rpm_sqlite_kept.h"

namespace landwaiter::packages {

/// A database as it stands in its file, its log left aside.
/// `files`: FileReading::records is wanted.
FileReading ReadRpmSqlite(std::string_view path, RandomAccessFile& file, bool files = false);
/// What a log could add to whichever database stands beside it. Without residue where SQLite itself
/// would take nothing from it.
FileReading ReadRpmSqliteWal(std::string_view path, RandomAccessFile& file, bool files = false);
/// PackageSource::combine: a database and the log beside it ("…-wal") become one reading, that of
/// the database as SQLite would show it. What cannot be put together has failed: a list older than
/// the database is never given out. Logs and journals without a database are dropped.
void CombineRpmReadings(std::vector<FileReading>& readings);

/// Finds table Packages from page 1 on and calls `leaf` for each of its leaves, in order. `page`
/// gives null for a page that is no part of a table's tree. What is wrong goes to `fail`; the rest
/// of the tree is still walked.
struct PackagesWalk {
  std::uint32_t page_count = 0;
  std::function<Result<const KeptPage*>(std::uint32_t number)> page;
  std::function<void(std::uint32_t number, const KeptPage& page)> leaf;
  std::function<void(std::string_view what)> fail;
};
void WalkPackages(const PackagesWalk& walk);

}  // namespace landwaiter::packages
