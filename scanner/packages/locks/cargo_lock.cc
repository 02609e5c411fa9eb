// Cargo.lock (The Cargo Book; cargo/core/resolver/encode.rs), versions 1 to 4: [[package]] with a
// source.
//
// Without a source a package is the project's own, or a folder of it; git has no published version,
// and what another registry than crates.io calls by a name is another package.
// Cargo records neither what is for development nor for which target.
#include <algorithm>
#include <array>

#include "lib/base/toml.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/records.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) { return BaseName(path) == "Cargo.lock"; }

bool IsPackage(const JsonPath& path) {
  return path.size() == 2 && path[0] == "package" && path[1].empty();
}

// The second is written by cargo where its own configuration names it.
constexpr std::array<std::string_view, 2> kCratesIo = {
    "registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"};
constexpr std::array<std::string_view, 4> kVersions = {"1", "2", "3", "4"};

void AddPackage(const Record& package, LockBuilder& out) {
  const std::string_view source = package["source"];
  if (source.empty()) return;
  const bool elsewhere = std::find(kCratesIo.begin(), kCratesIo.end(), source) == kCratesIo.end();
  if (elsewhere && !package["name"].empty()) return out.LeaveOut();
  out.Add(std::string(package["name"]), std::string(package["version"]));
}

void Read(std::string_view bytes, LockBuilder& out) {
  RecordVisitor visitor(IsPackage, {"name", "version", "source"},
                        [&](const Record& package) { AddPackage(package, out); },
                        {"version", "package", "root"});
  if (auto read = StreamToml(bytes, visitor); !read) out.Fail(read.error().message);
  if (!visitor.HasTop()) out.Fail("is no Cargo.lock: it has neither a version nor packages");
  const auto version = visitor.Top("version");
  const bool known =
      !version || std::find(kVersions.begin(), kVersions.end(), *version) != kVersions.end();
  if (!known) out.FailUnknownVersion("version", *version);
}

constexpr LockFormat kFormat = {
    .name = "cargo-lock", .type = "cargo", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource CargoLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
