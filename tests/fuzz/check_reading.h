// What must hold of the reading of any bytes whatever; used by the fuzz targets of package sources.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "scanner/packages/source.h"

namespace landwaiter::packages {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

inline void RequireText(std::string_view text) {
  for (const char c : text) Require(c > 0x20 && c < 0x7f);
}

inline void CheckReading(const FileReading& reading, std::string_view source,
                         std::string_view path) {
  Require(reading.source == source && reading.path == path);
  const bool faulty =
      reading.state == ReadingState::kFailed || reading.state == ReadingState::kUnsupported;
  Require(faulty == !reading.reason.empty());
  Require(reading.state != ReadingState::kNotOurs || reading.packages.empty());
  for (const Package& package : reading.packages) {
    Require(!package.name.empty() && !package.version.empty() && !package.source_name.empty());
    RequireText(package.name);
    RequireText(package.version);
    RequireText(package.source_version);
    Require(package.path == path && package.found_by == source);
  }
}

class FuzzFile final : public RandomAccessFile {
 public:
  FuzzFile(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> ReadAt(std::uint64_t offset, char* buffer, std::size_t count) override {
    if (offset >= size_) return std::size_t{0};
    const std::size_t n = std::min<std::size_t>(count, size_ - offset);
    std::memcpy(buffer, data_ + offset, n);
    return n;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

/// Shows the bytes to `source` as a program.
inline void FuzzProgram(std::string_view source, const std::uint8_t* data, std::size_t size) {
  for (const PackageSource& row : AllSources()) {
    if (row.name != source) continue;
    FuzzFile file(data, size);
    row.wants_head({reinterpret_cast<const char*>(data), std::min(size, kHeadBytes)});
    const FileFacts facts{.path = "bin/a", .mode = 0755, .size = size};
    CheckReading(row.parse(facts, {.file = &file}), source, "bin/a");
  }
}

/// Parses `bytes` as the content of a file at `path`.
inline void FuzzContent(std::string_view source, std::string_view path, const std::uint8_t* data,
                        std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const PackageSource& row : AllSources()) {
    if (row.name != source) continue;
    const FileFacts facts{.path = path, .mode = 0644, .size = size};
    CheckReading(row.parse(facts, {.bytes = bytes}), source, path);
  }
}

}  // namespace landwaiter::packages
