// Fixtures for tests of package sources: files in memory, and the shared collection of real records
// where it is on this machine.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/packages/file_window.h"
#include "scanner/packages/source.h"

namespace landwaiter::packages {

class MemoryFile final : public ScratchSpace {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}
  Status Append(std::string_view bytes) override {
    bytes_ += bytes;
    return Ok();
  }
  Status Truncate(std::uint64_t size) override {
    bytes_.resize(std::min<std::size_t>(size, bytes_.size()));
    return Ok();
  }
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> ReadAt(std::uint64_t offset, char* buffer, std::size_t count) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t n = std::min<std::size_t>(count, bytes_.size() - offset);
    std::memcpy(buffer, bytes_.data() + offset, n);
    return n;
  }

 private:
  std::string bytes_;
};

inline const PackageSource& SourceNamed(std::string_view name) {
  for (const PackageSource& source : AllSources()) {
    if (source.name == name) return source;
  }
  std::abort();
}

inline FileFacts FactsOf(std::string_view path, std::uint64_t size) {
  return {.path = path, .mode = 0644, .uid = 0, .gid = 0, .size = size};
}

/// What `source` reads from a file with these bytes.
inline FileReading Read(std::string_view source, std::string_view path, std::string_view bytes) {
  return SourceNamed(source).parse(FactsOf(path, bytes.size()), {.bytes = bytes});
}

/// What `source` reads from a spooled file, behind which it may put what it unpacks.
inline FileReading ReadSpooled(std::string_view source, std::string_view path,
                               const std::string& bytes) {
  MemoryFile scratch(bytes);
  FileWindow file(scratch, 0, bytes.size());
  const FileReading reading =
      SourceNamed(source).parse(FactsOf(path, bytes.size()), {.file = &file, .scratch = &scratch});
  if (scratch.size() != bytes.size()) std::abort();  // it is given back as it was taken
  return reading;
}

inline FileReading ReadProgram(std::string_view path, const std::string& bytes) {
  return ReadSpooled("go", path, bytes);
}

/// A path at which each source that reads a file whole finds its record.
inline constexpr std::pair<const char*, const char*> kRecordPaths[] = {
    {"apk", "lib/apk/db/installed"},
    {"chisel", "var/lib/chisel/manifest.wall"},
    {"conda", "opt/conda/conda-meta/a-1-0.json"},
    {"content-sets", "root/buildinfo/content_manifests/a.json"},
    {"dotnet", "app/App.deps.json"},
    {"dpkg", "var/lib/dpkg/status"},
    {"erlang", "app/lib/a-1/ebin/a.app"},
    {"lua", "usr/lib/luarocks/rocks-5.1/a/1-1/a-1-1.rockspec"},
    {"npm", "node_modules/x/package.json"},
    {"opkg", "usr/lib/opkg/status"},
    {"pacman", "var/lib/pacman/local/a-1-1/desc"},
    {"php", "vendor/composer/installed.json"},
    {"portage", "var/db/pkg/app-misc/a-1/CONTENTS"},
    {"python", "x-1.dist-info/METADATA"},
    {"r", "usr/lib/R/library/a/DESCRIPTION"},
    {"ruby", "usr/lib/ruby/gems/3.3.0/specifications/a-1.gemspec"},
    {"swift", "build/.build/workspace-state.json"},
};

/// "name version" of each package.
inline std::vector<std::string> NamesOf(const FileReading& reading) {
  std::vector<std::string> names;
  for (const Package& package : reading.packages) {
    names.push_back(package.name + " " + package.version);
  }
  return names;
}

/// Sources that ask for a file, "" where none does.
inline std::string WantedBy(std::string_view path, std::uint64_t size = 1) {
  std::string names;
  for (const PackageSource& source : AllSources()) {
    if (source.wants(FactsOf(path, size)) == Need::kNothing) continue;
    if (!names.empty()) names += ",";
    names += source.name;
  }
  return names;
}

}  // namespace landwaiter::packages
