// Files that name each other by paths. Inside this room only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace landwaiter::packages {

/// The clean path of what `relative` names in a file at `file`, as written: links are not looked
/// at.
/// "" is the folder that is scanned. nullopt where it is absolute, leads out of that folder, holds
/// a zero byte or is longer than a path can be.
std::optional<std::string> PathBeside(std::string_view file, std::string_view relative);

}  // namespace landwaiter::packages
