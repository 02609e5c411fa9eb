// One pass over a layer: bytes in, inventory out (scanning.md, "One pass over a layer").
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/layer/collector.h"
#include "scanner/layer/layer_inventory.h"
#include "scanner/layer/limits.h"
#include "scanner/layer/malware_look.h"
#include "scanner/layer/pipeline.h"
#include "scanner/packages/source.h"

namespace landwaiter::layer {

struct LayerOptions {
  std::span<const packages::PackageSource> sources = packages::AllSources();
  /// An unlinked file for what needs random access; -1: an anonymous memory file.
  int scratch_fd = -1;
  /// Files that are shown to the sources under other names too: real path → names under which the
  /// image's links reach it. For a second pass.
  std::multimap<std::string, std::string> also_known_as = {};
  /// Files that are shown to a source that does not want them by their names: path → source
  /// (packages::AskedFile). Likewise.
  std::multimap<std::string, std::string> asked_for = {};
  /// What of the files is wanted beside their packages.
  Collection collection = {};
  /// Names that links of the image give to files of the collection. For a second pass.
  std::vector<PathAlias> aliases = {};
  /// Null: files are not looked at for malware, whatever the collection says.
  MalwareLook* malware = nullptr;
};

/// Reads the layer whole. Errors: as RunPipeline; the message does not name the layer. A file of
/// interest that cannot be read as what it should be is no error: its reading says kFailed.
Result<LayerInventory> ScanLayer(const LayerDescriptor& layer, const NextChunk& next,
                                 const LayerOptions& options, Budget& budget,
                                 const Cancellation& cancel);
Result<LayerInventory> ScanLayer(const LayerDescriptor& layer, const ReadBytes& read,
                                 const LayerOptions& options, Budget& budget,
                                 const Cancellation& cancel);

/// The same of a plain tar that nobody promised anything about: digest and diffID are those of its
/// bytes.
Result<LayerInventory> ScanTar(const ReadBytes& read, const LayerOptions& options, Budget& budget,
                               const Cancellation& cancel);

}  // namespace landwaiter::layer
