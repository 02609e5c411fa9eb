// Names in tars, made one key: "./a//b/" and "/a/c/../b" are "a/b", as filepath.Clean of the
// container runtimes makes them; what steps above the root stays at the root.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace landwaiter::layer {

/// Relative, no empty parts, no "." or ".."; "" is the root. Any bytes but NUL and '/' are kept.
std::string CleanPath(std::string_view raw);

/// "a/b/c" → {"a/b", "c"}; "c" → {"", "c"}.
struct SplitName {
  std::string_view folder;
  std::string_view name;
};
SplitName Split(std::string_view clean);

std::string JoinPath(std::string_view folder, std::string_view name);

/// SipHash-2-4 (Aumasson, Bernstein, 2012) with a key drawn once per process: an image's author
/// cannot choose names that collide, and so cannot hide a file behind another.
std::uint64_t HashName(std::string_view name);

}  // namespace landwaiter::layer
