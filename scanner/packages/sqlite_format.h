// As much of SQLite's file format as reading a table takes (sqlite.org, "Database File Format":
// 1.6 B-tree Pages, 2.1 Record Format). Pages are taken one by one, wherever they come from.
// Inside this room only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace landwaiter::packages {

inline constexpr std::uint32_t kMinSqlitePageBytes = 512;
inline constexpr std::uint32_t kMaxSqlitePageBytes = 65'536;
inline constexpr std::size_t kSqliteHeaderBytes = 100;

/// One row as a leaf page has it.
struct SqliteCell {
  std::int64_t rowid = 0;
  std::uint64_t payload_bytes = 0;
  std::string_view local;      // the payload, or its beginning
  std::uint32_t overflow = 0;  // the page where it goes on; 0: `local` is all of it
};

/// A page of a table's b-tree.
struct SqliteTablePage {
  bool leaf = false;
  std::vector<SqliteCell> cells = {};        // of a leaf
  std::vector<std::uint32_t> children = {};  // of an interior page, the rightmost last
};

/// nullopt: the page is something else, or is broken. `usable`: bytes of a page without those that
/// the file reserves. The first page of a database begins with the file's header.
std::optional<SqliteTablePage> ParseTablePage(std::string_view page, bool first,
                                              std::uint32_t usable);

/// Where a column's value stands in a payload.
struct SqliteColumn {
  std::uint64_t type = 0;  // serial type
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  bool IsText() const { return type >= 13 && type % 2 == 1; }
  bool IsBlob() const { return type >= 12 && type % 2 == 0; }
  bool IsInteger() const { return (type >= 1 && type <= 6) || type == 8 || type == 9; }
};

/// The columns of a row, at most `max_columns`. nullopt: the record's header is broken, does not
/// stand in `local` as a whole, tells of more columns, or of more or fewer bytes than the payload
/// has.
std::optional<std::vector<SqliteColumn>> ParseColumns(const SqliteCell& cell,
                                                      std::size_t max_columns);
/// The column's text, as far as it stands in `local`.
std::string_view TextOf(const SqliteCell& cell, const SqliteColumn& column);
/// Big-endian two's complement; nullopt where the value does not stand in `local`.
std::optional<std::int64_t> IntegerOf(const SqliteCell& cell, const SqliteColumn& column);

}  // namespace landwaiter::packages
