// pdm.lock (pdm, "Lock file"; lock_version 3 to 4): [[package]], once for each set of extras.
//
// "groups" are those that need a package; an optional dependency's group is no different from one
// for development, so only the group that pdm itself calls "dev" counts as that.
#include "lib/base/toml.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "pdm.lock"; }

bool IsPackage(const JsonPath& path) {
  return path.size() == 2 && path[0] == "package" && path[1].empty();
}

void AddPackage(const Record& package, LockBuilder& out) {
  for (const std::string_view field : {"git", "path", "url", "hg", "svn"}) {
    if (package.Has(field)) return out.LeaveOut();
  }
  const Use use = package["groups"] == "dev" ? Use::kDevelopment : Use::kRuntime;
  out.Add(std::string(package["name"]), std::string(package["version"]), use);
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"name", "version", "groups", "git", "path", "url", "hg", "svn"},
                        [&](const Record& package) { AddPackage(package, out); },
                        {"metadata", "package"});
  if (auto read = StreamToml(bytes, visitor); !read) out.Fail(read.error().message);
  if (!visitor.HasTop()) out.Fail("is no pdm.lock: it has neither metadata nor packages");
}

constexpr LockFormat kFormat = {
    .name = "pdm-lock", .type = "pypi", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource PdmLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
