#include "scanner/layer/tree.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/layer/path.h"

namespace landwaiter::layer {
namespace {

// Parts still to be walked, the next one last.
void PushParts(std::string_view path, std::vector<std::string>& pending) {
  const auto parts = text::Split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != ".") pending.emplace_back(*part);
  }
}

Node* Child(Node* folder, std::string_view name) {
  if (folder == nullptr || folder->kind != Node::Kind::kFolder) return nullptr;
  const auto found = folder->children.find(HashName(name));
  return found == folder->children.end() ? nullptr : found->second.get();
}

}  // namespace

std::optional<Place> Tree::Resolve(std::string_view path, LastPart last) const {
  std::vector<std::string> pending;
  PushParts(path, pending);
  std::vector<Node*> nodes = {root_.get()};  // along the real path so far; null: not in the tree
  std::vector<std::string> parts;
  std::size_t length = 0;
  int links = 0;
  while (!pending.empty()) {
    const std::string part = std::move(pending.back());
    pending.pop_back();
    if (part == "..") {
      if (parts.empty()) continue;
      length -= parts.back().size() + 1;
      parts.pop_back();
      nodes.pop_back();
      continue;
    }
    Node* child = Child(nodes.back(), part);
    const bool follow = !pending.empty() || last == LastPart::kFollow;
    if (child != nullptr && child->kind == Node::Kind::kSymlink && follow) {
      if (++links > kMaxLinks) return std::nullopt;
      if (child->target.starts_with('/')) {
        parts.clear();
        nodes.resize(1);
        length = 0;
      }
      PushParts(child->target, pending);
      continue;
    }
    length += part.size() + 1;
    if (length > max_path_bytes_ + 1) return std::nullopt;
    parts.push_back(part);
    nodes.push_back(child);
  }
  return Place{text::Join(parts, "/"), nodes.back()};
}

Node* Tree::Find(std::string_view real_path) const {
  Node* node = root_.get();
  for (const auto part : text::Split(real_path, '/')) {
    if (!part.empty()) node = Child(node, part);
  }
  return node;
}

Node* Tree::MakeFolder(std::string_view real_path) {
  Node* node = root_.get();
  for (const auto part : text::Split(real_path, '/')) {
    if (part.empty()) continue;
    Node* child = Child(node, part);
    node = child != nullptr && child->kind == Node::Kind::kFolder
               ? child
               : &Put(*node, part, Node::Kind::kFolder);
  }
  return node;
}

bool Tree::Remove(Node& folder, std::uint64_t name) { return folder.children.erase(name) > 0; }

Node& Tree::Put(Node& folder, std::string_view name, Node::Kind kind) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->name = name;
  auto& slot = folder.children[HashName(name)];
  slot = std::move(node);
  return *slot;
}

std::vector<std::pair<std::string, Node*>> Tree::Nodes(Node::Kind kind) const {
  std::vector<std::pair<std::string, Node*>> files;
  std::vector<std::pair<std::string, Node*>> pending = {{"", root_.get()}};
  while (!pending.empty()) {
    const auto [path, node] = std::move(pending.back());
    pending.pop_back();
    for (const auto& [hash, child] : node->children) {
      std::string child_path = JoinPath(path, child->name);
      if (child->kind == kind)
        files.emplace_back(std::move(child_path), child.get());
      else if (child->kind == Node::Kind::kFolder)
        pending.emplace_back(child_path, child.get());
    }
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return files;
}

}  // namespace landwaiter::layer
