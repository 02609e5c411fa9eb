#include "scanner/packages/sqlite_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "scanner/packages/file_bytes.h"

namespace landwaiter::packages {
namespace {

constexpr unsigned char kInteriorTable = 0x05;
constexpr unsigned char kLeafTable = 0x0d;
constexpr std::size_t kInteriorHeaderBytes = 12;
constexpr std::size_t kLeafHeaderBytes = 8;
constexpr int kMaxVarintBytes = 9;

// Reads forward in a piece of a page; once it has run out, everything is 0.
class Cursor {
 public:
  Cursor(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(std::min(at, bytes.size())) {}

  // Seven bits a byte, the highest first; the ninth byte has all its eight.
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (int i = 1; i <= kMaxVarintBytes; ++i) {
      if (at_ == bytes_.size()) {
        good_ = false;
        return 0;
      }
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      if (i == kMaxVarintBytes) return value << 8 | byte;
      value = value << 7 | (byte & 0x7f);
      if ((byte & 0x80) == 0) return value;
    }
    return value;
  }
  std::uint32_t U32() {
    if (bytes_.size() - at_ < 4) {
      good_ = false;
      return 0;
    }
    at_ += 4;
    return ReadU32(bytes_.data() + at_ - 4, ByteOrder::kBig);
  }
  std::string_view Bytes(std::uint64_t count) {
    if (count > bytes_.size() - at_) {
      good_ = false;
      return {};
    }
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  std::size_t at() const { return at_; }
  bool good() const { return good_; }

 private:
  std::string_view bytes_;
  std::size_t at_;
  bool good_ = true;
};

// How much of a payload stands on a leaf page itself (1.6, "Cell Payload Overflow").
std::uint64_t LocalBytes(std::uint64_t payload, std::uint32_t usable) {
  const std::uint64_t most = usable - 35;
  if (payload <= most) return payload;
  const std::uint64_t least = (usable - 12) * 32 / 255 - 23;
  const std::uint64_t fitting = least + (payload - least) % (usable - 4);
  return fitting <= most ? fitting : least;
}

bool ReadLeafCell(std::string_view page, std::size_t at, std::uint32_t usable, SqliteCell& cell) {
  Cursor cursor(page, at);
  cell.payload_bytes = cursor.Varint();
  cell.rowid = static_cast<std::int64_t>(cursor.Varint());
  const std::uint64_t local = LocalBytes(cell.payload_bytes, usable);
  cell.local = cursor.Bytes(local);
  if (local < cell.payload_bytes) {
    cell.overflow = cursor.U32();
    if (cell.overflow == 0) return false;
  }
  return cursor.good();
}

std::uint64_t BytesOf(std::uint64_t type) {
  constexpr std::array<std::uint64_t, 12> kFixed = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
  return type < kFixed.size() ? kFixed[type] : (type - 12) / 2;
}

}  // namespace

std::optional<SqliteTablePage> ParseTablePage(std::string_view page, bool first,
                                              std::uint32_t usable) {
  page = page.substr(0, usable);
  const std::size_t begin = first ? kSqliteHeaderBytes : 0;
  if (page.size() < begin + kInteriorHeaderBytes) return std::nullopt;
  const auto kind = static_cast<unsigned char>(page[begin]);
  if (kind != kInteriorTable && kind != kLeafTable) return std::nullopt;
  SqliteTablePage table{.leaf = kind == kLeafTable};
  const std::size_t cells = ReadU16(page.data() + begin + 3, ByteOrder::kBig);
  const std::size_t pointers = begin + (table.leaf ? kLeafHeaderBytes : kInteriorHeaderBytes);
  if (pointers + 2 * cells > page.size()) return std::nullopt;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t at = ReadU16(page.data() + pointers + 2 * i, ByteOrder::kBig);
    if (at < pointers + 2 * cells) return std::nullopt;
    if (table.leaf) {
      if (!ReadLeafCell(page, at, usable, table.cells.emplace_back())) return std::nullopt;
    } else {
      Cursor cursor(page, at);
      table.children.push_back(cursor.U32());
      if (!cursor.good()) return std::nullopt;
    }
  }
  if (!table.leaf) table.children.push_back(ReadU32(page.data() + begin + 8, ByteOrder::kBig));
  return table;
}

std::optional<std::vector<SqliteColumn>> ParseColumns(const SqliteCell& cell,
                                                      std::size_t max_columns) {
  Cursor cursor(cell.local, 0);
  const std::uint64_t header = cursor.Varint();
  if (!cursor.good() || header > cell.local.size()) return std::nullopt;
  std::vector<SqliteColumn> columns;
  std::uint64_t offset = header;
  while (cursor.at() < header) {
    const std::uint64_t type = cursor.Varint();
    const std::uint64_t bytes = BytesOf(type);
    if (!cursor.good() || columns.size() == max_columns || bytes > cell.payload_bytes - offset) {
      return std::nullopt;
    }
    columns.push_back({type, offset, bytes});
    offset += bytes;
  }
  if (cursor.at() != header || offset != cell.payload_bytes) return std::nullopt;
  return columns;
}

std::string_view TextOf(const SqliteCell& cell, const SqliteColumn& column) {
  if (column.offset > cell.local.size()) return {};
  return cell.local.substr(column.offset, column.bytes);
}

std::optional<std::int64_t> IntegerOf(const SqliteCell& cell, const SqliteColumn& column) {
  if (column.type == 8 || column.type == 9) return static_cast<std::int64_t>(column.type - 8);
  const std::string_view bytes = TextOf(cell, column);
  if (bytes.size() != column.bytes || bytes.empty()) return std::nullopt;
  // The sign is that of the first byte.
  std::uint64_t value = static_cast<signed char>(bytes[0]) < 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

}  // namespace landwaiter::packages
