// Numbers and whole pieces out of files that are read at random. Inside this room only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "lib/base/result.h"
#include "scanner/packages/source.h"

namespace landwaiter::packages {

enum class ByteOrder { kLittle, kBig };

inline std::uint16_t ReadU16(const char* at, ByteOrder order) {
  const auto a = static_cast<unsigned char>(at[0]);
  const auto b = static_cast<unsigned char>(at[1]);
  return static_cast<std::uint16_t>(order == ByteOrder::kBig ? a << 8 | b : b << 8 | a);
}

inline std::uint32_t ReadU32(const char* at, ByteOrder order) {
  const std::uint32_t first = ReadU16(at, order);
  const std::uint32_t second = ReadU16(at + 2, order);
  return order == ByteOrder::kBig ? first << 16 | second : second << 16 | first;
}

/// Fills `out` with exactly `count` bytes from `offset` on; its room is used again.
/// Errors: DataLoss where the file ends before, what `file` reports.
Status ReadExactly(RandomAccessFile& file, std::uint64_t offset, std::size_t count,
                   std::string& out);

}  // namespace landwaiter::packages
