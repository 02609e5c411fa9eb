// pnpm-lock.yaml (pnpm/spec, lockfile/5.2.md, 6.0.md and 9.0.md): "packages" by a key that holds
// name and version: "/@a/b/1.0.0_peers" in version 5, "/@a/b@1.0.0(peers)" in 6, "@a/b@1.0.0" in 9.
//
// Packages from git, a folder or an address have no published version. Up to version 6 an entry is
// marked "dev"; in version 9 that is the file's graph: whatever no dependency, optional one
// included, of an importer reaches.
#include <algorithm>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/reach.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/locks/yaml_lines.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "pnpm-lock.yaml"; }

std::string_view WithoutPeers(std::string_view key) { return key.substr(0, key.find('(')); }

// A dependency's value is a version, or a whole key where it stands for another name.
std::string NodeOf(std::string_view name, std::string_view version) {
  const auto at = WithoutPeers(version).rfind('@');
  const bool whole = at != std::string_view::npos && at > 0;
  return whole ? std::string(version) : std::string(name) + "@" + std::string(version);
}

bool IsRuntime(std::string_view list) {
  return list == "dependencies" || list == "optionalDependencies";
}

struct Entry {
  std::string key;
  bool dev = false;
  bool named = false;  // its key does not say its name: it is from git, a folder or an address
};

class Packages final : public JsonVisitor {
 public:
  explicit Packages(LockBuilder& out) : out_(out) {}

  void Begin(const JsonPath& path, bool /*is_object*/) override {
    if (path.size() == 2 && path[0] == "packages") entries_.push_back({.key = path[1]});
    if (path.size() == 2 && path[0] == "snapshots") AddSnapshot(path[1]);
  }
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() == 1 && path[0] == "lockfileVersion") {
      version_ = std::move(text);
      return;
    }
    // "key:" without anything, as some snapshots are.
    if (path.size() == 2) Begin(path, true);
    if (path.size() == 3 && path[0] == "packages" && !entries_.empty()) {
      if (path[2] == "dev") entries_.back().dev = text == "true";
      if (path[2] == "name") entries_.back().named = true;
    } else if (path.size() == 5 && path[0] == "importers" && IsRuntime(path[2]) &&
               path[4] == "version") {
      reach_.AddRoot(NodeOf(path[3], text));
    } else if (path.size() == 4 && path[0] == "snapshots" && IsRuntime(path[2])) {
      reach_.AddEdge(path[1], NodeOf(path[3], text));
    }
  }

  void Finish();

 private:
  // What the keys of "packages" are called in the graph.
  static std::string Base(std::string_view key) { return "=" + std::string(WithoutPeers(key)); }
  void AddSnapshot(const std::string& key) {
    has_graph_ = true;
    reach_.AddEdge(key, Base(key));
  }
  void AddEntry(const Entry& entry);

  LockBuilder& out_;
  std::string version_;
  std::vector<Entry> entries_;
  Reach reach_;
  bool has_graph_ = false;
};

void Packages::AddEntry(const Entry& entry) {
  std::string_view key = entry.key;
  const bool slashes = version_.starts_with('5');
  const bool registry = key.starts_with('/');
  if (registry) key.remove_prefix(1);
  if (slashes) {
    // Another registry's key begins with its host.
    if (!registry) key.remove_prefix(std::min(key.size(), key.find('/') + 1));
  } else {
    key = WithoutPeers(key);
  }
  const auto end = key.rfind(slashes ? '/' : '@');
  if (entry.named || entry.key.starts_with("file:") || end == std::string_view::npos || end == 0) {
    return out_.LeaveOut();
  }
  const std::string_view name = key.substr(0, end);
  std::string_view version = key.substr(end + 1);
  if (slashes) version = version.substr(0, version.find('_'));
  // An address or a folder.
  if (version.find_first_of(":/") != std::string_view::npos) return out_.LeaveOut();
  const bool dev = has_graph_ ? !reach_.Has(Base(entry.key)) : entry.dev;
  out_.Add(std::string(name), std::string(version), dev ? Use::kDevelopment : Use::kRuntime);
}

void Packages::Finish() {
  const auto major = version_.substr(0, version_.find('.'));
  if (major != "5" && major != "6" && major != "9") {
    out_.Fail("has lockfileVersion \"" + text::Truncate(text::Printable(version_), 32) +
              "\", which this version does not know");
    return;
  }
  reach_.Run();
  for (const Entry& entry : entries_) AddEntry(entry);
}

void Read(std::string_view bytes, LockBuilder& out) {
  Packages packages(out);
  if (auto read = StreamYaml(bytes, packages); !read) out.Fail(read.error().message);
  packages.Finish();
}

constexpr LockFormat kFormat = {
    .name = "pnpm-lock", .type = "npm", .version = 1, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource PnpmLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
