// Artifacts into registries: the push half of the OCI distribution specification 1.1 ("Push"), with
// the login, redirect and address rules of registry.h.
//
// A blob that the registry has already is not sent. Small ones go in one PUT, larger ones in chunks
// (POST, PATCH…, PUT), so that memory is bounded by kUploadChunkBytes; an upload that breaks off is
// begun anew. The manifest goes last: no tag ever names what is not there whole.
// Not handled: mounting blobs across repositories.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "model/image_reference.h"
#include "model/scan_request.h"
#include "scanner/image/artifact.h"
#include "scanner/image/registry.h"

namespace landwaiter::image {

/// Registries and their proxies take bodies of this size; a gigabyte is 128 of them.
inline constexpr std::size_t kUploadChunkBytes = 8u << 20;

/// Bytes of a blob: those of a file, or of `bytes` where there is no path.
struct ArtifactBlob {
  std::string path = {};
  std::string bytes = {};
};

struct PushedArtifact {
  Digest digest;          // of the manifest
  std::size_t sent = 0;   // blobs
  std::size_t there = 0;  // blobs that the registry had
};

class ArtifactPusher {
 public:
  virtual ~ArtifactPusher() = default;
  /// `client` must outlive it.
  static std::unique_ptr<ArtifactPusher> Create(http::Client& client, RegistryOptions options);

  /// Makes `image`'s tag mean the artifact; `blobs` are those of its descriptors, in order.
  /// Errors: InvalidArgument (a reference with a digest), DataLoss (a file that is not as its
  /// descriptor says), else as Registry's.
  virtual Result<PushedArtifact> Push(const ImageReference& image,
                                      const std::vector<RegistryCredential>& credentials,
                                      const ArtifactManifest& artifact,
                                      const std::vector<ArtifactBlob>& blobs,
                                      const Cancellation& cancel) = 0;
};

}  // namespace landwaiter::image
