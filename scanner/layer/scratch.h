// Files of interest that need random access, spooled to an unlinked file.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/file.h"
#include "lib/base/result.h"
#include "scanner/packages/source.h"

namespace landwaiter::layer {

class ScratchFile final : public packages::ScratchSpace {
 public:
  /// Uses `fd`, which stays the caller's, from its beginning; -1: an anonymous memory file is made
  /// when first written to. It holds at most `capacity` bytes.
  ScratchFile(int fd, std::uint64_t capacity) : fd_(fd), capacity_(capacity) {}
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  Status Append(std::string_view bytes) override;
  Status Truncate(std::uint64_t size) override;
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> ReadAt(std::uint64_t offset, char* buffer, std::size_t count) override;

 private:
  int fd_;
  std::uint64_t capacity_;
  FileDescriptor own_;
  std::uint64_t size_ = 0;     // what may be read
  std::uint64_t written_ = 0;  // how far the file reaches: behind size_ stands what was cut off
};

}  // namespace landwaiter::layer
