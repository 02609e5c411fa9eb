// Manifests, indexes and configurations from any bytes: what is accepted is within every bound.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/image/artifact.h"
#include "scanner/image/manifest.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
void RequireReason(const landwaiter::Result<T>& result) {
  if (!result) Require(!result.error().reason.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::image;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto type = ManifestType(bytes, "");
  RequireReason(type);
  if (type) Require(IsManifestType(*type) != IsIndexType(*type));
  const auto manifest = ParseManifest(bytes, media_type::kOciManifest);
  RequireReason(manifest);
  if (manifest) {
    Require(manifest->layers.size() <= kMaxLayers && manifest->config.size <= kMaxConfigBytes);
    for (const Descriptor& layer : manifest->layers) {
      Require(layer.size <= kMaxBlobBytes && !layer.digest.empty() &&
              IsLayerType(layer.media_type));
    }
  }
  const auto index = ParseIndex(bytes, media_type::kOciIndex);
  RequireReason(index);
  if (index) {
    Require(index->manifests.size() <= kMaxIndexEntries);
    const auto chosen = ChoosePlatforms(*index, {});
    RequireReason(chosen);
    if (chosen) Require(!chosen->empty());
  }
  const auto artifact = ParseArtifact(bytes);
  RequireReason(artifact);
  if (artifact) {
    Require(artifact->blobs.size() <= kMaxArtifactBlobs);
    for (const Descriptor& blob : artifact->blobs) Require(blob.size <= kMaxBlobBytes);
    Require(ParseArtifact(RenderArtifact(*artifact)).has_value());
  }
  const auto config = ParseConfig(bytes);
  RequireReason(config);
  if (config) {
    Require(config->diff_ids.size() <= kMaxLayers && !config->platform.architecture.empty());
  }
  return 0;
}
