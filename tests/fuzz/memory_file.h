// A spooled file in memory, behind which a source may put what it unpacks.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "scanner/packages/file_window.h"
#include "tests/fuzz/check_reading.h"

namespace landwaiter::packages {

class MemoryScratch final : public ScratchSpace {
 public:
  MemoryScratch(const std::uint8_t* data, std::size_t size)
      : bytes_(reinterpret_cast<const char*>(data), size) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> ReadAt(std::uint64_t offset, char* buffer, std::size_t count) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t n = std::min<std::size_t>(count, bytes_.size() - offset);
    std::memcpy(buffer, bytes_.data() + offset, n);
    return n;
  }
  Status Append(std::string_view bytes) override {
    // A small input may unpack to much; the target's memory is bounded.
    if (bytes_.size() + bytes.size() > (64u << 20)) return ResourceExhausted("the scratch is full");
    bytes_ += bytes;
    return Ok();
  }
  Status Truncate(std::uint64_t size) override {
    bytes_.resize(std::min<std::size_t>(size, bytes_.size()));
    return Ok();
  }

 private:
  std::string bytes_;
};

/// Parses `data` as a spooled file at `path`, whatever its source thinks of its head.
inline void FuzzSpooled(std::string_view source, std::string_view path, const std::uint8_t* data,
                        std::size_t size) {
  for (const PackageSource& row : AllSources()) {
    if (row.name != source) continue;
    MemoryScratch scratch(data, size);
    FileWindow file(scratch, 0, size);
    if (row.wants_head != nullptr) {
      row.wants_head({reinterpret_cast<const char*>(data), std::min(size, kHeadBytes)});
    }
    const FileFacts facts{.path = path, .mode = 0755, .size = size};
    CheckReading(row.parse(facts, {.file = &file, .scratch = &scratch}), source, path);
    Require(scratch.size() == size);
  }
}

}  // namespace landwaiter::packages
