// Headers of a pax archive (POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended
// Header"), for a folder that is read as one layer. Names are bytes and stay as they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace landwaiter::image {

struct MemberFacts {
  std::string_view path;
  std::string_view link = {};  // of a symbolic link: where it leads, as written
  std::uint32_t mode = 0644;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;
};

/// Whole blocks: the member's extended header where it needs one, and its header.
std::string TarHeaderOf(const MemberFacts& member);
/// How many zeros follow `size` bytes of content.
std::uint64_t TarPadding(std::uint64_t size);
/// The archive's end.
std::string TarEnd();

}  // namespace landwaiter::image
