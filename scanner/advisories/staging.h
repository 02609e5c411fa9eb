// The builder's scratch file: rows come in any order and are read back sorted, so that memory does
// not grow with the feeds. Thrown away after the build.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/advisories/lmdb.h"

namespace landwaiter::advisories {

/// A writer that commits now and then, so that dirty pages stay few.
class BatchWriter {
 public:
  /// Commits after this many rows or bytes: LMDB keeps every page it touched until then.
  static constexpr std::size_t kRowsPerCommit = 20'000;
  static constexpr std::size_t kBytesPerCommit = 32u << 20;

  static Result<std::unique_ptr<BatchWriter>> Open(const std::string& path);

  Status Put(const char* table, std::string_view key, std::string_view value);
  Status Append(const char* table, std::string_view key, std::string_view value);
  Result<std::optional<std::string>> Get(const char* table, std::string_view key);
  /// Rows of a table in order; commits first. The callback may not write to this writer.
  Status Scan(const char* table,
              const std::function<Status(std::string_view key, std::string_view value)>& on_row);
  /// Makes the table even if nothing is put in.
  Status MakeTable(const char* table);
  /// Commits and syncs to the disk.
  Status Finish();

 private:
  BatchWriter() = default;
  Result<TableId> Ready(const char* table);
  Status Written(std::size_t bytes);
  Status Commit();

  std::unique_ptr<LmdbEnvironment> environment_;
  std::optional<LmdbTransaction> transaction_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace landwaiter::advisories
