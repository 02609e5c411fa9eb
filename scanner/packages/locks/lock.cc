#include "scanner/packages/locks/lock.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"
#include "scanner/packages/plain_text.h"

namespace landwaiter::packages {
namespace {

// Folders that package managers fill: a lock file there is its author's, and not followed by
// whoever installed the package.
constexpr std::array<std::string_view, 8> kInstalledInto = {
    "node_modules", "bower_components", "site-packages", "dist-packages", "vendor",
    "Pods",         ".cargo",           ".pub-cache"};
// Go's module cache.
constexpr std::string_view kModuleCache = "pkg/mod/";
// What a checkout without Git LFS has in a file's place (git-lfs, docs/spec.md, "The Pointer").
constexpr std::string_view kLfsPointer = "version https://git-lfs.github.com/spec/";

// "gems/3.3.0/gems": a folder of that name may also be an application's own.
bool IsGemHome(std::string_view before, std::string_view part) {
  return part == "gems" && !before.empty() && before[0] >= '0' && before[0] <= '9';
}

}  // namespace

bool IsOwnManifest(std::string_view path) {
  const std::string_view folder = DirName(path);
  if (folder.empty()) return true;
  const auto cache = path.find(kModuleCache);
  if (cache != std::string_view::npos && (cache == 0 || path[cache - 1] == '/')) return false;
  std::string_view before;
  for (const std::string_view part : text::Split(folder, '/')) {
    if (std::find(kInstalledInto.begin(), kInstalledInto.end(), part) != kInstalledInto.end()) {
      return false;
    }
    if (IsGemHome(before, part)) return false;
    before = part;
  }
  return true;
}

void ReadLock(const LockFormat& format, std::string_view bytes, LockBuilder& out) {
  const PlainText text(bytes);
  if (text.view().starts_with(kLfsPointer)) {
    return out.Fail("is a pointer of Git LFS to the file, not the file");
  }
  if (text.binary()) return out.Fail("holds a zero byte: it is no text");
  if (text.blank() && !format.may_be_empty) return out.Fail("is empty");
  format.read(text.view(), out);
}

LockBuilder::LockBuilder(std::string_view source, std::string_view path, std::string_view type)
    : type_(type), out_(source, path, ReadingKind::kDatabase) {}

void LockBuilder::Add(std::string name, std::string version, Use use) {
  const auto known = packages_.find({name, version});
  if (known != packages_.end()) {
    if (use == Use::kRuntime) known->second = use;
    return;
  }
  if (packages_.size() >= kMaxPackagesPerFile) {
    Fail("declares more than " + std::to_string(kMaxPackagesPerFile) + " packages");
    return;
  }
  packages_.emplace(std::pair(std::move(name), std::move(version)), use);
}

void LockBuilder::FailUnknownVersion(std::string_view key, std::string_view version) {
  Fail("has " + std::string(key) + " \"" + text::Truncate(text::Printable(version), 32) +
       "\", which this version does not know");
}

void LockBuilder::LeaveOut() { ++left_out_; }

FileReading LockBuilder::Take() {
  for (auto& [key, use] : packages_) {
    Package package{.type = std::string(type_), .name = key.first, .version = key.second};
    package.source_name = package.name;
    package.source_version = package.version;
    package.dev = use == Use::kDevelopment;
    out_.Add(std::move(package));
  }
  FileReading reading = out_.Take();
  reading.left_out = left_out_;
  reading.residue = std::move(residue_);
  return reading;
}

}  // namespace landwaiter::packages
