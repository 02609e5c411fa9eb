// Pipfile.lock (pipenv, "Pipfile.lock"): "default", "develop" and further categories, each
// {name: {"version": "==1.2.3"}}.
//
// Packages from git, a folder or an address have no published version.
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "Pipfile.lock"; }

bool IsPackage(const JsonPath& path) { return path.size() == 2 && path[0] != "_meta"; }

void AddPackage(const Record& package, LockBuilder& out) {
  std::string_view version = package["version"];
  if (!version.starts_with("==")) return out.LeaveOut();
  version.remove_prefix(version.starts_with("===") ? 3 : 2);
  const Use use = package.at()[0] == "develop" ? Use::kDevelopment : Use::kRuntime;
  out.Add(package.key(), std::string(version), use);
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"version"},
                        [&](const Record& package) { AddPackage(package, out); },
                        {"_meta", "default"});
  if (auto read = StreamJson(bytes, visitor); !read) {
    out.Fail(read.error().message);
  } else if (!visitor.is_object()) {
    out.Fail("is no JSON object");
  } else if (!visitor.HasTop()) {
    out.Fail("is no Pipfile.lock: it has neither \"_meta\" nor \"default\"");
  }
}

constexpr LockFormat kFormat = {
    .name = "pipfile-lock", .type = "pypi", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource PipfileLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
