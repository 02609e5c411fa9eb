// The pages of an SQLite database file, and of the write-ahead log beside it (sqlite.org, "Database
// File Format": 1.3 The Database Header, 4 The Write-Ahead Log). Inside this room only.
//
// Of a log counts what SQLite itself would take from it: frames from the beginning on whose salts
// are those of the log's header and whose checksums hold, up to the last one that ends a
// transaction; of several frames of one page the last. Of the rest, older or half-written, nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "scanner/packages/source.h"

namespace landwaiter::packages {

bool IsSqliteDatabase(std::string_view head);
bool IsSqliteWal(std::string_view head);
/// A rollback journal whose transaction was not ended (section 3): its database is half-written.
bool IsHotSqliteJournal(std::string_view head);

class SqlitePages {
 public:
  /// Errors: DataLoss where the header lies, what `file` reports.
  static Result<SqlitePages> OpenDatabase(RandomAccessFile& file);
  /// nullopt: SQLite would take nothing from this log.
  /// Errors: Unsupported for another version of the format, what `file` reports.
  static Result<std::optional<SqlitePages>> OpenWal(RandomAccessFile& file);

  std::uint32_t page_bytes() const { return page_bytes_; }
  std::uint32_t usable() const { return page_bytes_ - reserved_; }
  std::uint32_t reserved() const { return reserved_; }
  /// Pages of the database: of the file, or as the log's last transaction left it.
  std::uint32_t page_count() const { return page_count_; }
  /// What the header of a database says that it has; 0 where that does not count.
  std::uint32_t claimed_pages() const { return claimed_pages_; }
  /// Numbers of the pages that a log has, sorted.
  std::vector<std::uint32_t> Numbers() const;

  std::uint64_t file_bytes() const { return file_->size(); }

  bool Has(std::uint32_t page) const;
  /// Errors: DataLoss for pages that are not there.
  Status Read(std::uint32_t page, std::string& out) const;

 private:
  explicit SqlitePages(RandomAccessFile& file) : file_(&file) {}
  Status ReadFrames(std::string_view header);
  const std::uint32_t* FrameOf(std::uint32_t page) const;

  RandomAccessFile* file_;
  bool wal_ = false;
  std::uint32_t page_bytes_ = 0;
  std::uint32_t reserved_ = 0;
  std::uint32_t page_count_ = 0;
  std::uint32_t claimed_pages_ = 0;
  /// Of a log: (page, number of its frame), sorted, each page once.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> frames_;
};

}  // namespace landwaiter::packages
