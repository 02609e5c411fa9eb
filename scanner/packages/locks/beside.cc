#include "scanner/packages/locks/beside.h"

#include <climits>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {

std::optional<std::string> PathBeside(std::string_view file, std::string_view relative) {
  if (relative.starts_with('/') || relative.find('\0') != std::string_view::npos) return {};
  if (file.size() + relative.size() >= PATH_MAX) return {};
  std::vector<std::string> parts;
  for (const std::string_view way : {DirName(file), relative}) {
    for (const std::string_view part : text::Split(way, '/')) {
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.emplace_back(part);
      } else if (parts.empty()) {
        return {};
      } else {
        parts.pop_back();
      }
    }
  }
  return text::Join(parts, "/");
}

}  // namespace landwaiter::packages
