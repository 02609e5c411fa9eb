// uv.lock (uv, "Locking and syncing"; crates/uv-resolver/src/lock): [[package]] with a source.
//
// The project and its workspace ("virtual", "editable") are no packages; git, a folder and an
// address have no published version. What is for development is the file's graph: whatever no
// dependency, optional one included, of the project reaches. Script locks ("x.py.lock") have the
// same form, and no project: all of theirs is for running.
#include <vector>

#include "lib/base/text.h"
#include "lib/base/toml.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/reach.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) {
  const std::string_view base = BaseName(path);
  return base == "uv.lock" || base.ends_with(".py.lock");
}

class Packages final : public JsonVisitor {
 public:
  explicit Packages(LockBuilder& out) : out_(out) {}

  void Begin(const JsonPath& path, bool /*is_object*/) override {
    if (IsPackage(path)) package_ = {};
  }
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() == 1 && path[0] == "version") has_version_ = true;
    if (path.size() < 3 || path[0] != "package") return;
    const std::string& field = path[2];
    if (path.size() == 3) {
      if (field == "name") {
        package_.name = std::move(text);
      } else if (field == "version") {
        package_.version = std::move(text);
      }
    } else if (field == "source" && path.size() == 4) {
      package_.source = path[3];
    } else if (path.back() == "name" &&
               (field == "dependencies" || field == "optional-dependencies")) {
      package_.needs.push_back(std::move(text));
    }
  }
  void End(const JsonPath& path) override {
    if (!IsPackage(path)) return;
    for (const std::string& name : package_.needs) reach_.AddEdge(package_.name, name);
    const std::string& source = package_.source;
    if (source == "virtual" || source == "editable") {
      reach_.AddRoot(package_.name);
      has_project_ = true;
    } else if (source != "registry" && !source.empty()) {
      out_.LeaveOut();
    } else {
      found_.emplace_back(std::move(package_.name), std::move(package_.version));
    }
  }
  void Finish() {
    if (!has_version_) out_.Fail("is no uv.lock: it has no version");
    reach_.Run();
    for (auto& [name, version] : found_) {
      const bool runtime = !has_project_ || reach_.Has(name);
      out_.Add(std::move(name), std::move(version), runtime ? Use::kRuntime : Use::kDevelopment);
    }
  }

 private:
  struct Package {
    std::string name;
    std::string version;
    std::string source;  // the key of its inline table
    std::vector<std::string> needs;
  };
  static bool IsPackage(const JsonPath& path) {
    return path.size() == 2 && path[0] == "package" && path[1].empty();
  }

  LockBuilder& out_;
  Package package_;
  Reach reach_;
  bool has_project_ = false;
  bool has_version_ = false;
  std::vector<std::pair<std::string, std::string>> found_;
};

void Read(std::string_view bytes, LockBuilder& out) {
  Packages packages(out);
  if (auto read = StreamToml(bytes, packages); !read) out.Fail(read.error().message);
  packages.Finish();
}

constexpr LockFormat kFormat = {
    .name = "uv-lock", .type = "pypi", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource UvLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
