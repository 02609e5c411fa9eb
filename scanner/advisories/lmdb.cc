#include "scanner/advisories/lmdb.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "lib/base/file.h"

namespace landwaiter::advisories {
namespace {

constexpr unsigned int kMaxTables = 8;

Error FromLmdb(std::string_view what, int code) {
  const Code kind = code == MDB_MAP_FULL || code == ENOSPC ? Code::kResourceExhausted
                    : code == ENOENT                       ? Code::kNotFound
                    : code == EACCES                       ? Code::kPermissionDenied
                    : code == MDB_CORRUPTED || code == MDB_INVALID || code == MDB_PAGE_NOTFOUND
                        ? Code::kDataLoss
                        : Code::kInternal;
  return {kind, "advisory database: " + std::string(what) + ": " + mdb_strerror(code)};
}

MDB_val ToVal(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};  // NOLINT: LMDB's C interface
}
std::string_view FromVal(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

/// The on-disk meta page of LMDB 0.9 (lmdb's mdb.c, MDB_page and MDB_meta, 64-bit little endian):
/// offsets from the start of the page.
constexpr std::size_t kPageFlagsAt = 10;
constexpr std::size_t kMagicAt = 16;
constexpr std::size_t kFormatAt = 20;
constexpr std::size_t kPageSizeAt = 40;  // md_pad of the free list's record
constexpr std::size_t kLastPageAt = 136;
constexpr std::size_t kMetaBytes = 152;
constexpr std::uint16_t kMetaFlag = 0x08;
constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kDataFormat = 1;

template <class T>
T ReadAt(const char* page, std::size_t offset) {
  T value;
  std::memcpy(&value, page + offset, sizeof value);
  return value;
}

Status CheckMeta(const char* page, const std::string& path, std::uint64_t file_bytes,
                 std::uint32_t page_size) {
  if ((ReadAt<std::uint16_t>(page, kPageFlagsAt) & kMetaFlag) == 0 ||
      ReadAt<std::uint32_t>(page, kMagicAt) != kMagic) {
    return DataLoss(path + ": is no advisory database (wrong magic)");
  }
  if (const auto format = ReadAt<std::uint32_t>(page, kFormatAt); format != kDataFormat) {
    return DataLoss(path + ": has LMDB format " + std::to_string(format) + ", expected " +
                    std::to_string(kDataFormat));
  }
  if (ReadAt<std::uint32_t>(page, kPageSizeAt) != page_size) {
    return DataLoss(path + ": its two heads name different page sizes");
  }
  const auto last = ReadAt<std::uint64_t>(page, kLastPageAt);
  if (last >= file_bytes / page_size) {
    return DataLoss(path + ": is truncated: page " + std::to_string(last) + " of " +
                    std::to_string(page_size) + " bytes lies beyond its " +
                    std::to_string(file_bytes) + " bytes");
  }
  return Ok();
}

bool ReadExactly(int fd, char* to, std::size_t size, off_t at) {
  while (size > 0) {
    const ssize_t got = ::pread(fd, to, size, at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

Status CheckLmdbFile(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    const Code code = errno == ENOENT ? Code::kNotFound : Code::kPermissionDenied;
    return Error{code, "cannot open " + path + ": " + std::strerror(errno)};
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return DataLoss(path + ": is no regular file");
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  std::array<char, kMetaBytes> page{};
  if (!ReadExactly(file.get(), page.data(), page.size(), 0)) {
    return DataLoss(path + ": is truncated: has " + std::to_string(size) + " bytes");
  }
  const auto page_size = ReadAt<std::uint32_t>(page.data(), kPageSizeAt);
  const bool power_of_two = page_size != 0 && (page_size & (page_size - 1)) == 0;
  const bool magic = ReadAt<std::uint32_t>(page.data(), kMagicAt) == kMagic;
  if (magic && (!power_of_two || page_size < 256 || page_size > 65536)) {
    return DataLoss(path + ": has a page size of " + std::to_string(page_size) + " bytes");
  }
  if (Status status = CheckMeta(page.data(), path, size, magic ? page_size : 4096); !status) {
    return status;
  }
  if (!ReadExactly(file.get(), page.data(), page.size(), static_cast<off_t>(page_size))) {
    return DataLoss(path + ": is truncated: has " + std::to_string(size) + " bytes");
  }
  return CheckMeta(page.data(), path, size, page_size);
}

LmdbTransaction::~LmdbTransaction() { Abort(); }
LmdbTransaction::LmdbTransaction(LmdbTransaction&& other) noexcept
    : txn_(std::exchange(other.txn_, nullptr)) {}
LmdbTransaction& LmdbTransaction::operator=(LmdbTransaction&& other) noexcept {
  if (this != &other) {
    Abort();
    txn_ = std::exchange(other.txn_, nullptr);
  }
  return *this;
}

void LmdbTransaction::Abort() {
  if (txn_ != nullptr) mdb_txn_abort(txn_);
  txn_ = nullptr;
}

Result<TableId> LmdbTransaction::Table(const char* name) {
  TableId id = 0;
  const int code = mdb_dbi_open(txn_, name, MDB_CREATE, &id);
  if (code != 0) return FromLmdb("cannot open a table", code);
  return id;
}

Result<std::optional<std::string_view>> LmdbTransaction::Get(TableId table,
                                                             std::string_view key) const {
  // LMDB refuses such keys, so nothing can be stored under them.
  if (key.empty() || key.size() > kMaxKeyBytes) return std::optional<std::string_view>();
  MDB_val name = ToVal(key);
  MDB_val value{};
  const int code = mdb_get(txn_, table, &name, &value);
  if (code == MDB_NOTFOUND) return std::optional<std::string_view>();
  if (code != 0) return FromLmdb("cannot read", code);
  return std::optional(FromVal(value));
}

Status LmdbTransaction::Put(TableId table, std::string_view key, std::string_view value) {
  MDB_val name = ToVal(key);
  MDB_val data = ToVal(value);
  const int code = mdb_put(txn_, table, &name, &data, 0);
  return code == 0 ? Ok() : Status(FromLmdb("cannot write", code));
}

Status LmdbTransaction::Append(TableId table, std::string_view key, std::string_view value) {
  MDB_val name = ToVal(key);
  MDB_val data = ToVal(value);
  const int code = mdb_put(txn_, table, &name, &data, MDB_APPEND);
  return code == 0 ? Ok() : Status(FromLmdb("cannot write", code));
}

Status LmdbTransaction::Scan(
    TableId table, std::string_view prefix,
    const std::function<bool(std::string_view, std::string_view)>& on_row) const {
  if (prefix.size() > kMaxKeyBytes) return Ok();
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(txn_, table, &cursor);
  if (code != 0) return FromLmdb("cannot read", code);
  MDB_val key = ToVal(prefix);
  MDB_val value{};
  code = mdb_cursor_get(cursor, &key, &value, prefix.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (code == 0 && FromVal(key).starts_with(prefix) && on_row(FromVal(key), FromVal(value))) {
    code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
  }
  mdb_cursor_close(cursor);
  if (code != 0 && code != MDB_NOTFOUND) return FromLmdb("cannot read", code);
  return Ok();
}

Status LmdbTransaction::Commit() {
  const int code = mdb_txn_commit(std::exchange(txn_, nullptr));
  return code == 0 ? Ok() : Status(FromLmdb("cannot write", code));
}

Result<std::unique_ptr<LmdbEnvironment>> LmdbEnvironment::OpenForWriting(const std::string& path,
                                                                         std::size_t map_bytes) {
  std::unique_ptr<LmdbEnvironment> environment(new LmdbEnvironment);
  int code = mdb_env_create(&environment->env_);
  if (code == 0) code = mdb_env_set_maxdbs(environment->env_, kMaxTables);
  if (code == 0) code = mdb_env_set_mapsize(environment->env_, map_bytes);
  // Without syncing each commit: the file counts only after Sync, when it is renamed into place.
  if (code == 0) {
    code =
        mdb_env_open(environment->env_, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0644);
  }
  if (code != 0) return FromLmdb("cannot make " + path, code);
  return environment;
}

LmdbEnvironment::~LmdbEnvironment() {
  if (env_ != nullptr) mdb_env_close(env_);
}

Result<LmdbTransaction> LmdbEnvironment::Begin() const {
  LmdbTransaction transaction;
  const int code = mdb_txn_begin(env_, nullptr, 0, &transaction.txn_);
  if (code != 0) return FromLmdb("cannot begin", code);
  return transaction;
}

Status LmdbEnvironment::Sync() {
  const int code = mdb_env_sync(env_, 1);
  return code == 0 ? Ok() : Status(FromLmdb("cannot write to the disk", code));
}

}  // namespace landwaiter::advisories
