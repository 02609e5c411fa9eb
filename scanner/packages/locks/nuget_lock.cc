// packages.lock.json (NuGet, "Locking dependencies"; versions 1 and 2): "dependencies" by target
// framework, each by name. Projects are the solution's own.
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) {
  const std::string_view base = BaseName(path);
  return base == "packages.lock.json" ||
         (base.starts_with("packages.") && base.ends_with(".lock.json"));
}

bool IsPackage(const JsonPath& path) { return path.size() == 3 && path[0] == "dependencies"; }

void AddPackage(const Record& package, LockBuilder& out) {
  if (package["type"] == "Project") return;
  if (package["resolved"].empty()) return out.LeaveOut();
  out.Add(package.key(), std::string(package["resolved"]));
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"type", "resolved"},
                        [&](const Record& package) { AddPackage(package, out); },
                        {"version", "dependencies"});
  if (auto read = StreamJson(bytes, visitor); !read) {
    out.Fail(read.error().message);
  } else if (!visitor.is_object()) {
    out.Fail("is no JSON object");
  } else if (!visitor.HasTop()) {
    out.Fail("is no lock file of NuGet: it has neither a version nor dependencies");
  }
}

constexpr LockFormat kFormat = {
    .name = "nuget-lock", .type = "nuget", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource NugetLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
