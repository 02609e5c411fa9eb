// Files of the image that say what system it is and who its users are. They are no package
// sources: the layer pass keeps their bytes (IsSystemFile, at most kMaxSystemFileBytes), the merge
// picks the surviving ones through the image's links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"
#include "model/inventory.h"

namespace landwaiter::packages {

/// A large site's passwd has some ten thousand lines of 60 bytes; an os-release has one KiB.
inline constexpr std::size_t kMaxSystemFileBytes = 1u << 20;

/// Where os-release stands, in the order of os-release(5): the first that exists counts.
std::span<const std::string_view> OsReleasePaths();
inline constexpr std::string_view kPasswdPath = "etc/passwd";
/// apk's list of repositories.
inline constexpr std::string_view kApkRepositoriesPath = "etc/apk/repositories";
/// True for the paths above and for those of ReleaseFiles().
bool IsSystemFile(std::string_view path);

/// Values of OperatingSystem::variant.
inline constexpr std::string_view kStreamVariant = "stream";
inline constexpr std::string_view kEdgeVariant = "edge";
inline constexpr std::string_view kTestingVariant = "testing";
inline constexpr std::string_view kRawhideVariant = "rawhide";

/// os-release(5): shell-compatible assignments, quotes and backslashes undone.
/// Errors: InvalidArgument where there is no ID (then the system is unknown, not "linux"),
/// ResourceExhausted.
Result<OperatingSystem> ParseOsRelease(std::string_view content);
/// One such assignment, its value bounded and printable; nullopt for comments and anything else.
std::optional<std::pair<std::string_view, std::string>> ParseAssignment(std::string_view line);
/// Fit for an os-release's ID.
bool IsSystemId(std::string_view id);

/// What the image has at one of the paths of IsSystemFile: null for nothing, nullopt for a file
/// that is too large or was not read.
using SystemFileLookup = std::function<const std::optional<std::string>*(std::string_view path)>;

struct SystemIdentity {
  std::optional<OperatingSystem> os;
  std::string path;   // of the file that says so
  std::string fault;  // where nothing says so: what is wrong with the file that should
};

/// os-release, and for images without one (or with one that names no system) their release files;
/// never ID_LIKE. Without os and fault: the image has none of these files.
SystemIdentity IdentifySystem(const SystemFileLookup& look);

/// The uid that an image configuration's `User` means ("", "0", "app", "app:group", "1000:1000"):
/// "" is 0; digits are themselves; a name is looked up in passwd(5). nullopt where it cannot be
/// told, which is never to be taken for non-root.
std::optional<std::uint64_t> ResolveUid(std::string_view user,
                                        const std::optional<std::string_view>& passwd);

}  // namespace landwaiter::packages
