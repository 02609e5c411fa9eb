// What rules ask of the bases that are known. Inside this folder only.
#pragma once

#include <string_view>
#include <vector>

#include "model/base_image.h"

namespace landwaiter::policy {

/// Why a rule about bases is undecided where nobody knows any.
inline constexpr std::string_view kNoBases = "no base images are known here";

/// Of what is below an image, the one with most layers that has a name to rely on, another than the
/// image itself; null where its base is not known. What has a digest alone does not count: whoever
/// may have an image scanned could make it known.
const BaseImage* KnownBaseOf(const std::vector<BaseImage>& under, const Inventory& image);

}  // namespace landwaiter::policy
