#include "lib/store/sqlite.h"

#include <sqlite3.h>

#include <utility>

#include "lib/store/store.h"

namespace landwaiter::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;

Code CodeOf(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return Code::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::kConflict;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Code::kPermissionDenied;
    case SQLITE_CANTOPEN:
      return Code::kNotFound;
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
      return Code::kResourceExhausted;
    default:
      return Code::kInternal;
  }
}

std::string_view ReasonOf(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return kReasonStoreFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return kReasonStoreCorrupt;
    case SQLITE_IOERR:
      // A file that may not grow (a quota, a size limit) is told as a failed write.
      return result == SQLITE_IOERR_WRITE ? kReasonStoreFull : std::string_view();
    default:
      return {};
  }
}

std::string_view Advice(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return ": the disk is full: make room or give the store a larger volume";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ": another process has it open";
    default:
      return "";
  }
}

}  // namespace

Database::Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(handle_); }

Error Database::LastError(const std::string& what) const {
  const int result = sqlite3_extended_errcode(handle_);
  return Error{CodeOf(result),
               "store: " + path_ + ": " + what + ": " + sqlite3_errmsg(handle_) +
                   std::string(Advice(result)),
               std::string(ReasonOf(result))};
}

Result<Database> Database::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(handle, path);
  if (result != SQLITE_OK) return database.LastError("cannot be opened");
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // FULL: what a caller was told is written has reached the disk, also after a power cut.
  for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                             "PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF"}) {
    if (Status status = database.Execute(pragma); !status) return std::move(status).error();
  }
  return database;
}

Status Database::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return LastError("statement failed");
  }
  return Ok();
}

Status Database::Transaction(const std::function<Status()>& body) {
  if (Status begin = Execute("BEGIN IMMEDIATE"); !begin) return begin;
  Status status = body();
  if (status) status = Execute("COMMIT");
  if (!status && sqlite3_get_autocommit(handle_) == 0) {
    Execute("ROLLBACK").IgnoreError("the first error is the one to tell");
  }
  return status;
}

Status Database::CheckIntegrity() {
  Statement check(*this, "PRAGMA quick_check(1)");
  auto row = check.Step();
  if (!row) return std::move(row).error();
  const std::string answer = *row ? check.Text(0) : "no answer";
  if (answer != "ok") return DataLoss("store: " + path_ + ": integrity check: " + answer);
  return Ok();
}

Result<std::int64_t> Database::UserVersion() {
  Statement select(*this, "PRAGMA user_version");
  auto row = select.Step();
  if (!row) return std::move(row).error();
  return *row ? select.Int(0) : 0;
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  failed_ = sqlite3_prepare_v2(database.handle(), sql, -1, &handle_, nullptr) != SQLITE_OK;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::Bind(std::string_view text) {
  const int at = next_++;
  failed_ = failed_ || sqlite3_bind_text64(handle_, at, text.data(), text.size(), SQLITE_STATIC,
                                           SQLITE_UTF8) != SQLITE_OK;
  return *this;
}

Statement& Statement::Bind(std::int64_t number) {
  const int at = next_++;
  failed_ = failed_ || sqlite3_bind_int64(handle_, at, number) != SQLITE_OK;
  return *this;
}

Statement& Statement::BindBlob(std::string_view bytes) {
  const int at = next_++;
  failed_ = failed_ || sqlite3_bind_blob64(handle_, at, bytes.data(), bytes.size(),
                                           SQLITE_STATIC) != SQLITE_OK;
  return *this;
}

Result<bool> Statement::Step() {
  if (failed_) return database_.LastError("statement cannot be prepared");
  switch (sqlite3_step(handle_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return database_.LastError("statement failed");
  }
}

Status Statement::Run() {
  auto row = Step();
  if (!row) return std::move(row).error();
  return Ok();
}

void Statement::Reset() {
  // The code of the run before comes back here; Step has told it already.
  sqlite3_reset(handle_);
  next_ = 1;
}

std::string Statement::Text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::int64_t Statement::Int(int column) const { return sqlite3_column_int64(handle_, column); }

}  // namespace landwaiter::store
