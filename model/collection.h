// What is to be collected of an image besides its packages, and what was. It follows from the
// policies in force: nothing is collected that no policy asks for, and a rule is not decided by an
// inventory that lacks what it needs (docs/adr/0023). Part of the keys under which readings of
// layers and images are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter {

/// Files of the final tree whose facts are wanted.
struct FileWish {
  std::string pattern;        // a glob over paths without a leading '/'
  bool special_only = false;  // those alone that are setuid, setgid, world-writable or privileged
  bool sha256 = false;
  std::vector<std::string> content = {};  // regular expressions looked for in each line; sorted
  friend bool operator==(const FileWish&, const FileWish&) = default;
};

struct Collection {
  std::vector<FileWish> files = {};  // sorted by (pattern, special_only), each pair once
  bool passwd = false;
  std::uint64_t secrets = 0;  // version of the rules for secrets; 0: none are looked for
  bool malware = false;       // files are shown to clamd
  bool integrity = false;     // files are held against the records of their packages
  friend bool operator==(const Collection&, const Collection&) = default;

  bool empty() const { return files.empty() && !passwd && secrets == 0 && !malware && !integrity; }
  /// Adds what `other` wants; unchanged, and false, where the whole would have more than
  /// kMaxCollectionBytes.
  [[nodiscard]] bool Add(const Collection& other);
  /// An inventory with this collection has all that `other` wants.
  bool Covers(const Collection& other) const;
  /// Every regular expression of `files`, sorted, each once: LineMatch counts in it.
  std::vector<std::string> Expressions() const;
};

/// The same for equal collections, whatever order they were put together in: part of keys, of
/// requests and of what is kept. "" for an empty one.
std::string ToJson(const Collection& collection);
/// Errors: InvalidArgument, ResourceExhausted (kMaxCollectionBytes).
Result<Collection> CollectionFromJson(std::string_view json);

/// Of ToJson: it fits the first packet to a scan's child (64 KiB) with room for what else is there.
inline constexpr std::size_t kMaxCollectionBytes = 32u << 10;
inline constexpr std::size_t kMaxFileWishes = 512;
inline constexpr std::size_t kMaxExpressionBytes = 512;
inline constexpr std::size_t kMaxFilePatternBytes = 512;

/// A line of a collected file that one of the collection's expressions is in.
struct LineMatch {
  std::uint64_t expression = 0;  // index into Collection::Expressions()
  std::uint64_t line = 0;        // the first one, from 1
  friend bool operator==(const LineMatch&, const LineMatch&) = default;
};

enum class CollectedKind : std::uint8_t { kFile, kSymlink, kOther };

/// A file of the final tree that a FileWish names.
struct CollectedFile {
  std::string path;           // without a leading '/'
  std::string leads_to = {};  // its real path where links lead there, or a symlink's target
  CollectedKind kind = CollectedKind::kFile;
  std::uint64_t mode = 0;  // permission bits, with setuid (04000), setgid (02000) and sticky
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;
  int layer = -1;             // the one that wrote it
  bool capabilities = false;  // it has the extended attribute security.capability
  std::string sha256 = {};    // hexadecimal, where it was asked for
  std::vector<LineMatch> matches = {};
  /// Why its lines were not looked at although they were asked for, "" where they were.
  std::string unread = {};
  friend bool operator==(const CollectedFile&, const CollectedFile&) = default;
};

/// One line of /etc/passwd, passwd(5).
struct PasswdEntry {
  std::string name;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::string shell;
  friend bool operator==(const PasswdEntry&, const PasswdEntry&) = default;
};
struct PasswdFile {
  std::vector<PasswdEntry> entries;
  std::vector<std::uint64_t> malformed = {};  // numbers of lines, the first kMaxMalformedLines
  friend bool operator==(const PasswdFile&, const PasswdFile&) = default;
};

enum class SecretConfidence : std::uint8_t { kLow, kMedium, kHigh };
/// A secret, without its value.
struct SecretFound {
  std::string rule;  // id in the scanner's table
  std::string path;  // in its layer, without a leading '/'
  std::uint64_t line = 0;
  int layer = -1;
  bool final = true;  // the file is still in the final tree
  SecretConfidence confidence = SecretConfidence::kMedium;
  std::string redacted;  // at most four characters of it, then "…"
  std::string hash;      // keyed, of the value: equal ones are the same secret, within one scan
  friend bool operator==(const SecretFound&, const SecretFound&) = default;
};

/// A file that clamd knows.
struct MalwareFound {
  std::string signature;  // "Eicar-Test-Signature"
  std::string path;       // in the image; in its layer where it is not final. Without a leading '/'
  int layer = -1;
  bool final = true;  // the file is still in the final tree
  friend bool operator==(const MalwareFound&, const MalwareFound&) = default;
};

enum class IntegrityFault : std::uint8_t { kChanged, kMissing };
/// A file of the final tree that is not what its package's own record says.
struct IntegrityFound {
  std::string path;     // where it is, or is missing; without a leading '/'
  std::string package;  // name of the OS package
  IntegrityFault fault = IntegrityFault::kChanged;
  bool config = false;  // the package says that it may be changed
  int layer = -1;       // the one that wrote the file, -1 for a missing one
  friend bool operator==(const IntegrityFound&, const IntegrityFound&) = default;
};

/// Bounds of one platform's lists; what goes beyond is told in coverage, never left out silently.
inline constexpr std::size_t kMaxCollectedFiles = 20'000;
inline constexpr std::size_t kMaxPasswdEntries = 10'000;
inline constexpr std::size_t kMaxMalformedLines = 16;
inline constexpr std::size_t kMaxSecrets = 1'000;
inline constexpr std::size_t kMaxMalware = 1'000;
inline constexpr std::size_t kMaxIntegrity = 10'000;

}  // namespace landwaiter
