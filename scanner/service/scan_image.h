// The engine: an image source's bytes to an inventory, in this process. Reads hostile bytes: roles
// and commands call ScanInChild (scan_in_child.h), which runs this in a sandbox.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "model/inventory.h"
#include "model/platform.h"
#include "scanner/layer/layer_inventory.h"
#include "scanner/layer/limits.h"
#include "scanner/layer/malware_look.h"
#include "scanner/layer/pipeline.h"
#include "scanner/packages/source.h"

namespace landwaiter::image {
class ImageSource;
}

namespace landwaiter::service {

/// How far a scan is. Totals are 0 until the manifest has been read.
struct ScanProgress {
  std::uint64_t bytes_received = 0;  // compressed layer bytes
  std::uint64_t bytes_total = 0;
  int layers_done = 0;
  int layers_total = 0;
};

/// What a source gives.
enum class Subject {
  kImage,
  kConfiguration,  // of an image, without its layers' contents: no packages, no coverage
  kFiles,          // the files of a folder, in one tar (scan_files.h)
  kDocument,       // one file that lists packages, likewise
};

struct ScanOptions {
  Subject subject = Subject::kImage;
  /// What becomes of packages that are declared, not installed.
  packages::Declared declared = packages::Declared::kHints;
  /// Wanted of an index; empty: all that are no attestation.
  std::vector<Platform> platforms;
  /// An image without an index is scanned although it is of none of them, as a node runs it.
  bool single_of_any_platform = false;
  layer::Limits limits;
  /// What is wanted beside the packages.
  Collection collection;
  /// Archives only: which image of several (image::ArchiveOptions::image), and what messages call
  /// the file.
  std::string archive_image;
  std::string archive_name = "archive";
  /// Layers read side by side; each holds about 8 MiB of buffers, a zstd one 32 MiB more, and a
  /// process where they are read apart. More than two gained nothing on two cores.
  unsigned layers_at_once = 2;
  /// Of this machine; 0 where that is not known.
  unsigned cores = 0;
  /// Unlinked files for what needs random access, at least one per layer read side by side; empty:
  /// such files are held in anonymous memory files.
  std::vector<int> scratch_fds;
  /// Reads a layer elsewhere, on any thread; empty: in this process. The second pass of an image
  /// whose links give files other names is always read here.
  std::function<Result<layer::LayerInventory>(const layer::LayerDescriptor& layer)> read_layer;
  /// Makes who looks at one layer's files for malware, where the collection wants that; on any
  /// thread. Empty: nobody does, and coverage says so.
  std::function<Result<std::unique_ptr<layer::MalwareLook>>()> malware;
  /// Called from one thread at a time, at most some times a second; may be empty.
  std::function<void(const ScanProgress&)> on_progress;
  /// A layer (1 is the base) begins to be read, or is done with; from any thread, may be empty.
  std::function<void(int layer, const Digest& digest, bool done)> on_layer;
};

/// Manifest, configuration and layers → inventory, every digest and diffID verified.
/// Errors carry a scan_reason: NoMatchingPlatform, TooLarge, DigestMismatch, UnsupportedMediaType,
/// MalformedImage, or what the source says (PullUnauthorized, NotFound, RateLimited, …). What could
/// not be read inside a sound image is no error: it stands in Inventory::coverage.
Result<ImageInventory> ScanImage(image::ImageSource& source, const ScanOptions& options,
                                 const Cancellation& cancel);

}  // namespace landwaiter::service
