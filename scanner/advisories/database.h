// The advisory database, read side: one LMDB file, mapped read-only and shared by all processes
// that have it open. Opening takes milliseconds whatever its size. A reader keeps the file that it
// opened when a new database is swapped in; it opens anew to see that one.
// Not handled here: building (builder.h); which ecosystem an image's packages belong to
// (scanner/matching).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/advisories/advisory.h"
#include "scanner/advisories/lmdb_file.h"
#include "scanner/advisories/manifest.h"
#include "scanner/advisories/plain_row.h"

namespace landwaiter::advisories {

/// Thread-safe: all functions but the destructor may be called from several threads at once.
class AdvisoryDatabase {
 public:
  /// Opens the current database of a folder. Before anything is mapped, the file's size and its
  /// two meta pages are checked against the manifest, since a mapped file that is too short would
  /// end the process. Contents are not read: see Verify.
  /// Errors: NotFound (no database; names the command that makes one), DataLoss (truncated, not a
  /// database, another file than the manifest's), Unsupported (another format version).
  static Result<std::unique_ptr<AdvisoryDatabase>> Open(const std::string& dir);
  /// Reads the whole file of the current database and compares its SHA-256 with the manifest's.
  /// Errors: as Open, and DataLoss for another digest.
  static Status Verify(const std::string& dir);
  /// Whether the file at `path` can be opened as the database that `info` describes, wherever it
  /// lies and whatever `info.file` is. Errors: as Open.
  static Status Check(const std::string& path, const DatabaseInfo& info);

  virtual ~AdvisoryDatabase() = default;

  const DatabaseInfo& Info() const { return info_; }
  /// True where a feed in the database speaks of this ecosystem ("Debian:12", "npm").
  bool HasEcosystem(std::string_view ecosystem) const {
    return FindEcosystem(ecosystem) != nullptr;
  }
  /// What the manifest says of it; nullptr for one that no feed speaks of.
  const EcosystemInfo* FindEcosystem(std::string_view ecosystem) const;

  /// Whether the file has not been cut short since it was opened, which would end the process at
  /// the next page that is touched. All that is asked below looks itself, but for EachAffected,
  /// which costs little more than this does: whoever has many packages asks now and then.
  /// Errors: DataLoss.
  virtual Status StillWhole() const = 0;
  /// Calls `take` with all that is said of one package, by advisory id, but for what `skip` does
  /// not want; no call is the ordinary case and means that nothing is known, not that something
  /// failed. A row is good until `take` returns, and may be moved from. The name is normalised as
  /// the ecosystem does it (names.h). Errors: DataLoss for a value that cannot be read (rows before
  /// the fault have been taken), and those of `take`.
  virtual Status EachAffected(std::string_view ecosystem, std::string_view package,
                              const std::function<Status(Affected& row)>& take,
                              const PlainRowFilter& skip) const = 0;
  /// The rows together.
  Result<std::vector<Affected>> Lookup(std::string_view ecosystem, std::string_view package) const;
  /// Errors: NotFound, DataLoss.
  virtual Result<Advisory> GetAdvisory(std::string_view id) const = 0;
  /// Ids of the advisories that have `name` as id, alias or upstream; sorted.
  virtual Result<std::vector<std::string>> AdvisoriesNaming(std::string_view name) const = 0;
  /// All ecosystems and names that equal `package` after normalisation: for `db lookup`.
  virtual Result<std::vector<std::string>> EcosystemsOf(std::string_view package) const = 0;
  /// What is known of a CVE whatever the package: known exploitation (nothing where
  /// Info().known_exploited is false), EPSS, NVD's severities and weaknesses. nullopt: nothing.
  virtual Result<std::optional<CveFacts>> About(std::string_view cve) const = 0;
  /// nullopt where no feed says until when a release is cared for.
  virtual Result<std::optional<Lifecycle>> LifecycleOf(std::string_view product,
                                                       std::string_view release) const = 0;
  /// The CPEs that Red Hat gives a repository ("rhel-9-for-x86_64-baseos-rpms"); empty for none.
  virtual Result<std::vector<std::string>> CpesOf(std::string_view repository) const = 0;

  /// The source packages that a binary package of a release was built from, with its own version,
  /// as far as a feed tells (ReadBinaries in feeds/osv_binaries.h): sorted; empty where none does.
  virtual Result<std::vector<std::string>> SourcesOf(std::string_view ecosystem,
                                                     std::string_view binary) const = 0;

  /// The tables as they are stored (tables.h), for what compares databases (touched.h).
  enum class Table { kAffected, kAdvisories, kNames, kCves, kLifecycles, kRepositories, kBinaries };
  /// Before the first row. Errors: DataLoss.
  virtual Result<LmdbFile::Cursor> RowsOf(Table table) const = 0;

 protected:
  explicit AdvisoryDatabase(DatabaseInfo info) : info_(std::move(info)) {}

 private:
  DatabaseInfo info_;
};

}  // namespace landwaiter::advisories
