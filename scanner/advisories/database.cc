#include "scanner/advisories/database.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "lib/base/file_digest.h"
#include "scanner/advisories/codec.h"
#include "scanner/advisories/lmdb.h"
#include "scanner/advisories/names.h"
#include "scanner/advisories/tables.h"

namespace landwaiter::advisories {
namespace {

/// A new database may be swapped in, and the old file removed, between reading the manifest and
/// opening the file it names; more often than this in a row it is another fault.
constexpr int kOpenAttempts = 5;

struct Tables {
  TableId affected = 0;
  TableId advisories = 0;
  TableId names = 0;
  TableId cves = 0;
  TableId lifecycles = 0;
  TableId repositories = 0;
};

Result<Tables> OpenTables(const LmdbEnvironment& environment) {
  Tables tables;
  auto transaction = environment.Begin();
  if (!transaction) return std::move(transaction).error();
  struct Row {
    const char* name;
    TableId* id;
  };
  for (const Row& row :
       {Row{kAffectedTable, &tables.affected}, Row{kAdvisoryTable, &tables.advisories},
        Row{kNameTable, &tables.names}, Row{kCveTable, &tables.cves},
        Row{kLifecycleTable, &tables.lifecycles}, Row{kRepositoryTable, &tables.repositories}}) {
    const auto id = transaction->Table(row.name);
    if (!id) return id.error();
    *row.id = *id;
  }
  if (Status status = transaction->Commit(); !status) return status.error();
  return tables;
}

class LmdbDatabase final : public AdvisoryDatabase {
 public:
  LmdbDatabase(DatabaseInfo info, std::unique_ptr<LmdbEnvironment> environment, Tables tables)
      : AdvisoryDatabase(std::move(info)), environment_(std::move(environment)), tables_(tables) {}

  Status EachAffected(std::string_view ecosystem, std::string_view package,
                      const std::function<Status(Affected& row)>& take) const override {
    const auto transaction = environment_->Begin();
    if (!transaction) return transaction.error();
    const auto value =
        transaction->Get(tables_.affected, KeyPrefix(ecosystem, NormalizeName(ecosystem, package)));
    if (!value) return value.error();
    return value->has_value() ? advisories::EachAffected(**value, take) : Ok();
  }

  Result<Advisory> GetAdvisory(std::string_view id) const override {
    const auto transaction = environment_->Begin();
    if (!transaction) return transaction.error();
    const auto value = transaction->Get(tables_.advisories, id);
    if (!value) return value.error();
    if (!value->has_value()) return NotFound("no advisory " + std::string(id));
    auto advisory = DecodeAdvisory(**value);
    if (advisory) advisory->id = id;
    return advisory;
  }

  Result<std::vector<std::string>> AdvisoriesNaming(std::string_view name) const override {
    const auto transaction = environment_->Begin();
    if (!transaction) return transaction.error();
    const std::string prefix = KeyPrefix(name);
    std::vector<std::string> ids;
    Status scanned =
        transaction->Scan(tables_.names, prefix, [&](std::string_view key, std::string_view) {
          ids.emplace_back(key.substr(prefix.size()));
          return true;
        });
    if (!scanned) return scanned.error();
    return ids;
  }

  Result<std::vector<std::string>> EcosystemsOf(std::string_view package) const override {
    const auto transaction = environment_->Begin();
    if (!transaction) return transaction.error();
    std::vector<std::string> found;
    for (const EcosystemInfo& entry : Info().ecosystems) {
      const auto value = transaction->Get(
          tables_.affected, KeyPrefix(entry.name, NormalizeName(entry.name, package)));
      if (!value) return value.error();
      if (value->has_value()) found.push_back(entry.name);
    }
    return found;
  }

  Result<std::optional<CveFacts>> About(std::string_view cve) const override {
    return Read(tables_.cves, cve, DecodeCveFacts);
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

 private:
  /// The value of a key, decoded while the transaction holds its bytes.
  template <class T>
  Result<std::optional<T>> Read(TableId table, std::string_view key,
                                Result<T> (*decode)(std::string_view)) const {
    const auto transaction = environment_->Begin();
    if (!transaction) return transaction.error();
    const auto value = transaction->Get(table, key);
    if (!value) return value.error();
    if (!value->has_value()) return std::optional<T>();
    auto decoded = decode(**value);
    if (!decoded) return std::move(decoded).error();
    return std::optional<T>(*std::move(decoded));
  }

  std::unique_ptr<LmdbEnvironment> environment_;
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
  auto environment = LmdbEnvironment::OpenForReading(path);
  if (!environment) return std::move(environment).error();
  const auto tables = OpenTables(**environment);
  if (!tables) return Error(tables.error()).Context(path);
  return std::unique_ptr<AdvisoryDatabase>(
      std::make_unique<LmdbDatabase>(std::move(info), *std::move(environment), *tables));
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
  std::vector<Affected> rows;
  Status status = EachAffected(ecosystem, package, [&](Affected& row) {
    rows.push_back(std::move(row));
    return Ok();
  });
  if (!status) return std::move(status).error();
  return rows;
}

bool AdvisoryDatabase::HasEcosystem(std::string_view ecosystem) const {
  const auto at = std::lower_bound(
      info_.ecosystems.begin(), info_.ecosystems.end(), ecosystem,
      [](const EcosystemInfo& entry, std::string_view name) { return entry.name < name; });
  return at != info_.ecosystems.end() && at->name == ecosystem;
}

}  // namespace landwaiter::advisories
