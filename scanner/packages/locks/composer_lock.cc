// composer.lock (Composer, "Basic usage"; src/Composer/Package/Locker.php): "packages" and
// "packages-dev". Versions stay as written ("v5.4.0", "dev-main").
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

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"name", "version"}, [&](const Record& package) {
    const Use use = package.at()[0] == "packages" ? Use::kRuntime : Use::kDevelopment;
    out.Add(std::string(package["name"]), std::string(package["version"]), use);
  });
  if (auto read = StreamJson(bytes, visitor); !read) {
    out.Fail(read.error().message);
  } else if (!visitor.is_object()) {
    out.Fail("is no JSON object");
  }
}

constexpr LockFormat kFormat = {
    .name = "composer-lock", .type = "composer", .version = 1, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource ComposerLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
