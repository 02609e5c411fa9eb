// pnpm-lock.yaml (pnpm/spec, lockfile/5.2.md, 6.0.md and 9.0.md): "packages" by a key that holds
// name and version: "/@a/b/1.0.0_peers" in version 5, "/@a/b@1.0.0(peers)" in 6, "@a/b@1.0.0" in 9.
// Up to 6 another registry's key begins with its host instead of '/'.
//
// Since pnpm 11 a file is two documents: what pnpm itself needs, then the project. All are read,
// the first one's packages being for development: no dependency reaches them.
//
// Packages from git, a folder or an address have no published version. Up to version 6 an entry is
// marked "dev"; in version 9 that is the file's graph: whatever no dependency, optional one
// included, of an importer reaches.
#include <algorithm>
#include <optional>
#include <utility>
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

// A dependency's value is a version or an address, or a whole key where it stands for another name
// (pnpm, deps/path, refToRelative).
std::string NodeOf(std::string_view name, std::string_view version) {
  const auto at = version.find('@');
  const bool whole = at != std::string_view::npos && at < version.find_first_of(":(");
  return whole ? std::string(version) : std::string(name) + "@" + std::string(version);
}

// An address may be a key as it is, without a name before it.
bool IsAddress(std::string_view version) { return version.find("://") != std::string_view::npos; }

bool IsRuntime(std::string_view list) {
  return list == "dependencies" || list == "optionalDependencies";
}

struct Entry {
  std::string key;
  bool dev = false;
  // Where it is not the usual registry's.
  std::string name = {};
  std::string version = {};
};

struct KeyParts {
  std::string_view name;
  std::string_view version;  // or an address
};
// nullopt where the key is an address or a folder.
std::optional<KeyParts> PartsOf(std::string_view key, std::string_view major) {
  if (key.starts_with("file:")) return {};
  if (key.starts_with('/')) {
    key.remove_prefix(1);
  } else if (major != "9") {
    key.remove_prefix(std::min(key.size(), key.find('/') + 1));  // its registry's host
  }
  const bool slashes = major == "5";
  if (!slashes) key = WithoutPeers(key);
  const auto end = slashes ? key.rfind('/') : key.find('@', 1);
  if (end == std::string_view::npos || end == 0) return {};
  KeyParts parts{key.substr(0, end), key.substr(end + 1)};
  if (slashes) parts.version = parts.version.substr(0, parts.version.find('_'));
  if (parts.version.find_first_of(":/") != std::string_view::npos) return {};
  return parts;
}

class Packages final : public JsonVisitor {
 public:
  explicit Packages(LockBuilder& out) : out_(out) {}

  void Begin(const JsonPath& path, bool /*is_object*/) override {
    if (path.size() == 2 && path[0] == "packages") document_.entries.push_back({.key = path[1]});
    if (path.size() == 2 && path[0] == "snapshots") AddSnapshot(path[1]);
  }
  void End(const JsonPath& path) override {
    if (path.empty()) FinishDocument();
  }
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() == 1) {
      if (path[0] == "lockfileVersion") document_.version = std::move(text);
      return;
    }
    // "key:" without anything, as some snapshots are.
    if (path.size() == 2) Begin(path, true);
    if (path.size() == 3 && path[0] == "packages" && !document_.entries.empty()) {
      SetField(path[2], std::move(text));
    } else if (path.size() == 5 && path[0] == "importers" && IsRuntime(path[2]) &&
               path[4] == "version") {
      document_.reach.AddRoot(NodeOf(path[3], text));
      if (IsAddress(text)) document_.reach.AddRoot(text);
    } else if (path.size() == 4 && path[0] == "snapshots" && IsRuntime(path[2])) {
      document_.reach.AddEdge(path[1], NodeOf(path[3], text));
      if (IsAddress(text)) document_.reach.AddEdge(path[1], text);
    }
  }

  /// Where the text breaks off no document ends.
  void Finish() {
    if (!document_.entries.empty() || !finished_) FinishDocument();
  }

 private:
  // What the keys of "packages" are called in the graph.
  static std::string Base(std::string_view key) { return "=" + std::string(WithoutPeers(key)); }
  std::string_view Major() const {
    return std::string_view(document_.version).substr(0, document_.version.find('.'));
  }
  void AddSnapshot(const std::string& key) {
    document_.has_graph = true;
    document_.reach.AddEdge(key, Base(key));
  }
  void SetField(std::string_view field, std::string text) {
    Entry& entry = document_.entries.back();
    if (field == "dev") {
      entry.dev = text == "true";
    } else if (field == "name") {
      entry.name = std::move(text);
    } else if (field == "version") {
      entry.version = std::move(text);
    }
  }
  void AddEntry(const Entry& entry);
  void FinishDocument();

  struct Document {
    std::string version;
    std::vector<Entry> entries;
    Reach reach;
    bool has_graph = false;
  };

  LockBuilder& out_;
  Document document_;
  bool finished_ = false;  // one of them
};

void Packages::AddEntry(const Entry& entry) {
  const auto parts = PartsOf(entry.key, Major());
  if (!parts) return out_.LeaveOut();
  // Of git a key may look like a registry's, but its fields say otherwise.
  const bool other = (!entry.name.empty() && entry.name != parts->name) ||
                     (!entry.version.empty() && entry.version != parts->version);
  if (other) return out_.LeaveOut();
  const bool dev = document_.has_graph ? !document_.reach.Has(Base(entry.key)) : entry.dev;
  out_.Add(std::string(parts->name), std::string(parts->version),
           dev ? Use::kDevelopment : Use::kRuntime);
}

void Packages::FinishDocument() {
  finished_ = true;
  const std::string_view major = Major();
  if (major == "5" || major == "6" || major == "9") {
    document_.reach.Run();
    for (const Entry& entry : document_.entries) AddEntry(entry);
  } else {
    out_.FailUnknownVersion("lockfileVersion", document_.version);
  }
  document_ = {};
}

void Read(std::string_view bytes, LockBuilder& out) {
  Packages packages(out);
  if (auto read = StreamYaml(bytes, packages, Documents::kAll); !read)
    out.Fail(read.error().message);
  packages.Finish();
}

constexpr LockFormat kFormat = {
    .name = "pnpm-lock", .type = "npm", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource PnpmLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
