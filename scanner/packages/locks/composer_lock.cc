// composer.lock (Composer, "Basic usage"; src/Composer/Package/Locker.php): "packages" and
// "packages-dev". Versions stay as written ("v5.4.0"). A branch ("dev-main", "2.x-dev") and a
// folder have no published version.
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "composer.lock"; }

bool IsPackage(const JsonPath& path) {
  return path.size() == 2 && path[1].empty() &&
         (path[0] == "packages" || path[0] == "packages-dev");
}

bool IsBranch(std::string_view version) {
  return version.starts_with("dev-") || version.ends_with(".x-dev");
}

void AddPackage(const Record& package, LockBuilder& out) {
  const std::string_view version = package["version"];
  if (package["dist/type"] == "path" || IsBranch(version)) return out.LeaveOut();
  const Use use = package.at()[0] == "packages" ? Use::kRuntime : Use::kDevelopment;
  out.Add(std::string(package["name"]), std::string(version), use);
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"name", "version", "dist/type"},
                        [&](const Record& package) { AddPackage(package, out); }, {"packages"});
  if (auto read = StreamJson(bytes, visitor); !read) {
    out.Fail(read.error().message);
  } else if (!visitor.is_object()) {
    out.Fail("is no JSON object");
  } else if (!visitor.HasTop()) {
    out.Fail("is no composer.lock: it has no list of packages");
  }
}

constexpr LockFormat kFormat = {
    .name = "composer-lock", .type = "composer", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource ComposerLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
