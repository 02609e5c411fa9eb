// A version as Conan reads it. Inside this room only.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::versions {

/// "1.2-pre1+b3" in items between dots; zeros at the end of each list are dropped. Views.
struct ConanVersion {
  std::vector<std::string_view> items;
  std::optional<std::vector<std::string_view>> prerelease;
  std::optional<std::vector<std::string_view>> build;
};

/// Errors: InvalidArgument where the text is empty or has a blank or a control character.
Result<ConanVersion> ParseConan(std::string_view text);
/// conan's Version.__lt__ and __eq__: -1, 0 or 1.
int CompareConanVersions(const ConanVersion& a, const ConanVersion& b);

}  // namespace landwaiter::versions
