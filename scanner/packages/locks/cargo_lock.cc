// Cargo.lock (The Cargo Book; cargo/core/resolver/encode.rs), versions 1 to 4: [[package]] with a
// source.
//
// Without a source a package is the project's own, or a folder of it; git has no published version.
// Cargo records neither what is for development nor for which target.
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"
#include "scanner/packages/locks/toml_stream.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "Cargo.lock"; }

bool IsPackage(const JsonPath& path) {
  return path.size() == 2 && path[0] == "package" && path[1].empty();
}

void AddPackage(const Record& package, LockBuilder& out) {
  const std::string_view source = package["source"];
  if (source.empty()) return;
  if (source.starts_with("git+")) return out.LeaveOut();
  out.Add(std::string(package["name"]), std::string(package["version"]));
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"name", "version", "source"},
                        [&](const Record& package) { AddPackage(package, out); });
  if (auto read = StreamToml(bytes, visitor); !read) out.Fail(read.error().message);
}

constexpr LockFormat kFormat = {
    .name = "cargo-lock", .type = "cargo", .version = 1, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource CargoLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
