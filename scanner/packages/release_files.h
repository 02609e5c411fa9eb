// Systems that are older than os-release(5), or that leave it out: what their release files say.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "model/inventory.h"

namespace landwaiter::packages {

/// One file by which a system can be told.
struct ReleaseFile {
  std::string_view path;
  /// The system, with family and version as its os-release would have them; nullopt where the text
  /// names none of them for certain.
  std::optional<OperatingSystem> (*read)(std::string_view content);
};

/// Those that name a derivative stand before those that it shares with what it derives from.
std::span<const ReleaseFile> ReleaseFiles();

}  // namespace landwaiter::packages
