#include "scanner/layer/stack.h"

#include <algorithm>
#include <tuple>

#include "lib/base/text.h"
#include "scanner/layer/collector.h"
#include "scanner/layer/inflater.h"
#include "scanner/layer/path.h"

namespace landwaiter::layer {
namespace {

using PackageKey = std::tuple<std::string_view, std::string_view, std::string_view,
                              std::string_view, std::string_view>;

PackageKey KeyOf(const Package& package) {
  return {package.found_by, package.type, package.name, package.architecture, package.version};
}

// A package that the file's older self had in this version has been there since.
void InheritLayers(const File& older, File& newer) {
  std::map<PackageKey, int> layers;
  for (const auto& reading : older.readings) {
    for (const auto& package : reading.packages) {
      const auto [found, added] = layers.try_emplace(KeyOf(package), package.layer);
      if (!added) found->second = std::min(found->second, package.layer);
    }
  }
  for (auto& reading : newer.readings) {
    for (auto& package : reading.packages) {
      const auto found = layers.find(KeyOf(package));
      if (found != layers.end()) package.layer = found->second;
    }
  }
}

}  // namespace

Stack::Stack(const Limits& limits, const std::set<std::string>& watched)
    : max_path_bytes_(limits.path_bytes), tree_(limits.path_bytes) {
  for (const auto& path : watched) {
    const auto [folder, name] = Split(path);
    watched_[std::string(folder)].emplace(HashName(name), name);
  }
}

// All paths are resolved before anything goes: a whiteout of a link must not change where its
// neighbours point.
void Stack::Hide(const LayerInventory& layer) {
  std::vector<std::string> gone;
  std::vector<std::string> emptied;
  for (const auto& path : layer.whiteouts) {
    if (auto place = tree_.Resolve(path, LastPart::kKeep)) gone.push_back(std::move(place->path));
  }
  for (const auto& path : layer.opaque_folders) {
    if (auto place = tree_.Resolve(path, LastPart::kFollow)) {
      emptied.push_back(std::move(place->path));
    }
  }
  for (const auto& path : gone) {
    const auto [folder, name] = Split(path);
    Node* node = tree_.Find(folder);
    if (node != nullptr) Tree::Remove(*node, HashName(name));
  }
  for (const auto& path : emptied) {
    Node* node = tree_.Find(path);
    if (node != nullptr && node->kind == Node::Kind::kFolder) node->children.clear();
  }
}

std::optional<Place>& Stack::FolderOf(const LayerInventory& layer, std::uint32_t folder) {
  if (folder_ != folder) {
    place_ = tree_.Resolve(layer.folders[folder], LastPart::kFollow);
    folder_ = folder;
    const std::string& written = layer.folders[folder];
    if (place_ && place_->path != written && moved_.size() <= kMaxAliases) {
      moved_.emplace(written, place_->path);
    }
  }
  return place_;
}

Node* Stack::NodeOf(Place& folder) {
  if (folder.node == nullptr || folder.node->kind != Node::Kind::kFolder) {
    folder.node = tree_.MakeFolder(folder.path);
  }
  return folder.node;
}

void Stack::PutFolder(Place& folder, const TreeEntry& entry) {
  if (folder.node == nullptr) return;
  const auto child = folder.node->children.find(entry.name);
  if (child == folder.node->children.end() || child->second->kind == Node::Kind::kFolder) return;
  Tree::Remove(*folder.node, entry.name);
  Changed();
}

void Stack::PutSymlink(Place& folder, const Link& link) {
  Node& node = Tree::Put(*NodeOf(folder), link.name, Node::Kind::kSymlink);
  node.target = link.target;
  Changed();
}

void Stack::PutFile(Place& folder, const std::string& path, const KeptFile& kept, int index) {
  auto file = std::make_shared<File>();
  file->readings = kept.readings;
  file->content = kept.content;
  file->mark = kept.mark;
  file->secrets = kept.secrets;
  file->malware = kept.malware.has_value();
  file->unscanned = kept.unscanned;
  file->hashes = kept.hashes;
  file->written_as = path;
  file->path = JoinPath(folder.path, kept.name);
  file->layer = index;
  for (auto& reading : file->readings) {
    for (auto& package : reading.packages) package.layer = index;
  }
  Node* parent = NodeOf(folder);
  const auto older = parent->children.find(HashName(kept.name));
  if (older != parent->children.end()) {
    if (older->second->file != nullptr) InheritLayers(*older->second->file, *file);
    if (older->second->kind != Node::Kind::kFile) Changed();
  }
  Tree::Put(*parent, kept.name, Node::Kind::kFile).file = std::move(file);
}

void Stack::PutOther(Place& folder, const TreeEntry& entry) {
  if (folder.node != nullptr && folder.node->kind == Node::Kind::kFolder) {
    const auto child = folder.node->children.find(entry.name);
    if (child != folder.node->children.end()) {
      if (child->second->kind != Node::Kind::kFile) Changed();
      folder.node->children.erase(child);
    }
  }
  const auto watched = watched_.find(folder.path);
  if (watched == watched_.end()) return;
  const auto name = watched->second.find(entry.name);
  if (name == watched->second.end()) return;
  Tree::Put(*NodeOf(folder), name->second, Node::Kind::kFile).file = std::make_shared<File>();
}

// False where the tree does not know the target: it is a file of no interest, or comes later.
bool Stack::PutHardLink(Place& folder, const Link& link) {
  const auto target = tree_.Resolve(link.target, LastPart::kKeep);
  Node* const node = target ? target->node : nullptr;
  if (node == nullptr || node->kind == Node::Kind::kFolder) {
    PutOther(folder, {.name = HashName(link.name)});
    return false;
  }
  // What the link names may be what it replaces.
  const Node::Kind kind = node->kind;
  const auto file = node->file;
  const std::string symlink_target = node->target;
  Node& put = Tree::Put(*NodeOf(folder), link.name, kind);
  put.file = file;
  put.target = symlink_target;
  Changed();
  return true;
}

void Stack::RetryHardLinks(const LayerInventory& layer) {
  for (const auto& [entry, placed] : hard_links_) {
    const Link& link = layer.links[entry.detail];
    auto& folder = FolderOf(layer, entry.folder);
    if (folder && !placed) PutHardLink(*folder, link);
    if (!link.unread && !link.unmarked) continue;
    const auto target = tree_.Resolve(link.target, LastPart::kKeep);
    const bool read = target && target->node != nullptr && target->node->file != nullptr &&
                      (!target->node->file->readings.empty() || target->node->file->content);
    if (!read || link.unmarked) {
      unread_.emplace_back(JoinPath(layer.folders[entry.folder], link.name), link.target);
    }
  }
}

Status Stack::ApplyEntry(const LayerInventory& layer, const TreeEntry& entry, int index) {
  auto& folder = FolderOf(layer, entry.folder);
  const bool matters = entry.detail != kNoDetail;
  if (!folder) {
    if (entry.kind != EntryKind::kFile || !matters) return Ok();
    return Malformed("path '" + text::Printable(layer.folders[entry.folder]) +
                     "' goes through a loop of symbolic links, or grows beyond " +
                     std::to_string(max_path_bytes_) + " bytes");
  }
  switch (entry.kind) {
    case EntryKind::kFolder:
      PutFolder(*folder, entry);
      return Ok();
    case EntryKind::kSymlink:
      PutSymlink(*folder, layer.links[entry.detail]);
      return Ok();
    case EntryKind::kHardLink:
      hard_links_.push_back({entry, PutHardLink(*folder, layer.links[entry.detail])});
      return Ok();
    case EntryKind::kFile:
      if (!matters) {
        PutOther(*folder, entry);
      } else {
        const KeptFile& kept = layer.files[entry.detail];
        PutFile(*folder, JoinPath(layer.folders[entry.folder], kept.name), kept, index);
      }
      return Ok();
  }
  return Ok();
}

Status Stack::Apply(const LayerInventory& layer, int index) {
  Hide(layer);
  hard_links_.clear();
  Changed();
  for (const TreeEntry entry : layer.entries) {
    if (auto applied = ApplyEntry(layer, entry, index); !applied) return applied;
  }
  RetryHardLinks(layer);
  return Ok();
}

}  // namespace landwaiter::layer
