// A finished LMDB file, read without LMDB. LMDB trusts the pages of its file: a page number, an
// offset or a length that lies sends it outside of the map, and the process ends with a signal. A
// database may come from elsewhere (db import, db pull, a disk that rots), so that here every
// number is held against the file before it is used, and one that lies is an error.
//
// Format: LMDB 0.9 (mdb.c, MDB_page, MDB_node, MDB_db, MDB_meta), 64-bit little endian: a B-tree of
// pages, keys in the order of their bytes, one tree a table, whose root stands in the tree of
// tables. Not read, since builder.h writes none of it: duplicate keys, integer keys, other orders.
// What bounds cannot tell: a tree whose keys are out of order hides some. The file's digest does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/result.h"

namespace landwaiter::advisories {

/// One of the tables of a file: the page of its root.
struct TableRoot {
  std::uint64_t page = 0;
  bool empty = true;
};

/// Thread-safe. What it returns points into the map and lives as long as this does.
class LmdbFile {
 public:
  /// Goes through a table, row by row in the order of keys. For one thread.
  class Cursor;

  /// Maps the file. Errors: NotFound, and DataLoss where it is cut short or no such file (as
  /// CheckLmdbFile); each names the path.
  static Result<std::unique_ptr<LmdbFile>> Open(const std::string& path);
  /// The same over bytes in memory, which outlive it; `name` stands in errors.
  static Result<std::unique_ptr<LmdbFile>> Over(std::string_view bytes, std::string name);
  ~LmdbFile();
  LmdbFile(const LmdbFile&) = delete;
  LmdbFile& operator=(const LmdbFile&) = delete;

  /// What errors call it: its path.
  const std::string& name() const { return name_; }

  /// A file that is cut short while it is mapped would end the process at the next page: asked
  /// before each look that begins something. Errors: DataLoss.
  Status StillWhole() const;
  /// Errors: DataLoss where it has no such table.
  Result<TableRoot> Table(std::string_view name) const;
  /// nullopt where it has no such table.
  Result<std::optional<TableRoot>> FindTable(std::string_view name) const;
  /// Whether the file is asked for its size first. A system call costs as much as the look itself:
  /// what is looked up because of what another look has just found does without.
  enum class Look { kFirst, kFollowing };
  /// nullopt: no such key. Errors: DataLoss.
  Result<std::optional<std::string_view>> Get(const TableRoot& table, std::string_view key,
                                              Look look = Look::kFirst) const;
  /// Before the first row whose key is not below `key`. Errors: DataLoss.
  Result<Cursor> From(const TableRoot& table, std::string_view key) const;
  /// All rows whose key starts with `prefix`, in order; `on_row` returns false to stop. Errors:
  /// DataLoss; rows before the fault have been given.
  Status Scan(
      const TableRoot& table, std::string_view prefix,
      const std::function<bool(std::string_view key, std::string_view value)>& on_row) const;

 private:
  struct Page;
  struct Node;
  struct Step;

  LmdbFile(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}
  Status ReadHeads();
  Error Damaged(std::string_view what) const;
  Result<Page> PageAt(std::uint64_t number) const;
  Result<Node> NodeAt(const Page& page, std::size_t index) const;
  static std::optional<std::string_view> KeyAt(const Page& page, std::size_t index);
  Result<std::size_t> LowerBound(const Page& page, std::string_view key) const;
  Result<std::size_t> ChildFor(const Page& page, std::string_view key) const;
  Result<std::string_view> ValueOf(const Page& page, const Node& node) const;
  /// The way down to the leaf where `key` is or would be.
  Result<std::vector<Step>> Descend(std::uint64_t root, std::string_view key) const;
  /// To the first row of the next leaf; the way becomes empty behind the last one.
  Status NextLeaf(std::vector<Step>* way) const;
  Result<std::optional<std::string_view>> Find(std::uint64_t root, std::string_view key,
                                               std::uint16_t flag) const;

  std::string_view bytes_;
  std::string name_;
  FileDescriptor file_;  // none: over memory
  std::uint32_t page_size_ = 0;
  std::uint64_t pages_ = 0;  // those in use
  TableRoot tables_;
};

struct TableRow {
  std::string_view key;
  std::string_view value;
};

class LmdbFile::Cursor {
 public:
  ~Cursor();
  Cursor(Cursor&& other) noexcept;
  Cursor& operator=(Cursor&& other) noexcept;

  /// nullopt behind the last row. Errors: DataLoss.
  Result<std::optional<TableRow>> Next();

 private:
  friend class LmdbFile;
  explicit Cursor(const LmdbFile& file);

  const LmdbFile* file_;
  std::vector<Step> way_;     // empty: behind the last row
  std::uint64_t leaves_ = 0;  // that were left behind
};

}  // namespace landwaiter::advisories
