#include "lib/store/postgres.h"

#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <cstring>

#include "lib/base/text.h"
#include "lib/store/store.h"

namespace landwaiter::store {
namespace {

// pg_type.dat of PostgreSQL; these OIDs are fixed.
constexpr unsigned kBytea = 17;
constexpr unsigned kInt8 = 20;
constexpr unsigned kText = 25;
constexpr unsigned kByteaArray = 1001;

void AppendBigEndian(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xff));
  }
}

struct StateRow {
  std::string_view prefix;  // of the SQLSTATE: a class has two characters
  Code code;
  std::string_view reason;
  std::string_view advice;
};

// The first that fits. Appendix A of the manual.
constexpr StateRow kStates[] = {
    {"53100", Code::kResourceExhausted, kReasonStoreFull,
     ": the database server's disk is full: make room there"},
    {"53", Code::kUnavailable, kReasonStoreUnreachable, {}},  // the server's memory, or clients
    {"54", Code::kResourceExhausted, {}, {}},                 // a limit of the program
    {"40", Code::kConflict, {}, {}},                          // deadlock, serialization
    {"55P03", Code::kConflict, {}, {}},                       // lock_timeout
    {"25006", Code::kUnavailable, kReasonStoreUnreachable,
     ": this server only reads: name the primary, or add target_session_attrs=read-write"},
    {"57014", Code::kDeadlineExceeded, {}, {}},                // statement_timeout
    {"57P", Code::kUnavailable, kReasonStoreUnreachable, {}},  // the server stops, or starts
    {"08", Code::kUnavailable, kReasonStoreUnreachable, {}},
    {"28", Code::kPermissionDenied, {}, {}},
    {"42501", Code::kPermissionDenied, {}, ": the role needs CREATE on the schema it works in"},
    {"XX001", Code::kDataLoss, {}, {}},  // a damaged page: the server's own administrator mends it
    {"XX002", Code::kDataLoss, {}, {}},
};

/// libpq ends its messages with a line break and may add lines of detail.
std::string FirstLine(const char* message) {
  std::string_view text = message == nullptr ? std::string_view() : message;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text.substr(0, text.find('\n')));
}

void Ignore(void*, const PGresult*) {}  // notices ("relation exists, skipping") are no news

}  // namespace

PostgresValues& PostgresValues::Text(std::string_view text) {
  values_.push_back({kText, std::string(text)});
  return *this;
}

PostgresValues& PostgresValues::Bytes(std::string_view bytes) {
  values_.push_back({kBytea, std::string(bytes)});
  return *this;
}

PostgresValues& PostgresValues::Int(std::int64_t number) {
  std::string bytes;
  AppendBigEndian(bytes, static_cast<std::uint64_t>(number), 8);
  values_.push_back({kInt8, std::move(bytes)});
  return *this;
}

// array_send() in the server's sources: dimensions, whether there are nulls, the element's type;
// per dimension its size and lower bound; per element its size and bytes.
PostgresValues& PostgresValues::BytesArray(const std::vector<std::string_view>& items) {
  std::string bytes;
  AppendBigEndian(bytes, items.empty() ? 0 : 1, 4);
  AppendBigEndian(bytes, 0, 4);
  AppendBigEndian(bytes, kBytea, 4);
  if (!items.empty()) {
    AppendBigEndian(bytes, items.size(), 4);
    AppendBigEndian(bytes, 1, 4);
  }
  for (const std::string_view item : items) {
    AppendBigEndian(bytes, item.size(), 4);
    bytes.append(item);
  }
  values_.push_back({kByteaArray, std::move(bytes)});
  return *this;
}

PostgresRows::PostgresRows(pg_result* result) : result_(result, PQclear) {}

int PostgresRows::size() const { return PQntuples(result_.get()); }

std::int64_t PostgresRows::changed() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string_view PostgresRows::Bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

Result<std::int64_t> PostgresRows::Int(int row, int column) const {
  const std::string_view bytes = Bytes(row, column);
  if (bytes.size() != 8) {
    return DataLoss("store: a number of " + std::to_string(bytes.size()) + " bytes, 8 expected");
  }
  std::uint64_t number = 0;
  for (const char byte : bytes) number = (number << 8) | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(number);
}

PostgresConnection::PostgresConnection(pg_conn* handle) : handle_(handle, PQfinish) {}

Result<PostgresConnection> PostgresConnection::Connect(const std::string& dsn) {
  // libpq quotes the piece that it cannot read, which may be the password's.
  PQconninfoOption* parsed = PQconninfoParse(dsn.c_str(), nullptr);
  if (parsed == nullptr) {
    return InvalidArgument(
        "store: not a PostgreSQL connection string (expected postgresql://USER@HOST/DATABASE or "
        "host=… dbname=…)");
  }
  PQconninfoFree(parsed);
  // What stands before dbname is what holds where the connection string says nothing. A server that
  // vanished without a word is noticed within half a minute.
  constexpr std::array kNames = {
      "connect_timeout",           "keepalives_idle",  "keepalives_interval",
      "keepalives_count",          "tcp_user_timeout", "client_encoding",
      "fallback_application_name", "dbname",           static_cast<const char*>(nullptr)};
  const std::array values = {"10",         "10",        "5",
                             "3",          "30000",     "UTF8",
                             "landwaiter", dsn.c_str(), static_cast<const char*>(nullptr)};
  static_assert(kNames.size() == std::tuple_size_v<decltype(values)>);
  PostgresConnection connection(PQconnectdbParams(kNames.data(), values.data(), 1));
  if (connection.handle_ == nullptr) return ResourceExhausted("store: no memory for a connection");
  if (PQstatus(connection.handle_.get()) != CONNECTION_OK) {
    const std::string message = FirstLine(PQerrorMessage(connection.handle_.get()));
    // A refused login has no SQLSTATE here; PQconnectionNeedsPassword and -UsedPassword tell of
    // one.
    const bool login = PQconnectionNeedsPassword(connection.handle_.get()) != 0 ||
                       message.find("authentication failed") != std::string::npos;
    return Error{login ? Code::kPermissionDenied : Code::kUnavailable,
                 "store: cannot connect to PostgreSQL: " + message,
                 std::string(kReasonStoreUnreachable)};
  }
  PQsetNoticeReceiver(connection.handle_.get(), Ignore, nullptr);
  // A statement that waits for longer than this waits for nothing that will come.
  Status set = connection.Execute("SET statement_timeout = '60s'; SET lock_timeout = '30s'");
  if (!set) return std::move(set).error();
  return connection;
}

bool PostgresConnection::Alive() const { return PQstatus(handle_.get()) == CONNECTION_OK; }

Error PostgresConnection::LastError(const pg_result* result) const {
  const char* field = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field == nullptr ? std::string_view() : field;
  std::string message = "store: PostgreSQL: ";
  // The server's first line names the fault; its detail may repeat values.
  const char* primary =
      result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  message += primary != nullptr ? std::string(primary) : FirstLine(PQerrorMessage(handle_.get()));
  if (!state.empty()) message += " (SQLSTATE " + std::string(state) + ")";
  for (const StateRow& row : kStates) {
    if (!state.starts_with(row.prefix)) continue;
    return {row.code, message + std::string(row.advice), std::string(row.reason)};
  }
  if (!Alive())
    return {Code::kUnavailable, std::move(message), std::string(kReasonStoreUnreachable)};
  return Internal(std::move(message));
}

Result<PostgresRows> PostgresConnection::Run(const char* sql, const PostgresValues& values) {
  std::vector<unsigned> types;
  std::vector<const char*> bytes;
  std::vector<int> lengths;
  for (const auto& value : values.values_) {
    types.push_back(value.type);
    bytes.push_back(value.bytes.data());
    lengths.push_back(static_cast<int>(value.bytes.size()));
  }
  const std::vector<int> binary(types.size(), 1);
  PGresult* result = PQexecParams(handle_.get(), sql, static_cast<int>(types.size()), types.data(),
                                  bytes.data(), lengths.data(), binary.data(), 1);
  const ExecStatusType status = PQresultStatus(result);
  PostgresRows rows(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return rows;
  return LastError(result);
}

Status PostgresConnection::Execute(const std::string& sql) {
  PGresult* result = PQexec(handle_.get(), sql.c_str());
  const PostgresRows rows(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return Ok();
  return LastError(result);
}

}  // namespace landwaiter::store
