// Files of the image that say what system it is and who its users are. They are no package
// sources: the layer pass keeps their bytes (IsSystemFile, at most kMaxSystemFileBytes), the merge
// picks the surviving one through the image's links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/result.h"
#include "model/inventory.h"

namespace landwaiter::packages {

/// A large site's passwd has some ten thousand lines of 60 bytes; an os-release has one KiB.
inline constexpr std::size_t kMaxSystemFileBytes = 1u << 20;

/// Where os-release stands, in the order of os-release(5): the first that exists counts.
std::span<const std::string_view> OsReleasePaths();
inline constexpr std::string_view kPasswdPath = "etc/passwd";
/// True for the paths above.
bool IsSystemFile(std::string_view path);

/// os-release(5): shell-compatible assignments, quotes and backslashes undone.
/// Errors: InvalidArgument where there is no ID (then the system is unknown, not "linux"),
/// ResourceExhausted.
Result<OperatingSystem> ParseOsRelease(std::string_view content);

/// The uid that an image configuration's `User` means ("", "0", "app", "app:group", "1000:1000"):
/// "" is 0; digits are themselves; a name is looked up in passwd(5). nullopt where it cannot be
/// told, which is never to be taken for non-root.
std::optional<std::uint64_t> ResolveUid(std::string_view user,
                                        const std::optional<std::string_view>& passwd);

}  // namespace landwaiter::packages
