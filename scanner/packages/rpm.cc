// rpm's database of installed packages in its three back ends: SQLite (rpmdb.sqlite, since rpm
// 4.16), NDB (Packages.db, SUSE), Berkeley DB (Packages, before); which one a file is says its
// magic, not its name. Each keeps one header a package (rpm_header.h).
//
// A reading says which files belong to which package as dpkg's lists do. Not handled: what a
// Berkeley DB or NDB writer that was killed left behind, for only SQLite has a log by which that
// can be told.
#include <array>
#include <set>

#include "scanner/packages/rows.h"
#include "scanner/packages/rpm_records.h"
#include "scanner/packages/rpm_sqlite.h"
#include "scanner/packages/sqlite_pages.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

// 3,000 packages make some 500 MB with Berkeley DB, the most spacious of the three.
constexpr std::uint64_t kMaxDatabaseBytes = 1u << 30;

constexpr std::string_view kManifestName = "container-manifest-2";
constexpr std::string_view kManifestPath = "var/lib/rpmmanifest/container-manifest-2";
constexpr std::array<std::string_view, 16> kPaths = {
    kManifestPath,
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/rpmdb.sqlite-wal",
    "var/lib/rpm/rpmdb.sqlite-journal",
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
    "usr/lib/sysimage/rpm/rpmdb.sqlite-journal",
    "usr/share/rpm/Packages",
    "usr/share/rpm/Packages.db",
    "usr/share/rpm/rpmdb.sqlite",
    "usr/share/rpm/rpmdb.sqlite-wal",
    "usr/share/rpm/rpmdb.sqlite-journal",
};

Need Wants(const FileFacts& facts) {
  if (facts.size == 0) return Need::kNothing;  // what rpm leaves of a log that is done with
  for (const std::string_view path : kPaths) {
    if (facts.path == path) return Need::kHead;
  }
  return Need::kNothing;
}

FileReading NotOurs(std::string_view path) {
  ReadingBuilder out(kRpmSource, path, ReadingKind::kDatabase);
  out.NotOurs();
  return out.Take();
}

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  RpmRecords out(facts.path, content.records);
  if (content.file == nullptr) {
    out.Fail("was not spooled");
    return out.Take();
  }
  std::string head(kHeadBytes, '\0');
  auto got = content.file->ReadAt(0, head.data(), head.size());
  if (!got) {
    out.Fail(got.error().message);
    return out.Take();
  }
  head.resize(*got);
  if (facts.path == kManifestPath) return ReadRpmManifest(facts.path, *content.file);
  if (facts.path.ends_with("-wal")) {
    return IsSqliteWal(head) ? ReadRpmSqliteWal(facts.path, *content.file, content.records)
                             : NotOurs(facts.path);
  }
  if (facts.path.ends_with("-journal")) {
    if (!IsHotSqliteJournal(head)) return NotOurs(facts.path);
    out.Fail("holds a change of the database that was begun and not ended");
    return out.Take();
  }
  if (IsSqliteDatabase(head)) return ReadRpmSqlite(facts.path, *content.file, content.records);
  if (IsRpmNdb(head)) {
    ReadRpmNdb(*content.file, out);
  } else if (IsRpmBdb(head)) {
    ReadRpmBdb(*content.file, out);
  } else {
    out.Fail("is no rpm database of a known kind");
  }
  return out.Take();
}

// A manifest says what an image was built with; nobody writes it anew when packages are upgraded
// on top of that. What a database names counts as the database has it.
void PreferDatabases(std::vector<FileReading>& readings) {
  std::set<std::string> named;
  for (const FileReading& reading : readings) {
    if (BaseName(reading.path) == kManifestName) continue;
    for (const Package& package : reading.packages) named.insert(package.name);
  }
  for (FileReading& reading : readings) {
    if (BaseName(reading.path) != kManifestName) continue;
    std::erase_if(reading.packages,
                  [&](const Package& package) { return named.contains(package.name); });
  }
}

std::vector<std::string> Combine(std::vector<FileReading>& readings, const RealPath& /*links*/) {
  CombineRpmReadings(readings);
  PreferDatabases(readings);
  return {};
}

}  // namespace

PackageSource RpmSource() {
  return {.name = kRpmSource,
          .version = 1,
          .max_bytes = kMaxDatabaseBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = kPaths,
          .combine = Combine};
}

}  // namespace landwaiter::packages
