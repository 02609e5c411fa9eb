// What one layer holds, a function of its bytes and of the package sources alone: cacheable under
// (blob digest, packages::SourceVersions()). What it means on top of other layers is merge.h's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/digest.h"
#include "scanner/layer/entry_list.h"
#include "scanner/packages/source.h"

namespace landwaiter::layer {

/// A file of interest.
struct KeptFile {
  std::string name;  // last part of its path
  std::vector<packages::FileReading> readings = {};
  std::optional<std::string> content = {};  // of system files (os-release, passwd)
};

struct Link {
  std::string name;    // last part of its path
  std::string target;  // symbolic: as written; hard: a clean path
  /// Of a hard link: a source wants the bytes under this name, and has not seen them.
  bool unread = false;
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
};

}  // namespace landwaiter::layer
