#include "scanner/advisories/database.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "lib/base/file_digest.h"
#include "scanner/advisories/codec.h"
#include "scanner/advisories/lmdb_file.h"
#include "scanner/advisories/names.h"
#include "scanner/advisories/tables.h"

namespace landwaiter::advisories {
namespace {

/// A new database may be swapped in, and the old file removed, between reading the manifest and
/// opening the file it names; more often than this in a row it is another fault.
constexpr int kOpenAttempts = 5;

using Table = AdvisoryDatabase::Table;

struct Tables {
  TableRoot affected;
  TableRoot advisories;
  TableRoot names;
  TableRoot cves;
  TableRoot lifecycles;
  TableRoot repositories;
  TableRoot binaries;  // empty in databases of earlier versions

  const TableRoot& Of(Table table) const {
    switch (table) {
      case Table::kAffected:
        return affected;
      case Table::kAdvisories:
        return advisories;
      case Table::kNames:
        return names;
      case Table::kCves:
        return cves;
      case Table::kLifecycles:
        return lifecycles;
      case Table::kBinaries:
        return binaries;
      case Table::kRepositories:
        break;
    }
    return repositories;
  }
};

Result<Tables> OpenTables(const LmdbFile& file) {
  Tables tables;
  struct Row {
    const char* name;
    TableRoot* root;
  };
  for (const Row& row :
       {Row{kAffectedTable, &tables.affected}, Row{kAdvisoryTable, &tables.advisories},
        Row{kNameTable, &tables.names}, Row{kCveTable, &tables.cves},
        Row{kLifecycleTable, &tables.lifecycles}, Row{kRepositoryTable, &tables.repositories}}) {
    const auto root = file.Table(row.name);
    if (!root) return root.error();
    *row.root = *root;
  }
  const auto binaries = file.FindTable(kBinaryTable);
  if (!binaries) return binaries.error();
  if (*binaries) tables.binaries = **binaries;
  return tables;
}

class LmdbDatabase final : public AdvisoryDatabase {
 public:
  LmdbDatabase(DatabaseInfo info, std::unique_ptr<LmdbFile> file, Tables tables)
      : AdvisoryDatabase(std::move(info)), file_(std::move(file)), tables_(tables) {}

  Status StillWhole() const override { return file_->StillWhole(); }

  Status EachAffected(std::string_view ecosystem, std::string_view package,
                      const std::function<Status(Affected& row)>& take,
                      const PlainRowFilter& skip) const override {
    const auto value =
        file_->Get(tables_.affected, KeyPrefix(ecosystem, NormalizeName(ecosystem, package)),
                   LmdbFile::Look::kFollowing);
    if (!value) return value.error();
    return value->has_value() ? Named(advisories::EachAffected(**value, take, skip)) : Ok();
  }

  Result<Advisory> GetAdvisory(std::string_view id) const override {
    // Its id is of a row, or of the index of names.
    const auto value = file_->Get(tables_.advisories, id, LmdbFile::Look::kFollowing);
    if (!value) return value.error();
    if (!value->has_value()) return NotFound("no advisory " + std::string(id));
    auto advisory = DecodeAdvisory(**value);
    if (!advisory) return Named(std::move(advisory).error());
    advisory->id = id;
    return advisory;
  }

  Result<std::vector<std::string>> AdvisoriesNaming(std::string_view name) const override {
    const std::string prefix = KeyPrefix(name);
    std::vector<std::string> ids;
    Status scanned =
        file_->Scan(tables_.names, prefix, [&](std::string_view key, std::string_view) {
          ids.emplace_back(key.substr(prefix.size()));
          return true;
        });
    if (!scanned) return scanned.error();
    return ids;
  }

  Result<std::vector<std::string>> EcosystemsOf(std::string_view package) const override {
    std::vector<std::string> found;
    for (const EcosystemInfo& entry : Info().ecosystems) {
      const auto value =
          file_->Get(tables_.affected, KeyPrefix(entry.name, NormalizeName(entry.name, package)));
      if (!value) return value.error();
      if (value->has_value()) found.push_back(entry.name);
    }
    return found;
  }

  Result<std::optional<CveFacts>> About(std::string_view cve) const override {
    return Read(tables_.cves, cve, DecodeCveFacts, LmdbFile::Look::kFollowing);
  }

  Result<std::optional<Lifecycle>> LifecycleOf(std::string_view product,
                                               std::string_view release) const override {
    auto lifecycle =
        Read(tables_.lifecycles, KeyPrefix(product) + std::string(release), DecodeLifecycle);
    if (lifecycle && lifecycle->has_value()) {
      (*lifecycle)->product = product;
      (*lifecycle)->release = release;
    }
    return lifecycle;
  }

  Result<std::vector<std::string>> CpesOf(std::string_view repository) const override {
    auto cpes = Read(tables_.repositories, repository, DecodeTexts);
    if (!cpes) return std::move(cpes).error();
    return std::move(*cpes).value_or(std::vector<std::string>());
  }

  Result<std::vector<std::string>> SourcesOf(std::string_view ecosystem,
                                             std::string_view binary) const override {
    auto sources = Read(tables_.binaries, KeyPrefix(ecosystem, binary), DecodeTexts);
    if (!sources) return std::move(sources).error();
    return std::move(*sources).value_or(std::vector<std::string>());
  }

  Result<LmdbFile::Cursor> RowsOf(Table table) const override {
    return file_->From(tables_.Of(table), "");
  }

 private:
  /// Which database a damaged value is in; what a caller's own function says stays as it is.
  Error Named(Error error) const {
    return error.code == Code::kDataLoss ? std::move(error).Context(file_->name())
                                         : std::move(error);
  }
  Status Named(Status status) const {
    return status ? std::move(status) : Status(Named(std::move(status).error()));
  }
  /// The value of a key, decoded.
  template <class T>
  Result<std::optional<T>> Read(const TableRoot& table, std::string_view key,
                                Result<T> (*decode)(std::string_view),
                                LmdbFile::Look look = LmdbFile::Look::kFirst) const {
    const auto value = file_->Get(table, key, look);
    if (!value) return value.error();
    if (!value->has_value()) return std::optional<T>();
    auto decoded = decode(**value);
    if (!decoded) return Named(std::move(decoded).error());
    return std::optional<T>(*std::move(decoded));
  }

  std::unique_ptr<LmdbFile> file_;
  Tables tables_;
};

std::string FilePath(const std::string& dir, const DatabaseInfo& info) {
  return dir + "/" + info.file;
}

Status CheckSize(const std::string& path, const DatabaseInfo& info) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    return NotFound(path + ": " + std::strerror(errno) +
                    ", but the manifest beside it names it; build the database again");
  }
  if (static_cast<std::uint64_t>(found.st_size) != info.size_bytes) {
    return DataLoss(path + ": has " + std::to_string(found.st_size) + " bytes, expected " +
                    std::to_string(info.size_bytes) +
                    " as its manifest says; build the database again");
  }
  return Ok();
}

Result<std::unique_ptr<AdvisoryDatabase>> OpenOnce(const std::string& path, DatabaseInfo info) {
  if (Status status = CheckSize(path, info); !status) return status.error();
  auto file = LmdbFile::Open(path);
  if (!file) return std::move(file).error();
  const auto tables = OpenTables(**file);
  if (!tables) return tables.error();
  return std::unique_ptr<AdvisoryDatabase>(
      std::make_unique<LmdbDatabase>(std::move(info), *std::move(file), *tables));
}

}  // namespace

Result<std::unique_ptr<AdvisoryDatabase>> AdvisoryDatabase::Open(const std::string& dir) {
  std::string file;
  for (int attempt = 0;; ++attempt) {
    auto info = ReadDatabaseInfo(dir);
    if (!info) return std::move(info).error();
    const bool same = info->file == file;
    file = info->file;
    const std::string path = FilePath(dir, *info);
    auto database = OpenOnce(path, *std::move(info));
    const bool swapped = !database && database.error().code == Code::kNotFound && !same;
    if (!swapped || attempt == kOpenAttempts) {
      if (!database && database.error().code == Code::kNotFound) {
        return DataLoss(database.error().message);
      }
      return database;
    }
  }
}

Status AdvisoryDatabase::Verify(const std::string& dir) {
  const auto database = Open(dir);
  if (!database) return database.error();
  const DatabaseInfo& info = (*database)->Info();
  const std::string path = FilePath(dir, info);
  const auto found = DigestOfFile(path);
  if (!found) return found.error();
  if (found->digest != info.digest) {
    return DataLoss(path + ": has digest " + found->digest.ToString() + ", expected " +
                    info.digest.ToString() + "; build the database again");
  }
  return Ok();
}

Status AdvisoryDatabase::Check(const std::string& path, const DatabaseInfo& info) {
  const auto database = OpenOnce(path, info);
  return database ? Ok() : Status(database.error());
}

Result<std::vector<Affected>> AdvisoryDatabase::Lookup(std::string_view ecosystem,
                                                       std::string_view package) const {
  if (Status whole = StillWhole(); !whole) return std::move(whole).error();
  std::vector<Affected> rows;
  const auto keep = [&](Affected& row) {
    rows.push_back(std::move(row));
    return Ok();
  };
  if (Status status = EachAffected(ecosystem, package, keep, {}); !status) return status.error();
  return rows;
}

const EcosystemInfo* AdvisoryDatabase::FindEcosystem(std::string_view ecosystem) const {
  const auto at = std::lower_bound(
      info_.ecosystems.begin(), info_.ecosystems.end(), ecosystem,
      [](const EcosystemInfo& entry, std::string_view name) { return entry.name < name; });
  return at != info_.ecosystems.end() && at->name == ecosystem ? &*at : nullptr;
}

}  // namespace landwaiter::advisories
