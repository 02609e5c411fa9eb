// Layers → inventory (scanning.md, "Layers → inventory"; OCI image-spec layer.md, "Applying
// Changesets"). Layers are keyed by position. From the base up: whiteouts and opaque folders act on
// lower layers only, wherever they stand in the tar; then the layer's entries in tar order. Parents
// of every path, whiteouts' and hard links' targets too, go through the symbolic links of the tree
// as it stands, the last part does not, as the container runtimes unpack. A hard link shares its
// target's file, which so outlives the target's name.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "model/inventory.h"
#include "scanner/layer/collector.h"
#include "scanner/layer/layer_inventory.h"
#include "scanner/layer/limits.h"
#include "scanner/packages/source.h"

namespace landwaiter::layer {

/// A path that a source wants, which links of the image lead to a file that was shown to no source
/// under that name: a well-known path behind a symbolic link, or a hard link.
struct Unreached {
  std::string path;
  std::string leads_to;  // real path; of a hard link as its layer writes it
  friend bool operator==(const Unreached&, const Unreached&) = default;
};

struct MergedImage {
  std::optional<OperatingSystem> os;
  std::vector<Package> packages;   // sorted by (type, name, version, path); purl, owner, layer set
  std::vector<Package> hints;      // likewise; Inventory::hints
  std::vector<Coverage> coverage;  // sorted by source
  std::optional<std::string> passwd;
  std::vector<std::vector<std::string>> content_sets;  // by layer: ImageLayer::content_sets
  std::vector<std::string> repositories;               // Inventory::repositories
  /// Not empty: a second pass with these as also_known_as reads them. Coverage says Failed as long
  /// as they stand here.
  std::vector<Unreached> unreached;
  /// Files that a pass with these as asked_for shows to the sources, if they exist. Coverage says
  /// which of them were not read.
  std::vector<packages::AskedFile> asked;
  // Of the collection: as in Inventory.
  std::vector<CollectedFile> files = {};
  std::optional<PasswdFile> passwd_file = {};
  std::vector<SecretFound> secrets = {};
  std::vector<MalwareFound> malware = {};
  std::vector<IntegrityFound> integrity = {};
  /// Of the packages that survive, by package source; until MergeCollected has taken them.
  std::map<std::string, std::vector<packages::FileRecord>> records = {};
  /// Why some are not there, "" for none.
  std::string records_fault = {};
  /// Not those that were given: a second pass with these, too, sees files by these names.
  std::vector<PathAlias> aliases = {};
};

/// What the layers were asked to collect, and under which other names.
struct Collected {
  Collection collection = {};
  std::vector<PathAlias> aliases = {};
};

/// `layers` base first; the same one may stand twice.
/// Errors: ResourceExhausted reason TooLarge (packages, paths grown through links).
Result<MergedImage> MergeLayers(std::span<const LayerInventory* const> layers,
                                std::span<const packages::PackageSource> sources,
                                const Limits& limits,
                                packages::Declared declared = packages::Declared::kHints,
                                const Collected& collected = {});

}  // namespace landwaiter::layer
