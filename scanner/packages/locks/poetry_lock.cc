// poetry.lock (poetry, src/poetry/packages/locker.py): [[package]] with "category" before lock
// version 2.0, "groups" since 2.1; in between nothing says what is for development.
//
// Packages from git, a folder, a file or an address have no published version; those of another
// index ("legacy") do.
#include "lib/base/text.h"
#include "lib/base/toml.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "poetry.lock"; }

bool IsPackage(const JsonPath& path) {
  return path.size() == 2 && path[0] == "package" && path[1].empty();
}

Use UseOf(const Record& package) {
  if (package["category"] == "dev") return Use::kDevelopment;
  const std::string_view groups = package["groups"];
  if (groups.empty()) return Use::kRuntime;
  for (const std::string_view group : text::Split(groups, ',')) {
    if (group == "main") return Use::kRuntime;
  }
  return Use::kDevelopment;
}

void AddPackage(const Record& package, LockBuilder& out) {
  const std::string_view source = package["source/type"];
  if (!source.empty() && source != "legacy") return out.LeaveOut();
  out.Add(std::string(package["name"]), std::string(package["version"]), UseOf(package));
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"name", "version", "category", "groups", "source/type"},
                        [&](const Record& package) { AddPackage(package, out); },
                        {"metadata", "package"});
  if (auto read = StreamToml(bytes, visitor); !read) out.Fail(read.error().message);
  if (!visitor.HasTop()) out.Fail("is no poetry.lock: it has neither metadata nor packages");
}

constexpr LockFormat kFormat = {
    .name = "poetry-lock", .type = "pypi", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource PoetryLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
