// Swift packages that were built in the image: .build/workspace-state.json of the Swift Package
// Manager (its Sources/Workspace/Workspace+State.swift, versions 1 to 7), which lists what stands
// in .build/checkouts.
//
// A compiled program leaves no record of its packages: an image that holds the program alone has
// nothing to read, and nothing is said of it. Package.resolved is a lock file:
// locks/swift_resolved.cc.
#include <utility>

#include "scanner/packages/json_stream.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"
#include "scanner/packages/swift_location.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "swift";
// A dependency is some 600 bytes: 20,000 of them.
constexpr std::uint64_t kMaxStateBytes = 16u << 20;

Need Wants(const FileFacts& facts) {
  return IsSwiftState(facts.path) ? Need::kContent : Need::kNothing;
}

class State final : public JsonVisitor {
 public:
  explicit State(ReadingBuilder& out) : out_(out) {}

  void Begin(const JsonPath& path, bool is_object) override {
    if (path.size() == 2 && path[0] == "object" && path[1] == "dependencies" && !is_object) {
      has_list_ = true;
    }
    if (IsDependency(path)) dependency_ = {};
  }
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() < 5 || path[0] != "object" || path[1] != "dependencies") return;
    const std::string& last = path.back();
    if (path.size() == 5 && path[3] == "packageRef") {
      // "path" before version 5.
      if (last == "location" || last == "path")
        dependency_.location = std::move(text);
      else if (last == "kind")
        dependency_.kind = std::move(text);
    } else if (path.size() == 5 && path[3] == "state") {
      if (last == "name")
        dependency_.state = std::move(text);
      else if (last == "version")
        dependency_.version = std::move(text);
    } else if (path.size() == 6 && path[3] == "state" && path[4] == "checkoutState") {
      if (last == "version")
        dependency_.version = std::move(text);
      else if (last == "revision")
        dependency_.revision = std::move(text);
    }
  }
  void End(const JsonPath& path) override {
    if (IsDependency(path)) AddPackage();
  }

  bool has_list() const { return has_list_; }

 private:
  struct Dependency {
    std::string location;
    std::string kind;
    std::string state;
    std::string version;
    std::string revision;  // of a branch or a commit, which has no version
  };

  static bool IsDependency(const JsonPath& path) {
    return path.size() == 3 && path[0] == "object" && path[1] == "dependencies";
  }

  // Folders of the project itself, repositories on the disk and what somebody has edited are no
  // published packages.
  void AddPackage() {
    const std::string& kind = dependency_.kind;
    if (kind != "remote" && kind != "remoteSourceControl" && kind != "registry") return;
    if (dependency_.state == "edited") return;
    std::string& version = dependency_.version.empty() ? dependency_.revision : dependency_.version;
    Package package{.type = "swift",
                    .name = NameOfSwiftLocation(dependency_.location),
                    .version = std::move(version)};
    package.source_name = package.name;
    package.source_version = package.version;
    out_.Add(std::move(package));
  }

  ReadingBuilder& out_;
  bool has_list_ = false;
  Dependency dependency_;
};

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kDatabase);
  State state(out);
  if (auto read = StreamJson(content.bytes, state); !read) {
    out.Fail(read.error().message);
  } else if (!state.has_list()) {
    out.Fail("holds no list of dependencies");
  }
  return out.Take();
}

}  // namespace

PackageSource SwiftSource() {
  return {.name = kName,
          .version = 1,
          .max_bytes = kMaxStateBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
