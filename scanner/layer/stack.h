// Applies layers to the tree, from the base up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "scanner/layer/layer_inventory.h"
#include "scanner/layer/limits.h"
#include "scanner/layer/tree.h"

namespace landwaiter::layer {

class Stack {
 public:
  /// Files at `watched` real paths get a node although no source has a reading of them.
  Stack(const Limits& limits, const std::set<std::string>& watched);

  /// `index` becomes Package::layer of what is new in it.
  /// Errors: DataLoss reason MalformedImage where a file of interest stands behind a loop of links.
  Status Apply(const LayerInventory& layer, int index);

  Tree& tree() { return tree_; }
  /// Hard links to files that no source has read, under a name that one wants: (path, target).
  const std::vector<std::pair<std::string, std::string>>& unread() const { return unread_; }
  /// Folders under which layers write files that really stand elsewhere: (as written, real). Those
  /// beyond kMaxAliases are left out.
  const std::set<std::pair<std::string, std::string>>& moved() const { return moved_; }

 private:
  void Hide(const LayerInventory& layer);
  Status ApplyEntry(const LayerInventory& layer, const TreeEntry& entry, int index);
  std::optional<Place>& FolderOf(const LayerInventory& layer, std::uint32_t folder);
  void PutFolder(Place& folder, const TreeEntry& entry);
  void PutSymlink(Place& folder, const Link& link);
  bool PutHardLink(Place& folder, const Link& link);
  void RetryHardLinks(const LayerInventory& layer);
  void PutFile(Place& folder, const std::string& path, const KeptFile& kept, int index);
  void PutOther(Place& folder, const TreeEntry& entry);
  Node* NodeOf(Place& folder);
  void Changed() { folder_ = kNoDetail; }

  std::size_t max_path_bytes_;
  Tree tree_;
  std::map<std::string, std::map<std::uint64_t, std::string>> watched_;  // folder → hash → name
  std::vector<std::pair<std::string, std::string>> unread_;
  std::set<std::pair<std::string, std::string>> moved_;
  struct HardLink {
    TreeEntry entry;
    bool placed;
  };
  std::vector<HardLink> hard_links_;  // of the layer at hand
  // The place of the folder that the last entry stood in, until a link changes.
  std::uint32_t folder_ = kNoDetail;
  std::optional<Place> place_;
};

}  // namespace landwaiter::layer
