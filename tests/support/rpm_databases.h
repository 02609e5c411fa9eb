// rpm databases made by code, one builder a back end: small writers of Berkeley DB's hash and of
// NDB, and SQLite's own library, which leaves a write-ahead log behind when it is told to.
#pragma once

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/rpm_header_maker.h"

namespace landwaiter::testing {

/// A hash of Berkeley DB: a meta page, one hash page a package, overflow pages behind.
class BdbMaker {
 public:
  explicit BdbMaker(bool big_endian = false, std::uint32_t page_bytes = 4096)
      : big_endian_(big_endian), page_bytes_(page_bytes) {
    pages_.push_back("");  // the meta page comes last
    // rpm's record 0: the highest number.
    AddPair(Number(0, 4), '\x01' + Number(7, 4));
  }

  /// On overflow pages, as every real header is.
  BdbMaker& Add(std::string_view blob) {
    const std::size_t room = page_bytes_ - 26;
    const std::uint32_t first = Next() + 1;  // the hash page goes before
    AddPair(Number(++number_, 4),
            '\x03' + std::string(3, '\0') + Number(first, 4) + Number(blob.size(), 4));
    for (std::size_t at = 0; at < blob.size(); at += room) {
      const std::string_view part = blob.substr(at, room);
      const bool last = at + room >= blob.size();
      pages_.push_back(Page(7, last ? 0 : Next() + 1, 1, part.size()) + std::string(part));
    }
    return *this;
  }
  /// On the hash page itself.
  BdbMaker& AddInline(std::string_view blob) {
    AddPair(Number(++number_, 4), '\x01' + std::string(blob));
    return *this;
  }
  /// A hash page with one pair of raw items, which begin with their kind.
  BdbMaker& AddPair(const std::string& key, const std::string& value) {
    return AddItems({'\x01' + key, value});
  }
  BdbMaker& AddItems(const std::vector<std::string>& items) {
    std::string page = Page(13, 0, items.size(), 0);
    std::size_t end = page_bytes_;
    std::string body;
    for (const auto& item : items) {
      end -= item.size();
      page += Number(end, 2);
      body.insert(0, item);
    }
    page.resize(page_bytes_ - body.size(), '\0');
    pages_.push_back(page + body);
    return *this;
  }
  BdbMaker& AddEmptyPage() { return pages_.push_back(Page(0, 0, 0, 0)), *this; }

  std::string Build() const {
    std::string meta = std::string(12, '\0') + Number(0x061561, 4) + Number(9, 4) +
                       Number(page_bytes_, 4) + '\0' + '\x08' + std::string(6, '\0') +
                       Number(pages_.size() - 1, 4);
    std::string out = Padded(meta);
    for (std::size_t i = 1; i < pages_.size(); ++i) out += Padded(pages_[i]);
    return out;
  }
  std::string Number(std::uint64_t value, std::size_t size) const {
    return BytesOf(value, size, big_endian_);
  }

 private:
  std::uint32_t Next() const { return static_cast<std::uint32_t>(pages_.size()); }
  std::string Padded(std::string page) const {
    page.resize(page_bytes_, '\0');
    return page;
  }
  std::string Page(char kind, std::uint32_t next, std::size_t entries, std::size_t used) const {
    return std::string(8, '\0') + Number(Next(), 4) + Number(0, 4) + Number(next, 4) +
           Number(entries, 2) + Number(used, 2) + '\0' + kind;
  }

  bool big_endian_;
  std::uint32_t page_bytes_;
  std::uint32_t number_ = 0;
  std::vector<std::string> pages_;
};

/// NDB: pages of slots, blobs behind.
class NdbMaker {
 public:
  explicit NdbMaker(std::uint32_t slot_pages = 1) : slot_pages_(slot_pages) {}

  NdbMaker& Add(std::string_view blob) {
    ++number_;
    AddSlot(number_, 256 * slot_pages_ + static_cast<std::uint32_t>(blobs_.size() / 16),
            static_cast<std::uint32_t>(Framed(number_, blob).size() / 16));
    return AddBlob(number_, blob);
  }
  NdbMaker& AddSlot(std::uint32_t package, std::uint32_t block, std::uint32_t blocks) {
    slots_ += "Slot" + Little32(package) + Little32(block) + Little32(blocks);
    return *this;
  }
  NdbMaker& AddBlob(std::uint32_t package, std::string_view blob) {
    blobs_ += Framed(package, blob);
    return *this;
  }
  std::string Build() const {
    std::string out =
        "RpmP" + Little32(0) + Little32(1) + Little32(slot_pages_) + Little32(number_ + 1);
    out.resize(32, '\0');
    out += slots_;
    while (out.size() < 4096 * slot_pages_) out += "Slot" + std::string(12, '\0');
    return out + blobs_;
  }

 private:
  static std::string Framed(std::uint32_t package, std::string_view blob) {
    std::string out = "BlbS" + Little32(package) + Little32(1) + Little32(blob.size());
    out += blob;
    out.resize((out.size() + 12 + 15) / 16 * 16 - 12, '\0');
    return out + Little32(0) + Little32(blob.size()) + "BlbE";
  }

  std::uint32_t slot_pages_;
  std::uint32_t number_ = 0;
  std::string slots_;
  std::string blobs_;
};

/// SQLite's library on a file of its own, with rpm's table. Files are copied while the connection
/// is open: a log is then there, as after a writer that was killed.
class SqliteMaker {
 public:
  struct Files {
    std::string database;
    std::string wal;  // "" where there is none
  };

  explicit SqliteMaker(std::uint32_t page_bytes = 4096) : SqliteMaker(Files{}, page_bytes) {}
  /// Goes on from files that stood beside each other.
  explicit SqliteMaker(const Files& files, std::uint32_t page_bytes = 4096) : path_(NewPath()) {
    if (!files.database.empty()) Write(path_, files.database);
    if (!files.wal.empty()) Write(path_ + "-wal", files.wal);
    if (sqlite3_open(path_.c_str(), &handle_) != SQLITE_OK) std::abort();
    Run("PRAGMA synchronous=OFF");
    if (!files.database.empty()) return;
    Run("PRAGMA page_size=" + std::to_string(page_bytes));
    Run("PRAGMA journal_mode=WAL");
    Run("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)");
    Run("CREATE TABLE 'Name' (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)");
    Run("CREATE INDEX 'Name_idx' ON 'Name'(key ASC)");
    Checkpoint();
  }
  ~SqliteMaker() {
    sqlite3_close(handle_);
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
  }
  SqliteMaker(const SqliteMaker&) = delete;
  SqliteMaker& operator=(const SqliteMaker&) = delete;

  /// False where SQLite refuses.
  bool Run(const std::string& sql) {
    return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  SqliteMaker& Put(int number, std::string_view blob) {
    Bind("REPLACE INTO Packages(blob, hnum) VALUES(?, ?)", number, blob);
    Run("INSERT INTO Name VALUES('n', " + std::to_string(number) + ", 0)");
    return *this;
  }
  /// SQLite writes only the pages of the row that change.
  SqliteMaker& Update(int number, std::string_view blob) {
    return Bind("UPDATE Packages SET blob = ? WHERE hnum = ?", number, blob);
  }
  SqliteMaker& Delete(int number) {
    Run("DELETE FROM Packages WHERE hnum=" + std::to_string(number));
    return *this;
  }
  /// Moves everything from the log to the database; the log begins anew.
  SqliteMaker& Checkpoint() {
    Run("PRAGMA wal_checkpoint(TRUNCATE)");
    return *this;
  }
  Files Copy() const { return {ReadFile(path_), ReadFile(path_ + "-wal")}; }
  /// All blobs, as SQLite sees them; false where it cannot.
  bool Blobs(std::vector<std::string>& blobs) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, "SELECT blob FROM Packages", -1, &statement, nullptr) !=
        SQLITE_OK) {
      return false;
    }
    int step = SQLITE_ROW;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
      blobs.emplace_back(static_cast<const char*>(sqlite3_column_blob(statement, 0)),
                         static_cast<std::size_t>(sqlite3_column_bytes(statement, 0)));
    }
    sqlite3_finalize(statement);
    return step == SQLITE_DONE;
  }

 private:
  SqliteMaker& Bind(const char* sql, int number, std::string_view blob) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr);
    sqlite3_bind_blob(statement, 1, blob.data(), static_cast<int>(blob.size()), SQLITE_TRANSIENT);
    sqlite3_bind_int(statement, 2, number);
    if (sqlite3_step(statement) != SQLITE_DONE) std::abort();
    sqlite3_finalize(statement);
    return *this;
  }
  static std::string NewPath() {
    std::string path =
        (std::filesystem::temp_directory_path() / "landwaiter-rpmdb-XXXXXX").string();
    const int fd = mkstemp(path.data());
    if (fd < 0) std::abort();
    close(fd);
    return path;
  }
  static std::string ReadFile(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  std::string path_;
  sqlite3* handle_ = nullptr;
};

}  // namespace landwaiter::testing
