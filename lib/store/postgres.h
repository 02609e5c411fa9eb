// A thin, checked layer over libpq: connection, statement with bound values, rows, and the mapping
// of SQLSTATEs to our codes. Source: PostgreSQL's manual, "libpq - C Library" and appendix
// "PostgreSQL Error Codes"; values travel in the binary format, so that bytes need no quoting.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

struct pg_conn;
struct pg_result;

namespace landwaiter::store {

/// The values of one statement, in order ($1, $2, …).
class PostgresValues {
 public:
  PostgresValues& Text(std::string_view text);
  PostgresValues& Bytes(std::string_view bytes);
  PostgresValues& Int(std::int64_t number);
  /// bytea[]
  PostgresValues& BytesArray(const std::vector<std::string_view>& items);

 private:
  friend class PostgresConnection;
  struct Value {
    unsigned type = 0;  // pg_type's OID
    std::string bytes;
  };
  std::vector<Value> values_;
};

class PostgresRows {
 public:
  int size() const;
  /// Rows that an INSERT, UPDATE or DELETE changed.
  std::int64_t changed() const;
  std::string_view Bytes(int row, int column) const;
  /// Of an int8 column. Errors: DataLoss where it is not eight bytes.
  Result<std::int64_t> Int(int row, int column) const;

 private:
  friend class PostgresConnection;
  explicit PostgresRows(pg_result* result);
  std::shared_ptr<pg_result> result_;
};

class PostgresConnection {
 public:
  /// `dsn`: libpq's connection string or URI. It may hold a password: no error repeats it. Errors:
  /// InvalidArgument (not a connection string), Unavailable (reason StoreUnreachable),
  /// PermissionDenied (login refused).
  static Result<PostgresConnection> Connect(const std::string& dsn);

  /// One statement, or several without values. Errors: Unavailable (the connection ended), Conflict
  /// (deadlock or serialization: the transaction can be run again), ResourceExhausted (reason
  /// StoreFull: the disk; else memory or a limit), PermissionDenied, DataLoss (reason StoreCorrupt
  /// is never given: the server's files are its own), Internal.
  Result<PostgresRows> Run(const char* sql, const PostgresValues& values = {});
  /// Statements without values and rows.
  Status Execute(const std::string& sql);
  /// False once the server has closed it.
  bool Alive() const;

 private:
  explicit PostgresConnection(pg_conn* handle);
  Error LastError(const pg_result* result) const;
  std::shared_ptr<pg_conn> handle_;
};

}  // namespace landwaiter::store
