// What one layer holds, a function of its bytes, of the package sources and of what is collected:
// cacheable under (blob digest, packages::SourceVersions(), Collection). What it means on top of
// other layers is merge.h's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/digest.h"
#include "model/collection.h"
#include "model/inventory.h"
#include "scanner/layer/entry_list.h"
#include "scanner/packages/source.h"

namespace landwaiter::layer {

/// Lines of coverage about what is collected; they speak of nothing else.
inline constexpr std::string_view kFilesCoverage = "files";
inline constexpr std::string_view kPasswdCoverage = "passwd";
inline constexpr std::string_view kSecretsCoverage = "secrets";
inline constexpr std::string_view kMalwareCoverage = "malware";
inline constexpr std::string_view kIntegrityCoverage = "integrity";

/// A file that a FileWish names: CollectedFile without what only the merge can tell.
struct FileMark {
  CollectedKind kind = CollectedKind::kFile;
  std::uint64_t mode = 0;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;
  bool capabilities = false;
  std::string sha256 = {};
  std::vector<LineMatch> matches = {};
  std::string unread = {};
};

/// Of a regular file's bytes, raw: what packages' records have.
struct FileHashes {
  std::string md5;
  std::string sha1;
  std::string sha256;
};

/// A file of interest.
struct KeptFile {
  std::string name;  // last part of its path
  std::vector<packages::FileReading> readings = {};
  std::optional<std::string> content = {};  // of system files (os-release, passwd)
  std::optional<FileMark> mark = {};
  std::vector<SecretFound> secrets = {};  // without layer, and with the path as the layer writes it
  std::optional<MalwareFound> malware = {};  // likewise
  std::optional<FileHashes> hashes = {};
  std::string unscanned = {};  // why it was not looked at for malware; "" where it was, or need not
};

struct Link {
  std::string name;    // last part of its path
  std::string target;  // symbolic: as written; hard: a clean path
  /// Of a hard link: a source wants the bytes under this name, and has not seen them.
  bool unread = false;
  /// Of a hard link: a FileWish wants more under this name than under the target's.
  bool unmarked = false;
};

struct LayerInventory {
  Digest digest;
  Digest diff_id;
  std::string media_type;
  std::uint64_t size_bytes = 0;
  std::uint64_t inflated_bytes = 0;

  std::vector<std::string> folders;  // clean paths, "" the root; each once
  EntryList entries;
  std::vector<KeptFile> files;
  std::vector<Link> links;
  std::vector<std::string> whiteouts;       // clean paths of what is gone
  std::vector<std::string> opaque_folders;  // clean paths of folders whose lower content is gone
  std::vector<Coverage> gaps;  // what was to be collected and was not, beside FileMark::unread
};

}  // namespace landwaiter::layer
