// Podfile.lock (CocoaPods Core, lib/cocoapods-core/lockfile.rb): YAML, "PODS" a list of
// "Name (1.2.3)", as a key where a pod has dependencies.
//
// Subspecs ("Name/Part") have the version of their pod and are listed as it. Pods of
// "EXTERNAL SOURCES" (git, a folder, a podspec elsewhere) have no published version.
#include <set>
#include <utility>
#include <vector>

#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/locks/yaml_lines.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "Podfile.lock"; }

class Pods final : public JsonVisitor {
 public:
  explicit Pods(LockBuilder& out) : out_(out) {}

  void Begin(const JsonPath& path, bool /*is_object*/) override {
    if (path.size() == 1 && path[0] == "PODS") has_list_ = true;
    if (path.size() == 3 && path[0] == "PODS") AddPod(path[2]);
    if (path.size() == 2 && path[0] == "EXTERNAL SOURCES") external_.insert(path[1]);
  }
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() == 1 && path[0] == "PODS") has_list_ = true;
    if (path.size() == 2 && path[0] == "PODS") AddPod(text);
  }
  void Finish() {
    if (!has_list_) out_.Fail("holds no list of pods");
    for (const auto& [name, version] : pods_) {
      if (external_.contains(name)) {
        out_.LeaveOut();
      } else {
        out_.Add(name, version);
      }
    }
  }

 private:
  void AddPod(std::string_view text) {
    const auto open = text.find(" (");
    if (open == std::string_view::npos || !text.ends_with(')')) {
      return out_.Fail("lists a pod without a version");
    }
    const std::string_view name = text.substr(0, open);
    pods_.emplace(std::string(name.substr(0, name.find('/'))),
                  std::string(text.substr(open + 2, text.size() - open - 3)));
  }

  LockBuilder& out_;
  std::set<std::pair<std::string, std::string>> pods_;
  std::set<std::string> external_;
  bool has_list_ = false;
};

void Read(std::string_view bytes, LockBuilder& out) {
  Pods pods(out);
  if (auto read = StreamYaml(bytes, pods); !read) out.Fail(read.error().message);
  pods.Finish();
}

constexpr LockFormat kFormat = {
    .name = "podfile-lock", .type = "cocoapods", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource PodfileLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
