#include "scanner/packages/cargo_audit.h"

#include <string>
#include <utility>

#include "scanner/packages/json_stream.h"

namespace landwaiter::packages {
namespace {

// {"packages": [{"name": …, "version": …, "source": …, "kind": …, "root": …}], "format": …}
class Crates final : public JsonVisitor {
 public:
  explicit Crates(ReadingBuilder& out) : out_(out) {}

  void Begin(const JsonPath& path, bool is_object) override {
    if (path.empty()) is_object_ = is_object;
    if (path.size() == 1 && path[0] == "packages" && !is_object) has_list_ = true;
    if (IsCrate(path)) crate_ = {};
  }
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() != 3 || path[0] != "packages") return;
    if (path[2] == "name")
      crate_.name = std::move(text);
    else if (path[2] == "version")
      crate_.version = std::move(text);
    else if (path[2] == "kind")
      crate_.kind = std::move(text);
  }
  void End(const JsonPath& path) override {
    if (!IsCrate(path) || crate_.kind == "build") return;
    Package package{
        .type = "cargo", .name = std::move(crate_.name), .version = std::move(crate_.version)};
    package.source_name = package.name;
    package.source_version = package.version;
    out_.Add(std::move(package));
  }

  bool whole() const { return is_object_ && has_list_; }

 private:
  struct Crate {
    std::string name;
    std::string version;
    std::string kind;
  };
  static bool IsCrate(const JsonPath& path) { return path.size() == 2 && path[0] == "packages"; }

  ReadingBuilder& out_;
  bool is_object_ = false;
  bool has_list_ = false;
  Crate crate_;
};

}  // namespace

void ParseCargoAudit(std::string_view json, ReadingBuilder& out) {
  Crates crates(out);
  if (auto read = StreamJson(json, crates); !read) {
    out.Fail("has a list of crates (.dep-v0) that " + read.error().message);
  } else if (!crates.whole()) {
    out.Fail("has a list of crates (.dep-v0) without \"packages\"");
  }
}

}  // namespace landwaiter::packages
