#include "scanner/packages/rpm_sqlite.h"

#include <algorithm>
#include <utility>

#include "scanner/packages/file_bytes.h"
#include "scanner/packages/rpm_header.h"
#include "scanner/packages/sqlite_format.h"
#include "scanner/packages/sqlite_pages.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kTable = "Packages";
constexpr std::size_t kPackagesColumns = 2;  // hnum, blob
constexpr std::size_t kSchemaColumns = 5;    // type, name, tbl_name, rootpage, sql
constexpr std::size_t kOverflowHeaderBytes = 4;
// A page belongs to one row. A log may also have leaves that are in no tree any more, with rows
// that have moved to another leaf; no row moves often within a log of some 1000 pages.
constexpr std::uint64_t kMaxPageUses = 4;

// FNV-1a: tells a row's beginning from another's, nothing more.
std::uint64_t HashOf(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

bool IsPackageRow(const std::vector<SqliteColumn>& columns) {
  // The primary key stands in the cell itself, its column is NULL.
  return columns.size() == kPackagesColumns && columns[0].bytes == 0 && columns[1].IsBlob();
}

bool IsSchemaRow(const std::vector<SqliteColumn>& columns) {
  return columns.size() == kSchemaColumns && columns[0].IsText() && columns[1].IsText() &&
         columns[2].IsText();
}

// The root of table Packages, where this row of the schema is that table's.
std::uint32_t RootOf(const SqliteCell& cell, const std::vector<SqliteColumn>& columns) {
  if (TextOf(cell, columns[0]) != "table" || TextOf(cell, columns[1]) != kTable) return 0;
  const auto root = columns[3].IsInteger() ? IntegerOf(cell, columns[3]) : std::nullopt;
  return root && *root > 0 && *root <= 0xffffffff ? static_cast<std::uint32_t>(*root) : 0;
}

// Reads pages of one file and keeps what they are; the packages on them go to `out`.
class PageKeeper {
 public:
  PageKeeper(const SqlitePages& pages, RpmRecords& out) : pages_(pages), out_(out) {
    kept_.page_bytes = pages.page_bytes();
    kept_.reserved = pages.reserved();
    kept_.page_count = pages.page_count();
  }

  /// Null for a page that is no part of a table's tree.
  Result<const KeptPage*> Keep(std::uint32_t number);
  KeptPages Take() { return std::move(kept_); }

 private:
  bool Classify(const SqliteTablePage& table, KeptPage& page);
  void KeepRow(const SqliteCell& cell, std::uint64_t blob_at, KeptCell& kept);
  enum class Chain { kWhole, kElsewhere, kBroken };
  Chain ReadChain(const SqliteCell& cell, KeptCell& kept, std::string& fault);

  const SqlitePages& pages_;
  RpmRecords& out_;
  KeptPages kept_;
  std::uint64_t overflow_bytes_ = 0;  // of all rows
  std::size_t children_ = 0;
  std::size_t cells_ = 0;
  std::string page_;
  std::string overflow_;
  std::string payload_;
};

Result<const KeptPage*> PageKeeper::Keep(std::uint32_t number) {
  if (const auto known = kept_.pages.find(number); known != kept_.pages.end()) {
    return &known->second;
  }
  if (auto read = pages_.Read(number, page_); !read) return std::move(read).error();
  auto table = ParseTablePage(page_, number == 1, pages_.usable());
  if (!table) return nullptr;
  children_ += table->children.size();
  cells_ += table->cells.size();
  if (kept_.pages.size() >= kMaxKeptPages || children_ > kMaxKeptPages) {
    return ResourceExhausted("its tables have more than " + std::to_string(kMaxKeptPages) +
                             " pages");
  }
  KeptPage page;
  page.children = std::move(table->children);
  if (!table->leaf) {
    page.kind = KeptPage::Kind::kInterior;
  } else if (!Classify(*table, page)) {
    cells_ -= table->cells.size();
    return nullptr;
  }
  if (cells_ > kMaxPackagesPerFile) {
    return ResourceExhausted("has more than " + std::to_string(kMaxPackagesPerFile) + " packages");
  }
  return &kept_.pages.emplace(number, std::move(page)).first->second;
}

// A leaf of the schema or one that could be of table Packages; false for any other.
bool PageKeeper::Classify(const SqliteTablePage& table, KeptPage& page) {
  std::vector<std::uint64_t> blobs;
  for (const SqliteCell& cell : table.cells) {
    const auto columns = ParseColumns(cell, kSchemaColumns);
    if (!columns) return false;
    if (IsSchemaRow(*columns)) {
      if (const std::uint32_t root = RootOf(cell, *columns); root != 0) page.packages_root = root;
    } else if (IsPackageRow(*columns)) {
      blobs.push_back((*columns)[1].offset);
    } else {
      return false;
    }
  }
  if (blobs.empty() && !table.cells.empty()) page.kind = KeptPage::Kind::kSchema;
  if (page.kind == KeptPage::Kind::kSchema) return true;
  if (blobs.size() != table.cells.size()) return false;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    KeepRow(table.cells[i], blobs[i], page.cells.emplace_back());
  }
  return true;
}

void PageKeeper::KeepRow(const SqliteCell& cell, std::uint64_t blob_at, KeptCell& kept) {
  kept.payload_bytes = cell.payload_bytes;
  kept.local_hash = HashOf(cell.local);
  kept.overflow = cell.overflow;
  std::string fault;
  const Chain chain = ReadChain(cell, kept, fault);
  if (chain == Chain::kElsewhere) return;
  const auto number = static_cast<std::uint64_t>(cell.rowid);
  kept.row = static_cast<std::uint32_t>(kept_.rows.size());
  kept_.rows.push_back(chain == Chain::kWhole
                           ? out_.Add(number, std::string_view(payload_).substr(blob_at))
                           : out_.AddBroken(number, fault));
}

PageKeeper::Chain PageKeeper::ReadChain(const SqliteCell& cell, KeptCell& kept,
                                        std::string& fault) {
  if (cell.payload_bytes > kMaxRpmHeaderBytes) {
    fault = "it has " + std::to_string(cell.payload_bytes) + " bytes, the limit is " +
            std::to_string(kMaxRpmHeaderBytes);
    return Chain::kBroken;
  }
  payload_.assign(cell.local);
  std::uint32_t next = cell.overflow;
  while (payload_.size() < cell.payload_bytes) {
    if (!pages_.Has(next)) return Chain::kElsewhere;
    overflow_bytes_ += pages_.page_bytes();
    if (overflow_bytes_ > kMaxPageUses * pages_.file_bytes()) {
      fault = "it and others stand on the same pages";
      return Chain::kBroken;
    }
    if (auto read = pages_.Read(next, overflow_); !read) {
      fault = read.error().message;
      return Chain::kBroken;
    }
    kept.chain.push_back(next);
    const std::size_t part = std::min<std::size_t>(cell.payload_bytes - payload_.size(),
                                                   pages_.usable() - kOverflowHeaderBytes);
    payload_.append(overflow_, kOverflowHeaderBytes, part);
    next = ReadU32(overflow_.data(), ByteOrder::kBig);
  }
  return Chain::kWhole;
}

// Without packages, for those of a log are nothing without its database.
FileReading Unreadable(std::string_view path, std::string_view why) {
  RpmRecords out(path);
  out.Fail(why);
  return out.Take();
}

}  // namespace

FileReading ReadRpmSqlite(std::string_view path, RandomAccessFile& file, bool files) {
  RpmRecords out(path, files);
  auto pages = SqlitePages::OpenDatabase(file);
  if (!pages) {
    out.Fail(pages.error().message);
    return out.Take();
  }
  if (pages->claimed_pages() > pages->page_count()) {
    out.Fail("breaks off: it has " + std::to_string(pages->page_count()) + " pages of " +
             std::to_string(pages->claimed_pages()));
  }
  PageKeeper keeper(*pages, out);
  WalkPackages({.page_count = pages->page_count(),
                .page = [&](std::uint32_t number) { return keeper.Keep(number); },
                .leaf =
                    [&](std::uint32_t /*number*/, const KeptPage& page) {
                      for (const KeptCell& cell : page.cells) {
                        if (cell.row == KeptCell::kElsewhere) {
                          out.Fail("a package of it goes on outside of the file");
                        }
                      }
                    },
                .fail = [&](std::string_view what) { out.Fail(what); }});
  FileReading reading = out.Take();
  reading.residue = EncodeKept(keeper.Take());
  return reading;
}

FileReading ReadRpmSqliteWal(std::string_view path, RandomAccessFile& file, bool files) {
  RpmRecords out(path, files);
  auto pages = SqlitePages::OpenWal(file);
  if (!pages) return Unreadable(path, pages.error().message);
  if (!*pages) return out.Take();
  PageKeeper keeper(**pages, out);
  for (const std::uint32_t number : (*pages)->Numbers()) {
    if (auto kept = keeper.Keep(number); !kept) return Unreadable(path, kept.error().message);
  }
  KeptPages kept = keeper.Take();
  kept.numbers = (*pages)->Numbers();
  FileReading reading = out.Take();
  reading.residue = EncodeKept(kept);
  return reading;
}

}  // namespace landwaiter::packages
