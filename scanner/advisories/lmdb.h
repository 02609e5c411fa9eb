// LMDB with owned handles and Results, for building databases. Environments are single files
// without a lock file: a database file has one writer while it is built, and is never written
// again. A finished file is read by lmdb_file.h, which believes none of its bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

struct MDB_env;
struct MDB_txn;

namespace landwaiter::advisories {

/// LMDB's own bound, compiled in.
inline constexpr std::size_t kMaxKeyBytes = 511;

using TableId = unsigned int;

class LmdbTransaction {
 public:
  LmdbTransaction() = default;
  ~LmdbTransaction();
  LmdbTransaction(LmdbTransaction&& other) noexcept;
  LmdbTransaction& operator=(LmdbTransaction&& other) noexcept;
  LmdbTransaction(const LmdbTransaction&) = delete;
  LmdbTransaction& operator=(const LmdbTransaction&) = delete;

  /// Makes it where it is not.
  Result<TableId> Table(const char* name);
  /// Points into the map: valid until the transaction ends. nullopt: no such key.
  Result<std::optional<std::string_view>> Get(TableId table, std::string_view key) const;
  Status Put(TableId table, std::string_view key, std::string_view value);
  /// Keys must come in order: fills pages whole.
  Status Append(TableId table, std::string_view key, std::string_view value);
  /// All rows whose key starts with `prefix`, in order; `on_row` returns false to stop.
  Status Scan(
      TableId table, std::string_view prefix,
      const std::function<bool(std::string_view key, std::string_view value)>& on_row) const;
  Status Commit();

 private:
  friend class LmdbEnvironment;
  void Abort();
  MDB_txn* txn_ = nullptr;
};

class LmdbEnvironment {
 public:
  /// Makes or opens for writing. `map_bytes` bounds the file.
  static Result<std::unique_ptr<LmdbEnvironment>> OpenForWriting(const std::string& path,
                                                                 std::size_t map_bytes);
  ~LmdbEnvironment();
  LmdbEnvironment(const LmdbEnvironment&) = delete;
  LmdbEnvironment& operator=(const LmdbEnvironment&) = delete;

  Result<LmdbTransaction> Begin() const;
  Status Sync();

 private:
  LmdbEnvironment() = default;
  MDB_env* env_ = nullptr;
};

/// Looks at the two meta pages without mapping anything: magic, format, page size, and that every
/// page in use lies within the file, because a page beyond its end ends the process when touched.
/// Errors: NotFound, DataLoss.
Status CheckLmdbFile(const std::string& path);

}  // namespace landwaiter::advisories
