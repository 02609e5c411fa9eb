// pubspec.lock (dart.dev, "Package dependencies: lockfiles"; pub/lib/src/lock_file.dart):
// "packages" by name, in YAML. What comes with the SDK or a folder is no package of its own; git
// has no published version. Only direct dependencies are marked as for development.
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/locks/yaml_lines.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "pubspec.lock"; }

bool IsPackage(const JsonPath& path) { return path.size() == 2 && path[0] == "packages"; }

void AddPackage(const Record& package, LockBuilder& out) {
  const std::string_view source = package["source"];
  if (source == "sdk" || source == "path") return;
  if (source != "hosted") return out.LeaveOut();
  const std::string_view name = package["description/name"];
  const Use use = package["dependency"] == "direct dev" ? Use::kDevelopment : Use::kRuntime;
  out.Add(name.empty() ? package.key() : std::string(name), std::string(package["version"]), use);
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"source", "version", "dependency", "description/name"},
                        [&](const Record& package) { AddPackage(package, out); },
                        {"packages", "sdks"});
  if (auto read = StreamYaml(bytes, visitor); !read) out.Fail(read.error().message);
  if (!visitor.HasTop()) out.Fail("is no pubspec.lock: it has neither packages nor sdks");
}

constexpr LockFormat kFormat = {
    .name = "pubspec-lock", .type = "pub", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource PubspecLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
