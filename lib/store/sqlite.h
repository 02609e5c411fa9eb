// A thin, checked layer over SQLite's C API: connection, statement, transaction, and the mapping of
// its result codes to ours.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace landwaiter::store {

class Database {
 public:
  /// Errors: DataLoss (no database), PermissionDenied, ResourceExhausted (disk full), Conflict
  /// (locked by another process).
  static Result<Database> Open(const std::string& path);
  ~Database();
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Status Execute(const std::string& sql);
  /// Commits where `body` succeeds, else rolls back.
  Status Transaction(const std::function<Status()>& body);
  /// PRAGMA quick_check. Errors: DataLoss naming the first fault.
  Status CheckIntegrity();
  Result<std::int64_t> UserVersion();

  Error LastError(const std::string& what) const;
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }

 private:
  Database(sqlite3* handle, std::string path);

  sqlite3* handle_;
  std::string path_;
};

/// Binding is by position, in order; texts must live until the statement has run.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& Bind(std::string_view text);
  Statement& Bind(std::int64_t number);
  Statement& BindBlob(std::string_view bytes);
  /// True: a row is there.
  Result<bool> Step();
  /// For statements without rows.
  Status Run();
  void Reset();

  std::string Text(int column) const;
  std::string Blob(int column) const;
  std::int64_t Int(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
  int next_ = 1;
  bool failed_ = false;
};

}  // namespace landwaiter::store
