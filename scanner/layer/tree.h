// The merged tree: of all the image's files only those that the inventory is made of, the symbolic
// links, and the folders above them. Any other file matters only where it takes the place of one
// of these. The kernel's rules of path resolution: path_resolution(7).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scanner/layer/layer_inventory.h"
#include "scanner/packages/source.h"

namespace landwaiter::layer {

/// The kernel's MAXSYMLINKS.
inline constexpr int kMaxLinks = 40;

/// What an inode holds of interest. Hard links share it.
struct File {
  std::vector<packages::FileReading> readings = {};  // with Package::layer set
  std::optional<std::string> content = {};
  std::optional<FileMark> mark = {};
  std::vector<SecretFound> secrets = {};
  bool malware = false;
  std::string unscanned = {};
  std::optional<FileHashes> hashes = {};
  std::string written_as = {};  // path in its layer's tar, clean
  std::string path = {};        // where that was in the merged tree
  int layer = -1;               // the one that wrote it
};

struct Node {
  enum class Kind { kFolder, kSymlink, kFile };

  Kind kind = Kind::kFolder;
  std::string name = {};
  std::string target = {};                                                 // of a symbolic link
  std::shared_ptr<File> file = nullptr;                                    // of a file
  std::unordered_map<std::uint64_t, std::unique_ptr<Node>> children = {};  // by HashName
};

/// Where a path leads: its real path, and the node there, if the tree has it.
struct Place {
  std::string path;
  Node* node = nullptr;
};

enum class LastPart { kFollow, kKeep };

class Tree {
 public:
  explicit Tree(std::size_t max_path_bytes) : max_path_bytes_(max_path_bytes) {}

  /// Through the symbolic links of the tree; ".." above the root stays there. A part that the tree
  /// does not know is taken for a folder. nullopt: more than kMaxLinks links, or a path that grew
  /// beyond PATH_MAX.
  std::optional<Place> Resolve(std::string_view path, LastPart last) const;
  /// The node at a real path; null where the tree has none.
  Node* Find(std::string_view real_path) const;
  /// The folder at a real path, made if need be; what stands in its way goes.
  Node* MakeFolder(std::string_view real_path);
  /// Takes away what stands at a child of a folder, with all below it. True where something did.
  static bool Remove(Node& folder, std::uint64_t name);
  static Node& Put(Node& folder, std::string_view name, Node::Kind kind);

  /// Every file, with its real path, sorted by path.
  std::vector<std::pair<std::string, Node*>> Files() const { return Nodes(Node::Kind::kFile); }
  std::vector<std::pair<std::string, Node*>> Symlinks() const {
    return Nodes(Node::Kind::kSymlink);
  }

 private:
  std::vector<std::pair<std::string, Node*>> Nodes(Node::Kind kind) const;

  std::size_t max_path_bytes_;
  std::unique_ptr<Node> root_ = std::make_unique<Node>();
};

}  // namespace landwaiter::layer
