// What lock files and manifests have in common: they say which packages an application declares,
// not which ones stand in a file system.
//
// A format is one file here with a LockFormat, one row in table.cc, its fixtures. In a folder
// (`dir:`) what they declare is the inventory; in an image it is a hint and nothing else
// (docs/adr/0008). Inside this room only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/packages/source.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {

/// A monorepo's package-lock.json has some 20 MB and 15,000 packages. It is held whole.
inline constexpr std::uint64_t kMaxLockBytes = 32u << 20;

enum class Use {
  kRuntime,      // or not recorded
  kDevelopment,  // only tests and tools of the application's authors use it
};

/// Collects what one file declares: each name and version once, for development only where all its
/// entries are.
class LockBuilder {
 public:
  /// `type` is the purl type of all its packages.
  LockBuilder(std::string_view source, std::string_view path, std::string_view type);

  void Add(std::string name, std::string version, Use use = Use::kRuntime);
  /// Counts an entry that names no published version: a commit, a folder, a range.
  void LeaveOut();
  void Fail(std::string_view what) { out_.Fail(what); }
  /// For LockFormat::combine: FileReading::residue.
  void Keep(std::string residue) { residue_ = std::move(residue); }
  /// The file says that it is of a version of its format that is not known here.
  void FailUnknownVersion(std::string_view key, std::string_view version);
  void FailAtLine(std::size_t line, std::string_view what) { out_.FailAtLine(line, what); }
  std::string_view path() const { return out_.reading().path; }
  FileReading Take();

 private:
  const std::string_view type_;
  ReadingBuilder out_;
  std::uint64_t left_out_ = 0;
  std::string residue_;
  std::map<std::pair<std::string, std::string>, Use> packages_;
};

struct LockFormat {
  std::string_view name;  // PackageSource::name
  std::string_view type;  // purl type
  int version;
  bool (*is_file)(std::string_view path);
  /// UTF-8 without a byte order mark.
  void (*read)(std::string_view text, LockBuilder& out);
  /// A file of people's own; one that a tool writes always says something, be it a comment.
  bool may_be_empty = false;
  /// PackageSource::combine, of a format whose files name each other.
  std::vector<std::string> (*combine)(std::vector<FileReading>& readings,
                                      const RealPath& real_path) = nullptr;
};

/// What `format` reads of a file, which has failed where it is no text, or only stands for one.
void ReadLock(const LockFormat& format, std::string_view bytes, LockBuilder& out);

/// False for files of somebody else's: those that an installed package brought along.
bool IsOwnManifest(std::string_view path);

template <const LockFormat& kFormat>
Need WantsLock(const FileFacts& facts) {
  return kFormat.is_file(facts.path) && IsOwnManifest(facts.path) ? Need::kContent : Need::kNothing;
}

template <const LockFormat& kFormat>
FileReading ParseLock(const FileFacts& facts, const FileContent& content) {
  LockBuilder out(kFormat.name, facts.path, kFormat.type);
  ReadLock(kFormat, content.bytes, out);
  return out.Take();
}

template <const LockFormat& kFormat>
PackageSource LockSource() {
  return {.name = kFormat.name,
          .version = kFormat.version,
          .max_bytes = kMaxLockBytes,
          .wants = WantsLock<kFormat>,
          .wants_head = nullptr,
          .parse = ParseLock<kFormat>,
          .well_known = {},
          .combine = kFormat.combine,
          .says = Says::kDeclared};
}

}  // namespace landwaiter::packages
