// An rpmdb.sqlite and its write-ahead log, put together: the log's pages stand in place of the
// database's (sqlite.org, "Database File Format": 4.4 Reader Algorithm).
//
// A row of a page in the log whose payload goes on in the database is the row that the database had
// there, if neither has changed since. A row whose payload is partly in the one and partly in the
// other is not put together, for payloads are not kept: that is a failed reading.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "scanner/packages/rpm_sqlite.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kDatabaseName = "rpmdb.sqlite";
constexpr std::string_view kWalSuffix = "-wal";
constexpr std::string_view kJournalSuffix = "-journal";

using PackageKey = std::tuple<std::string_view, std::string_view, std::string_view>;
PackageKey KeyOf(const Package& package) {
  return {package.name, package.version, package.architecture};
}

// One of the two files: what was kept of it, and its reading.
struct Side {
  const KeptPages& kept;
  const FileReading& reading;
};

class Combination {
 public:
  Combination(const Side& database, const Side& wal)
      : database_(database),
        wal_(wal),
        out_(kRpmSource, database.reading.path, ReadingKind::kDatabase) {}

  FileReading Run();

 private:
  bool InWal(std::uint32_t page) const {
    return std::binary_search(wal_.kept.numbers.begin(), wal_.kept.numbers.end(), page);
  }
  const KeptPage* PageAt(std::uint32_t number) const;
  void TakeCell(const Side& side, const KeptCell& cell);
  void TakeRow(const Side& side, std::uint32_t row);
  const KeptCell* InDatabase(const KeptCell& cell) const;
  bool Untouched(const KeptCell& cell) const;

  Side database_;
  Side wal_;
  ReadingBuilder out_;
  std::map<std::uint32_t, const KeptCell*> by_overflow_;  // the database's rows
  std::map<PackageKey, int> layers_;                      // since when the database has a package
};

const KeptPage* Combination::PageAt(std::uint32_t number) const {
  const auto& pages = InWal(number) ? wal_.kept.pages : database_.kept.pages;
  const auto found = pages.find(number);
  return found == pages.end() ? nullptr : &found->second;
}

// No part of the row has been written since.
bool Combination::Untouched(const KeptCell& cell) const {
  return std::none_of(cell.chain.begin(), cell.chain.end(),
                      [&](std::uint32_t page) { return InWal(page); });
}

// The database's row that a row of the log goes on in.
const KeptCell* Combination::InDatabase(const KeptCell& cell) const {
  if (!cell.chain.empty()) return nullptr;
  const auto found = by_overflow_.find(cell.overflow);
  if (found == by_overflow_.end()) return nullptr;
  const KeptCell& same = *found->second;
  const bool equal = same.payload_bytes == cell.payload_bytes && same.local_hash == cell.local_hash;
  return equal && Untouched(same) ? &same : nullptr;
}

void Combination::TakeCell(const Side& side, const KeptCell& cell) {
  const bool in_wal = &side.kept == &wal_.kept;
  if (cell.row != KeptCell::kElsewhere && (in_wal || Untouched(cell))) {
    return TakeRow(side, cell.row);
  }
  const KeptCell* const same = in_wal ? InDatabase(cell) : nullptr;
  if (same == nullptr || same->row == KeptCell::kElsewhere) {
    return out_.Fail("has a package of which one part is in its log, another in the database");
  }
  TakeRow(database_, same->row);
}

void Combination::TakeRow(const Side& side, std::uint32_t index) {
  const auto& packages = side.reading.packages;
  const auto& owned = side.reading.owned;
  const auto& records = side.reading.records;
  if (index >= side.kept.rows.size()) return out_.Fail("does not fit its log");
  const RpmRow& row = side.kept.rows[index];
  if (!row.fault.empty()) out_.Fail(row.fault);
  if (row.kind != RpmRow::Kind::kPackage) return;
  if (row.package >= packages.size() || row.owned_first > owned.size() ||
      row.owned_count > owned.size() - row.owned_first || row.records_first > records.size() ||
      row.records_count > records.size() - row.records_first) {
    return out_.Fail("does not fit its log");
  }
  Package package = packages[row.package];
  const auto since = layers_.find(KeyOf(package));
  if (since != layers_.end()) package.layer = std::min(package.layer, since->second);
  if (!out_.Add(std::move(package))) return;
  for (std::uint32_t i = 0; i < row.owned_count; ++i) {
    const OwnedFile& file = owned[row.owned_first + i];
    if (!out_.AddOwned(file.path, file.package)) return;
  }
  for (std::uint32_t i = 0; i < row.records_count; ++i) {
    if (!out_.AddRecord(records[row.records_first + i])) return;
  }
}

FileReading Combination::Run() {
  const KeptPages& kept = database_.kept;
  if (wal_.kept.page_bytes != kept.page_bytes || wal_.kept.reserved != kept.reserved) {
    out_.Fail("has pages of another size than its log");
    return out_.Take();
  }
  for (const auto& [number, page] : kept.pages) {
    for (const KeptCell& cell : page.cells) {
      if (cell.overflow != 0) by_overflow_.emplace(cell.overflow, &cell);
    }
  }
  for (const Package& package : database_.reading.packages) {
    layers_.emplace(KeyOf(package), package.layer);
  }
  WalkPackages(
      {.page_count = wal_.kept.page_count,
       .page = [&](std::uint32_t number) -> Result<const KeptPage*> { return PageAt(number); },
       .leaf =
           [&](std::uint32_t number, const KeptPage& page) {
             const Side& side = InWal(number) ? wal_ : database_;
             for (const KeptCell& cell : page.cells) TakeCell(side, cell);
           },
       .fail = [&](std::string_view what) { out_.Fail(std::string(what)); }});
  return out_.Take();
}

FileReading Combine(const FileReading& database, const FileReading& wal) {
  const auto kept = DecodeKept(database.residue);
  const auto log = DecodeKept(wal.residue);
  if (!kept || !log) {
    ReadingBuilder out(kRpmSource, database.path, ReadingKind::kDatabase);
    out.Fail("cannot be put together with its log");
    return out.Take();
  }
  return Combination({*kept, database}, {*log, wal}).Run();
}

}  // namespace

void CombineRpmReadings(std::vector<FileReading>& readings) {
  std::map<std::string, FileReading*> by_path;
  for (FileReading& reading : readings) by_path.emplace(reading.path, &reading);
  const auto beside = [&](const FileReading& reading, std::string_view suffix) -> FileReading* {
    const std::string path = reading.path.substr(0, reading.path.size() - suffix.size());
    if (!reading.path.ends_with(suffix) || !path.ends_with(kDatabaseName)) return nullptr;
    const auto found = by_path.find(path);
    return found == by_path.end() ? nullptr : found->second;
  };
  for (const FileReading& reading : readings) {
    FileReading* const database = beside(reading, kWalSuffix);
    if (database == nullptr || reading.residue.empty() || database->residue.empty()) continue;
    *database = Combine(*database, reading);
  }
  std::erase_if(readings, [&](const FileReading& reading) {
    const bool wal = reading.path.ends_with(kWalSuffix);
    if (!wal && !reading.path.ends_with(kJournalSuffix)) return false;
    const bool alone = beside(reading, wal ? kWalSuffix : kJournalSuffix) == nullptr;
    // What was read of a log is in its database now; one that could not be read stays to be told.
    return alone || reading.state != ReadingState::kFailed || !reading.residue.empty();
  });
}

}  // namespace landwaiter::packages
