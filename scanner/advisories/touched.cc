#include "scanner/advisories/touched.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "lib/base/clock.h"
#include "scanner/advisories/codec.h"
#include "scanner/advisories/names.h"
#include "scanner/advisories/tables.h"

namespace landwaiter::advisories {
namespace {

using Table = AdvisoryDatabase::Table;

/// Names and advisories that are kept while databases are compared. A day changes some thousands;
/// where EPSS has new scores they are all of its 300,000, and next to every image is touched.
constexpr std::size_t kMaxChanged = 100'000;

/// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): of the table and the key.
Word WordOf(Table table, std::string_view key) {
  Word hash = 14695981039346656037ULL ^ static_cast<Word>(table);
  for (const char c : key) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

/// What a match takes for complete hangs on who lists there what has no fix
/// (matching::IsComplete).
bool HaveSameEcosystems(const DatabaseInfo& a, const DatabaseInfo& b) {
  return std::equal(a.ecosystems.begin(), a.ecosystems.end(), b.ecosystems.begin(),
                    b.ecosystems.end(), [](const EcosystemInfo& left, const EcosystemInfo& right) {
                      return left.name == right.name && left.unfixed_by == right.unfixed_by;
                    });
}

std::set<std::string_view> KindsOf(const DatabaseInfo& info) {
  std::set<std::string_view> kinds;
  for (const FeedInfo& feed : info.feeds) kinds.insert(feed.kind);
  return kinds;
}

/// A table of one database. Keys that are out of order would make two tables look alike that are
/// not.
class OrderedRows {
 public:
  explicit OrderedRows(LmdbFile::Cursor cursor) : cursor_(std::move(cursor)) {}

  const std::optional<TableRow>& row() const { return row_; }
  Status Next() {
    auto next = cursor_.Next();
    if (!next) return std::move(next).error();
    if (*next && row_ && (*next)->key <= row_->key) {
      return DataLoss("advisory database: the keys of a table are out of order");
    }
    row_ = *next;
    return Ok();
  }

 private:
  LmdbFile::Cursor cursor_;
  std::optional<TableRow> row_;
};

/// Calls `take` with each row that the other database has not, or has otherwise (then with both);
/// ends where it returns false.
Status EachDifference(const AdvisoryDatabase& before, const AdvisoryDatabase& after, Table table,
                      const std::function<Result<bool>(const TableRow& row)>& take) {
  auto left_cursor = before.RowsOf(table);
  auto right_cursor = after.RowsOf(table);
  if (!left_cursor) return std::move(left_cursor).error();
  if (!right_cursor) return std::move(right_cursor).error();
  OrderedRows left(*std::move(left_cursor));
  OrderedRows right(*std::move(right_cursor));
  for (OrderedRows* rows : {&left, &right}) {
    if (Status status = rows->Next(); !status) return status;
  }
  while (left.row() || right.row()) {
    const bool has_left = left.row() && (!right.row() || left.row()->key <= right.row()->key);
    const bool has_right = right.row() && (!left.row() || right.row()->key <= left.row()->key);
    const bool same = has_left && has_right && left.row()->value == right.row()->value;
    for (const auto& [rows, has] : {std::pair(&left, has_left), std::pair(&right, has_right)}) {
      if (!has) continue;
      const auto more = same ? Result<bool>(true) : take(*rows->row());
      if (!more) return more.error();
      if (!*more) return Ok();
      if (Status status = rows->Next(); !status) return status;
    }
  }
  return Ok();
}

class Comparison {
 public:
  Comparison(const AdvisoryDatabase& before, const AdvisoryDatabase& after)
      : before_(before), after_(after) {}

  Result<std::optional<TouchedWords>> Run() {
    const DatabaseInfo& before = before_.Info();
    const DatabaseInfo& after = after_.Info();
    if (!HaveSameEcosystems(before, after) || KindsOf(before) != KindsOf(after) ||
        before.known_exploited != after.known_exploited) {
      return std::optional<TouchedWords>();
    }
    for (const auto step :
         {&Comparison::FindNames, &Comparison::FindChangedAdvisories, &Comparison::FindAdvisories,
          &Comparison::FindPackages, &Comparison::FindLifecycles, &Comparison::FindRepositories,
          &Comparison::FindBinaries}) {
      if (Status status = (this->*step)(); !status) return std::move(status).error();
      if (IsTooMuch()) return std::optional<TouchedWords>();
    }
    return std::optional(std::move(touched_));
  }

 private:
  using Take = std::function<Status(const TableRow& row)>;

  Status Differences(Table table, const Take& take) const {
    return EachDifference(before_, after_, table, [&](const TableRow& row) -> Result<bool> {
      if (Status taken = take(row); !taken) return std::move(taken).error();
      return !IsTooMuch();
    });
  }

  bool IsTooMuch() const {
    return names_.size() + advisories_.size() > kMaxChanged || touched_.size() > kMaxChanged;
  }

  void Touch(Table table, std::string_view key) { touched_.insert(WordOf(table, key)); }

  Status TouchDifferences(Table table) {
    return Differences(table, [&](const TableRow& row) {
      Touch(table, row.key);
      return Ok();
    });
  }

  /// Vulnerabilities of which other facts are known, or that other advisories speak of.
  Status FindNames() {
    Status status = Differences(Table::kCves, [&](const TableRow& row) {
      names_.emplace(row.key);
      return Ok();
    });
    if (!status) return status;
    return Differences(Table::kNames, [&](const TableRow& row) {
      names_.emplace(row.key.substr(0, row.key.find('\0')));
      return Ok();
    });
  }

  Status FindChangedAdvisories() {
    return Differences(Table::kAdvisories, [&](const TableRow& row) -> Status {
      const auto advisory = DecodeAdvisory(row.value);
      if (!advisory) return advisory.error();
      advisories_.emplace(row.key);
      names_.emplace(row.key);
      names_.insert(advisory->aliases.begin(), advisory->aliases.end());
      names_.insert(advisory->upstream.begin(), advisory->upstream.end());
      return Ok();
    });
  }

  /// Those that bear one of the names. What bears it in the older database alone has changed.
  Status FindAdvisories() {
    for (const std::string& name : names_) {
      auto ids = after_.AdvisoriesNaming(name);
      if (!ids) return std::move(ids).error();
      for (std::string& id : *ids) advisories_.insert(std::move(id));
      if (IsTooMuch()) break;
    }
    return Ok();
  }

  /// Rows that differ, and those with an advisory that says, or whose names say, something else.
  Status FindPackages() {
    Status status = TouchDifferences(Table::kAffected);
    if (!status || advisories_.empty() || IsTooMuch()) return status;
    auto rows = after_.RowsOf(Table::kAffected);
    if (!rows) return std::move(rows).error();
    while (true) {
      const auto row = rows->Next();
      if (!row) return row.error();
      if (!row->has_value() || IsTooMuch()) return Ok();
      const auto names_one = NamesAnAdvisory((*row)->value);
      if (!names_one) return names_one.error();
      if (*names_one) Touch(Table::kAffected, (*row)->key);
    }
  }

  Result<bool> NamesAnAdvisory(std::string_view value) {
    bool found = false;
    const auto look = [&](std::string_view advisory) {
      id_.assign(advisory);
      found = found || advisories_.contains(id_);
    };
    Status read = EachAffected(
        value,
        [&](Affected& row) {
          look(row.advisory);
          return Ok();
        },
        [&](const PlainRow& row) {
          look(row.advisory);
          return true;
        });
    if (!read) return std::move(read).error();
    return found;
  }

  /// Changed ones, and those that end between the days of the two databases.
  Status FindLifecycles() {
    if (Status status = TouchDifferences(Table::kLifecycles); !status) return status;
    const std::array<std::string, 2> days{FormatTime(before_.Info().built_at),
                                          FormatTime(after_.Info().built_at)};
    // As matching::EndOfLifeOf compares them, whichever of the two dates counts.
    const auto ends_between = [&](const std::string& end) {
      const auto is_over = [&](const std::string& day) { return day.substr(0, end.size()) > end; };
      return is_over(days[0]) != is_over(days[1]);
    };
    auto rows = after_.RowsOf(Table::kLifecycles);
    if (!rows) return std::move(rows).error();
    while (true) {
      const auto row = rows->Next();
      if (!row) return row.error();
      if (!row->has_value()) return Ok();
      const auto lifecycle = DecodeLifecycle((*row)->value);
      if (!lifecycle) return lifecycle.error();
      if (ends_between(lifecycle->end_of_life) || ends_between(lifecycle->end_of_extension)) {
        Touch(Table::kLifecycles, (*row)->key);
      }
    }
  }

  Status FindRepositories() { return TouchDifferences(Table::kRepositories); }
  Status FindBinaries() { return TouchDifferences(Table::kBinaries); }

  const AdvisoryDatabase& before_;
  const AdvisoryDatabase& after_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> advisories_;
  TouchedWords touched_;
  std::string id_;  // looked up; its memory is used again
};

}  // namespace

Word WordOfPackage(std::string_view ecosystem, std::string_view package) {
  return WordOf(Table::kAffected, KeyPrefix(ecosystem, NormalizeName(ecosystem, package)));
}

Word WordOfLifecycle(std::string_view product, std::string_view release) {
  return WordOf(Table::kLifecycles, KeyPrefix(product) + std::string(release));
}

Word WordOfRepository(std::string_view repository) {
  return WordOf(Table::kRepositories, repository);
}

Word WordOfBinary(std::string_view ecosystem, std::string_view binary) {
  return WordOf(Table::kBinaries, KeyPrefix(ecosystem, binary));
}

Result<std::optional<TouchedWords>> TouchedBetween(const AdvisoryDatabase& before,
                                                   const AdvisoryDatabase& after) {
  return Comparison(before, after).Run();
}

}  // namespace landwaiter::advisories
