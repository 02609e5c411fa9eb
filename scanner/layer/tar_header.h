// One 512-byte tar header: POSIX.1-2017 pax "ustar Interchange Format"; GNU tar manual, "Basic Tar
// Format". Where readers differ, Go's archive/tar is followed, because it is what unpacks images.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::layer {

inline constexpr std::size_t kBlock = 512;
using Block = std::array<char, kBlock>;

/// A piece of a sparse file that has bytes.
struct SparsePiece {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  friend bool operator==(const SparsePiece&, const SparsePiece&) = default;
};

struct TarHeader {
  std::string name;  // as written, prefix joined
  std::string link;
  char type = '0';         // '\0' has become '0' or '5'
  std::uint32_t mode = 0;  // permission bits
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;  // bytes that follow in the archive
  bool gnu = false;        // GNU magic
};

bool IsZero(const Block& block);

/// Errors: DataLoss reason MalformedImage (checksum, numbers).
Result<TarHeader> ParseTarHeader(const Block& block);

/// Octal, or GNU base-256, of one field. Errors: negative, above 2^63-1, not a number.
std::optional<std::uint64_t> ParseTarNumber(std::string_view field);

/// The sparse map of an old GNU header ('S'): up to four pieces, the real size, whether blocks with
/// more pieces follow.
struct GnuSparseHeader {
  std::uint64_t real_size = 0;
  bool extended = false;
};
Result<GnuSparseHeader> ParseGnuSparse(const Block& block, std::vector<SparsePiece>& pieces);
/// One of the extension blocks; true where another follows.
Result<bool> ParseGnuSparseExtension(const Block& block, std::vector<SparsePiece>& pieces);

/// Types that have no bytes behind their header whatever their size says.
bool IsHeaderOnly(char type);

}  // namespace landwaiter::layer
