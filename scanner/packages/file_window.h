// A part of a file as a file of its own: an archive that is stored within another.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "scanner/packages/source.h"

namespace landwaiter::packages {

class FileWindow final : public RandomAccessFile {
 public:
  /// `size` bytes from `offset` on; the caller has checked that `file` has them, and keeps it.
  FileWindow(RandomAccessFile& file, std::uint64_t offset, std::uint64_t size)
      : file_(&file), offset_(offset), size_(size) {}

  std::uint64_t size() const override { return size_; }
  Result<std::size_t> ReadAt(std::uint64_t offset, char* buffer, std::size_t count) override {
    if (offset >= size_) return std::size_t{0};
    const std::uint64_t most = std::min<std::uint64_t>(count, size_ - offset);
    return file_->ReadAt(offset_ + offset, buffer, static_cast<std::size_t>(most));
  }

 private:
  RandomAccessFile* file_;
  std::uint64_t offset_;
  std::uint64_t size_;
};

}  // namespace landwaiter::packages
