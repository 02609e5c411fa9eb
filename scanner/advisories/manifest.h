// The manifest of an advisory database: manifest.json beside the one LMDB file that it names. A new
// database becomes the current one when its manifest is renamed into place, and not before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/result.h"

namespace landwaiter::advisories {

/// Raised with every change of keys or values; a database of another format is refused.
inline constexpr int kFormatVersion = 3;
inline constexpr std::string_view kManifestName = "manifest.json";
/// A database of every ecosystem of OSV has some 100 lines of ecosystems.
inline constexpr std::size_t kMaxManifestBytes = 4u << 20;

/// One `--feed kind=PATH` that went in.
struct FeedInfo {
  std::string kind;               // "osv", "kev"
  std::string name;               // file name of the archive or folder
  Digest digest;                  // of the archive; of all names and contents for a folder
  std::string newest;             // the latest `modified` (KEV: release) in it, "" for none
  std::uint64_t records = 0;      // kept
  std::uint64_t withdrawn = 0;    // left out: withdrawn by their source
  std::uint64_t unsupported = 0;  // left out: nothing in it that can be matched
  std::uint64_t broken = 0;       // left out: malformed (only with keep-going)
  friend bool operator==(const FeedInfo&, const FeedInfo&) = default;
};

struct EcosystemInfo {
  std::string name;  // "Debian:12", "npm"
  std::uint64_t packages = 0;
  std::uint64_t affected = 0;  // (package, advisory) pairs
  /// Kinds of the feeds that put rows there and list what has no fix, too (FeedScope); sorted. A
  /// manifest without it, as older builds wrote them, says of none that it does.
  std::vector<std::string> unfixed_by = {};
  friend bool operator==(const EcosystemInfo&, const EcosystemInfo&) = default;
};

struct DatabaseInfo {
  int format_version = kFormatVersion;
  std::string id;  // of the content alone: the same feeds give the same id
  /// How old what it says is: when its feeds were last looked at, the one that was looked at
  /// longest ago (`db update`), or when it was built of files (`db build`), whose age nobody knows.
  TimePoint built_at{};
  std::string newest;  // the latest `modified` of all feeds
  std::string file;    // name of the LMDB file, in the same folder
  std::uint64_t size_bytes = 0;
  Digest digest;  // SHA-256 of the LMDB file
  std::uint64_t advisories = 0;
  bool known_exploited = false;  // a KEV feed went in
  std::vector<FeedInfo> feeds;
  std::vector<EcosystemInfo> ecosystems;  // sorted by name
  friend bool operator==(const DatabaseInfo&, const DatabaseInfo&) = default;
};

std::string ToJson(const DatabaseInfo& info);
/// Errors: DataLoss for a manifest that is not one, Unsupported for another format version.
Result<DatabaseInfo> DatabaseInfoFromJson(std::string_view json);
/// Reads `dir`/manifest.json: cheap, so fit for asking whether there is a newer database.
/// Errors: NotFound where there is none (says which command makes one), else as above.
Result<DatabaseInfo> ReadDatabaseInfo(const std::string& dir);

/// The same with the bytes as they are: what a signature is of.
struct ManifestFile {
  std::string bytes;
  DatabaseInfo info;
};
Result<ManifestFile> ReadManifest(const std::string& dir);

}  // namespace landwaiter::advisories
