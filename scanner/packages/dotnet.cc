// NuGet packages of .NET programs: NAME.deps.json beside the program (dotnet/sdk, "Runtime
// Configuration Files": appname.deps.json).
//
// "libraries" says what each library is, "targets" which files it brought. What brought none was
// never deployed: metapackages, and packages that the framework replaces, which the SDK itself
// leaves out since .NET 10. Projects are the program's own code, references are what it was
// compiled against. A runtime pack is the runtime of a self-contained program; a shared runtime has
// a deps.json of its own. Not handled: programs published as a single file, which hold it within.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "scanner/packages/json_stream.h"
#include "scanner/packages/language_paths.h"
#include "scanner/packages/rows.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kName = "dotnet";
// A library is some 1 KB: 16,000 libraries.
constexpr std::uint64_t kMaxDepsBytes = 16u << 20;

Need Wants(const FileFacts& facts) {
  return IsDotnetRecord(facts.path) ? Need::kContent : Need::kNothing;
}

// Groups of files that stand beside the program.
bool IsDeployed(std::string_view group) {
  constexpr std::array<std::string_view, 4> kGroups = {"runtime", "native", "resources",
                                                       "runtimeTargets"};
  return std::find(kGroups.begin(), kGroups.end(), group) != kGroups.end();
}

class Dependencies final : public JsonVisitor {
 public:
  void Begin(const JsonPath& path, bool is_object) override {
    if (path.size() == 1 && path[0] == "libraries") has_libraries_ = is_object;
    if (path.size() < 3 || path[0] != "targets") return;
    if (path.size() == 3) has_targets_ = true;
    // "lib/net6.0/_._" stands for a folder that is empty on purpose.
    if (path.size() == 5 && IsDeployed(path[3]) && BaseName(path[4]) != "_._" &&
        deployed_.size() < kMaxPackagesPerFile) {
      deployed_.insert(path[2]);
    }
  }
  void Text(const JsonPath& path, std::string text) override {
    if (path.size() != 3 || path[0] != "libraries" || path[2] != "type") return;
    if (text != "package" && text != "runtimepack") return;
    if (libraries_.size() <= kMaxPackagesPerFile) libraries_.insert(path[1]);
  }

  bool has_libraries() const { return has_libraries_; }

  void AddPackages(ReadingBuilder& out) const {
    for (std::string_view library : libraries_) {
      if (has_targets_ && !deployed_.contains(library)) continue;
      constexpr std::string_view kRuntimePack = "runtimepack.";
      if (library.starts_with(kRuntimePack)) library.remove_prefix(kRuntimePack.size());
      const std::size_t slash = std::min(library.find('/'), library.size());
      Package package{.type = "nuget",
                      .name = std::string(library.substr(0, slash)),
                      .version = std::string(library.substr(std::min(slash + 1, library.size())))};
      package.source_name = package.name;
      package.source_version = package.version;
      out.Add(std::move(package));
    }
  }

 private:
  bool has_libraries_ = false;
  bool has_targets_ = false;
  std::set<std::string, std::less<>> libraries_;  // "NAME/VERSION", packages alone
  std::set<std::string, std::less<>> deployed_;
};

FileReading Parse(const FileFacts& facts, const FileContent& content) {
  ReadingBuilder out(kName, facts.path, ReadingKind::kDatabase);
  Dependencies dependencies;
  if (auto read = StreamJson(content.bytes, dependencies); !read) {
    out.Fail(read.error().message);
  } else if (!dependencies.has_libraries()) {
    out.Fail("has no \"libraries\"");
  }
  dependencies.AddPackages(out);
  return out.Take();
}

}  // namespace

PackageSource DotnetSource() {
  return {.name = kName,
          .version = 2,
          .max_bytes = kMaxDepsBytes,
          .wants = Wants,
          .wants_head = nullptr,
          .parse = Parse,
          .well_known = {}};
}

}  // namespace landwaiter::packages
