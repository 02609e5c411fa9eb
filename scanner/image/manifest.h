// Manifests, indexes and configurations of images: pure parsers over hostile bytes.
//
// Read: Docker image manifest V2 schema 2 and manifest list; OCI image-spec 1.1 manifest.md,
// image-index.md, config.md (with Docker's Healthcheck). Everything is bounded before it is parsed:
// size, depth of nesting, counts. A field of the wrong type, a size that is negative or above
// kMaxBlobBytes, a digest that is none: MalformedImage naming the field.
// Not handled, by name: Docker schema 1 and any other media type (UnsupportedMediaType).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "model/inventory.h"
#include "model/platform.h"
#include "scanner/image/source.h"

namespace landwaiter::image {

namespace media_type {
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kDockerLayerGzip =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
}  // namespace media_type

// Limits. Registries (distribution's default) refuse manifests above 4 MiB; configurations carry
// history and labels, the largest seen are below 1 MiB; 127 is the kernel's overlay limit as Docker
// applies it; the specification's documents nest 6 deep.
inline constexpr std::size_t kMaxManifestBytes = 4u << 20;
inline constexpr std::size_t kMaxConfigBytes = 8u << 20;
inline constexpr std::size_t kMaxLayers = 127;
inline constexpr std::size_t kMaxIndexEntries = 1024;
inline constexpr std::size_t kMaxHistory = 4096;
inline constexpr std::size_t kMaxConfigEntries = 4096;  // env, labels, ports, arguments: each
inline constexpr std::size_t kMaxJsonDepth = 64;
inline constexpr std::uint64_t kMaxBlobBytes = 20ull << 30;

bool IsManifestType(std::string_view media_type);  // one image
bool IsIndexType(std::string_view media_type);     // several
/// True for tar layers of Docker and OCI, plain, gzip or zstd, foreign ones too.
bool IsLayerType(std::string_view media_type);
/// Foreign (Docker) or non-distributable (OCI): the registry need not have the bytes.
bool IsForeignLayerType(std::string_view media_type);

struct Manifest {
  std::string media_type;
  Descriptor config;
  std::vector<Descriptor> layers;  // base first
  std::string artifact_type;       // OCI 1.1; an image has none
  /// Its org.opencontainers.image.base.* annotations; nullopt where it has none of them, or what
  /// stands there is no text of a name's or a digest's length.
  std::optional<DeclaredBase> declared_base = {};
};

struct ImageIndex {
  std::string media_type;
  std::vector<Descriptor> manifests;
};

struct ParsedConfig {
  Platform platform;  // os and architecture are required
  ImageConfig config;
  std::vector<Digest> diff_ids;
};

/// What the bytes are: their own mediaType field, held against what the transport said; a
/// disagreement is MalformedImage (a manifest that is an index to one reader and an image to
/// another). Where the field is absent (OCI before 1.1) `declared` counts, and failing that the
/// members tell. Schema 1, unknown and non-image types: Unsupported, UnsupportedMediaType.
Result<std::string> ManifestType(std::string_view bytes, std::string_view declared);

/// `type` as ManifestType gave it. A configuration or layer whose media type is not an image's:
/// Unsupported, UnsupportedMediaType, naming it (Helm charts, signatures, WASM modules).
/// Errors: InvalidArgument reason MalformedImage, ResourceExhausted reason TooLarge.
Result<Manifest> ParseManifest(std::string_view bytes, std::string_view type);
Result<ImageIndex> ParseIndex(std::string_view bytes, std::string_view type);
Result<ParsedConfig> ParseConfig(std::string_view bytes);

/// Its platform is "unknown/unknown", so no node runs it: BuildKit's attestations. Their
/// vnd.docker.reference.type annotation alone proves nothing: a runtime picks by platform and would
/// run an image so marked, which a scanner that believes the mark would skip.
bool IsAttestation(const Descriptor& entry);
/// The annotation is there: an entry without a platform that turns out to be no image may be
/// skipped.
bool IsMarkedAttestation(const Descriptor& entry);

/// Which entries of an index to scan. `wanted` empty: every entry that is no attestation, no
/// platform twice (the first counts, as for a runtime). Otherwise what a node of each wanted
/// platform would run, containerd's fall-backs included (older variants, 386 on amd64, arm on
/// arm64); a wanted platform for which there is nothing is left out, since its nodes can run
/// nothing either. Errors: NotFound reason NoMatchingPlatform where nothing is left; the message
/// lists what is there.
Result<std::vector<Descriptor>> ChoosePlatforms(const ImageIndex& index,
                                                const std::vector<Platform>& wanted);

}  // namespace landwaiter::image
