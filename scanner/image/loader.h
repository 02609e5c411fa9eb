// From a source to what a scan needs: the root manifest, the chosen platforms' manifests and their
// configurations, every byte checked against its digest and size.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "scanner/image/manifest.h"
#include "scanner/image/source.h"

namespace landwaiter::image {

/// One platform of an image, ready for its layers to be read.
struct PlatformImage {
  Digest manifest_digest;
  Manifest manifest;
  Digest image_id;  // digest of the configuration
  ParsedConfig config;
};

struct LoadedImage {
  Digest digest;  // of the index, or of the manifest where there is none
  std::string media_type;
  std::vector<PlatformImage> platforms;  // in the order of the index
};

inline constexpr int kMaxIndexDepth =
    2;  // an index of indexes; deeper ones are not seen in the wild

/// What becomes of an image without an index whose configuration names none of the wanted
/// platforms.
enum class SingleImage {
  kMustMatch,    // NoMatchingPlatform: somebody asked for this platform
  kAnyPlatform,  // loaded: a node runs it, for containerd checks no platform of a root manifest
};

/// `wanted` as in ChoosePlatforms; an image without an index is held against it by its
/// configuration's platform, or not, as `single` says. The platforms of an index are what it calls
/// them, as for a runtime. As many layers as diffIDs (MalformedImage); the history is not held
/// against them, builders get it wrong.
Result<LoadedImage> LoadImage(ImageSource& source, const std::vector<Platform>& wanted,
                              SingleImage single = SingleImage::kMustMatch);

/// The whole blob in memory, its size and digest checked. Errors: TooLarge above `max_bytes`,
/// DataLoss reason DigestMismatch.
Result<std::string> ReadBlob(ImageSource& source, const Descriptor& descriptor,
                             std::size_t max_bytes);

}  // namespace landwaiter::image
