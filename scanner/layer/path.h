// Names in tars, made one key: "./a//b/" and "/a/c/../b" are "a/b", as filepath.Clean of the
// container runtimes makes them; what steps above the root stays at the root.
#pragma once

#include <array>
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

/// The secret that names are hashed with. Processes that hand layers' inventories to each other
/// have the same one, and so has the cache that keeps them.
using NameKey = std::array<std::uint64_t, 2>;
NameKey DrawNameKey();
/// Before the first HashName of a process; without it the process draws its own.
void UseNameKey(const NameKey& key);

/// SipHash-2-4 (Aumasson, Bernstein, 2012) with a key that no image's author knows: names that
/// collide cannot be chosen, and so no file hidden behind another.
std::uint64_t HashName(std::string_view name);

}  // namespace landwaiter::layer
