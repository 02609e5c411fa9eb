// Artifacts: what registries carry that is no image (OCI image-spec 1.1, manifest.md, "Guidelines
// for Artifact Usage"): a manifest with an artifactType, the empty configuration and a few blobs.
// Pulled through Registry::Open, whose ImageSource gives the manifest's bytes and the blobs.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/image/source.h"

namespace landwaiter::image {

inline constexpr std::string_view kEmptyConfigType = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kEmptyConfig = "{}";

/// An artifact of ours has two blobs; others have one for each file of a model or a chart.
inline constexpr std::size_t kMaxArtifactBlobs = 64;

struct ArtifactManifest {
  std::string artifact_type;  // where the field is absent: the configuration's media type
  std::vector<Descriptor> blobs;
  std::map<std::string, std::string> annotations;
};

/// The bytes of its manifest: the same artifact gives the same bytes.
std::string RenderArtifact(const ArtifactManifest& artifact);

/// Of a stranger's bytes. Errors: InvalidArgument reason MalformedImage naming the field,
/// ResourceExhausted reason TooLarge, Unsupported reason UnsupportedMediaType for what is no
/// manifest of OCI (an index, Docker's).
Result<ArtifactManifest> ParseArtifact(std::string_view bytes);

}  // namespace landwaiter::image
