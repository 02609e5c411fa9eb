// The contract between package sources and the pass over a layer.
//
// A source is one row of AllSources(): a name, a version, and three pure functions. The layer pass
// shows every regular file of the tar (a hard link is one more path of its target) to
// each source's `wants`, hands the bytes of those that are wanted to `parse` while the layer
// streams by, and keeps the FileReading under the file's path. Nothing else is kept of the file, so
// that a large database costs no memory after its parse. Readings depend on path and bytes
// alone (never on the layer's position or the operating system), so they can be cached under (blob
// digest, SourceVersions()).
//
// The merge removes a reading when its path is whited out, hidden, or overwritten by whatever
// file: a package database so replaces its older self whole. What needs the whole image (purl
// qualifiers, owner, layer) is filled in after the merge: purl.h, FileReading::owned; databases of
// several files are put together then too: PackageSource::combine.
//
// To add a source: one file here with its three functions, one row in sources.cc, its fixtures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "model/inventory.h"

namespace landwaiter::packages {

/// A regular file as its tar header describes it.
struct FileFacts {
  std::string_view path;   // clean and relative: "var/lib/dpkg/status", no "./", "//", ".."
  std::uint32_t mode = 0;  // permission bits
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;  // bytes
};

/// A spooled file. Implementations are the layer pass's (scratch) and the tests' (memory).
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  virtual std::uint64_t size() const = 0;
  /// Reads up to `count` bytes at `offset`; fewer only at the end, 0 at or past it.
  virtual Result<std::size_t> ReadAt(std::uint64_t offset, char* buffer, std::size_t count) = 0;
};

/// Room for what must be unpacked before it can be read at random: an archive within an archive.
/// It grows and shrinks at its end only, and is given back as it was taken.
class ScratchSpace : public RandomAccessFile {
 public:
  /// Errors: ResourceExhausted where the space is full.
  virtual Status Append(std::string_view bytes) = 0;
  /// Drops what lies behind the first `size` bytes, at most size(). Errors: Internal.
  virtual Status Truncate(std::uint64_t size) = 0;
};

/// How much of a file a source asks for.
enum class Need {
  kNothing,
  kPresence,  // its path alone: parse is called without bytes
  kContent,   // all bytes at once, at most max_bytes
  kHead,      // the first kHeadBytes decide (wants_head); if wanted, a RandomAccessFile
              // and a ScratchSpace
};
inline constexpr std::size_t kHeadBytes = 4096;

/// What parse is given: `bytes` for kContent, `file` and `scratch` for kHead, nothing for
/// kPresence.
struct FileContent {
  std::string_view bytes = {};
  RandomAccessFile* file = nullptr;
  /// What stands in it already is not the source's, and stays.
  ScratchSpace* scratch = nullptr;
  /// FileReading::records is wanted, too.
  bool records = false;
};

enum class ReadingState {
  kNotOurs,      // the file turned out to be no record of this source: keep nothing, say nothing
  kRead,         // read whole; zero packages is an answer
  kFailed,       // reason says what is wrong; packages holds what could be read all the same
  kUnsupported,  // a database that this version cannot read
};

/// What a file is to its source.
enum class ReadingKind {
  kDatabase,   // many packages in one file (dpkg status, apk installed)
  kRecord,     // one installed package (METADATA, package.json) or one program (Go binary)
  kOwnership,  // only says which files belong to a package (dpkg info/*.list)
};

/// What the packages are that a source lists.
enum class Says {
  kInstalled,
  kDeclared,  // wanted by a lock file: docs/adr/0008
  kRetold,    // by a document about the software (SBOM)
};

/// What becomes of packages that are declared, not installed (Says::kDeclared).
enum class Declared {
  kHints,    // in an image: told apart from the packages, and never matched
  kRuntime,  // in a folder: packages like others, but those for development
  kAll,      // those too
};

/// A file that an OS package says is its own.
struct OwnedFile {
  std::string path;     // clean and relative
  std::string package;  // name of the OS package
  friend bool operator==(const OwnedFile&, const OwnedFile&) = default;
};

/// What a package's own record says of one of its files.
enum class RecordKind : std::uint8_t {
  kListed,   // it is the package's: a file, a link or a folder
  kPresent,  // a regular file, whose content may be any
  kMd5,
  kSha1,  // of a symbolic link: of its target, as apk writes it
  kSha256,
  kOtherHash,  // one that is not computed here
};
struct FileRecord {
  std::string path;     // clean and relative, as the package says it
  std::string package;  // name of the OS package
  RecordKind kind = RecordKind::kListed;
  std::string digest = {};  // raw bytes, of the kinds that have one
  bool config = false;      // whoever runs the system may change it
  friend bool operator==(const FileRecord&, const FileRecord&) = default;
};

struct FileReading {
  std::string source;  // PackageSource::name
  std::string path;
  ReadingKind kind = ReadingKind::kRecord;
  ReadingState state = ReadingState::kNotOurs;
  // For kFailed and kUnsupported: names the file and what is wrong. For kRead: what was left out of
  // it for another reason than those that are counted below; "" for most.
  std::string reason = {};
  /// purl, owner and layer are not filled in yet.
  std::vector<Package> packages = {};
  /// Those of a package's files that a language source could read; after the merge a language
  /// package whose path stands here gets Package::owner.
  std::vector<OwnedFile> owned = {};
  /// All of its files, where FileContent::records asks for them.
  std::vector<FileRecord> records = {};
  /// Of Red Hat's manifests alone: ImageLayer::content_sets.
  std::vector<std::string> content_sets = {};
  /// What PackageSource::combine takes besides, in the source's own form; "" for most.
  std::string residue = {};
  /// Of lock files: entries that name no published version, and packages for development that
  /// were dropped.
  std::uint64_t left_out = 0;
  std::uint64_t development_left_out = 0;
  /// Of a document about packages: the system that it says they are of.
  std::optional<OperatingSystem> os = {};
  friend bool operator==(const FileReading&, const FileReading&) = default;
};

/// A file that only another one knows by name: `combine` would read it too.
struct AskedFile {
  std::string source;  // PackageSource::name
  std::string path;    // clean and relative, no link on its way
  friend bool operator==(const AskedFile&, const AskedFile&) = default;
};

/// Where a clean path leads through the links of the merged image.
using RealPath = std::function<std::string(std::string_view path)>;

/// Whether a reading goes with its file.
enum class SpeaksOf {
  kFile,   // yes: it is gone when its path is whited out, hidden or overwritten
  kLayer,  // no: it tells of the layer that it stands in, whatever upper layers do to the file
};

struct PackageSource {
  std::string_view name;  // also Package::found_by and Coverage::source
  int version;            // raised whenever the same bytes would give another reading
  std::uint64_t max_bytes;
  Need (*wants)(const FileFacts& facts);
  bool (*wants_head)(std::string_view head);  // null: whatever the head is
  /// Pure and thread-safe; never throws, bounded in time and memory by the bytes it is given.
  FileReading (*parse)(const FileFacts& facts, const FileContent& content);
  /// Where the database stands by convention. The merge resolves these through the image's links:
  /// where one leads to a file without a reading, that is Failed coverage (NotReached).
  std::span<const std::string_view> well_known;
  /// Its packages are guesses: they do not count where an OS package owns the file.
  bool yields_to_owner = false;
  /// Of files that mean something together only (an SQLite file and its log, a list and those that
  /// it includes), which may stand in different layers: given the readings of this source that
  /// survive the merge, in path order, it makes of them what they mean together. Gives the paths of
  /// files that are missing for it. In a folder these are then shown to the source, if they exist,
  /// and all is combined anew; in an image they are not. Pure. Null where every reading stands for
  /// itself.
  std::vector<std::string> (*combine)(std::vector<FileReading>& readings,
                                      const RealPath& real_path) = nullptr;
  SpeaksOf speaks_of = SpeaksOf::kFile;
  Says says = Says::kInstalled;
};

/// The table, sorted by name.
std::span<const PackageSource> AllSources();
/// "apk=1,dpkg=1,…": part of the key under which a layer's readings are cached.
const std::string& SourceVersions();
/// The same in 16 hexadecimal digits, ImageInventory::readers.
const std::string& ReadersId();

/// Puts together what belongs together, by each source's `combine`, of readings in path order.
/// Gives what it asks for, sorted by source, each once. Without `real_path` there are no links.
std::vector<AskedFile> CombineReadings(std::span<const PackageSource> sources,
                                       std::vector<FileReading>& readings,
                                       const RealPath& real_path = {});

/// The reading of a file that is larger than its source's max_bytes, or than the scratch space.
FileReading ExceedsLimit(const PackageSource& source, const FileFacts& facts,
                         std::uint64_t limit_bytes);
/// The reading of a well-known path that leads, through links, to a file that was never shown to
/// the source.
FileReading NotReached(const PackageSource& source, std::string_view path,
                       std::string_view leads_to);

/// One line for each source that has a reading, sorted by name: kFailed where any of its readings
/// failed, else kUnsupported where any is, else kRead; the reason names the first few files in
/// path order and counts the rest. A source with ownership lists alone is kFailed: its database
/// is missing.
std::vector<Coverage> CombineCoverage(std::span<const FileReading> surviving);

/// Takes away the readings of sources that yield_to_owner, where the file is owned.
void YieldToOwners(std::span<const OwnedFile> owned, std::vector<FileReading>& readings);

/// Sets Package::owner of language packages from the readings' owned files (paths as the merge
/// resolved them).
void AssignOwners(std::span<const OwnedFile> owned, std::vector<Package>& packages);

}  // namespace landwaiter::packages
