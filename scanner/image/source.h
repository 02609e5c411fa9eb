// Where images come from. One interface, implemented by registries (registry.h), `docker save`
// archives and OCI layouts in a tar (archive.h), OCI layout folders (layout.h).
//
// A source gives bytes and promises nothing about blobs: whoever reads a blob checks its digest and
// size (loader.h for manifests and configurations, the layer pass for layers). Manifests come back
// with the digest computed over their bytes, equal to the one asked for.
//
// One source serves one scan, used by one thread at a time, except that blobs that were opened may
// be read on other threads. The Cancellation of a source is given when it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "model/platform.h"

namespace landwaiter::image {

/// OCI image-spec descriptor.md.
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;              // bytes of the blob
  std::vector<std::string> urls = {};  // of foreign layers; never fetched
  std::map<std::string, std::string> annotations = {};
  std::optional<Platform> platform = {};  // entries of an index
  std::string artifact_type = {};
  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

struct RawManifest {
  std::string bytes;
  std::string media_type;  // as the source says it; loader.h holds it against the bytes
  Digest digest;           // SHA-256 of bytes
};

/// The bytes of one blob, front to back.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  /// 1..size bytes, or 0 at the end. Errors: Unavailable (RegistryUnavailable) where the bytes
  /// break off for good, ResourceExhausted (TooLarge) past the descriptor's size, DataLoss
  /// (DigestMismatch) where the source ends before it.
  virtual Result<std::size_t> Read(char* buffer, std::size_t size) = 0;
};

class ImageSource {
 public:
  virtual ~ImageSource() = default;
  /// For messages: "registry.example/app:1", "archive app.tar".
  virtual std::string Name() const = 0;
  /// Who gave the bytes where that is not whom Name() says, for messages: "mirror m.example".
  virtual std::string Givers() const { return {}; }
  /// The manifest or index that the reference means (nullopt), or the one with that digest.
  /// Errors: the reasons of model/scan_request.h's scan_reason.
  virtual Result<RawManifest> Manifest(const std::optional<Digest>& digest) = 0;
  virtual Result<std::unique_ptr<BlobReader>> Blob(const Descriptor& descriptor) = 0;
};

}  // namespace landwaiter::image
