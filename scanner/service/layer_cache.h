// What is kept of layers and images that were read before: their inventories, encoded, one file
// each in a folder. Under the key stand the blob's digest, and everything else that the inventory
// depends on: diffID and media type that it was read with, the program, the versions of the package
// sources and of the encoding, what is collected, the limits of single files, and the secret that
// names are hashed with (path.h), which stands in the folder, too. For an image: the digest and
// media type of what its name means, the platforms that were wanted, all limits.
//
// A file is written beside and renamed, and begins with the SHA-256 of what follows: one that is
// damaged is taken away and the layer read again. Several processes may share a folder. Nothing of
// it is decoded in this process.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "scanner/layer/limits.h"
#include "scanner/layer/path.h"
#include "scanner/service/blob_server.h"
#include "scanner/service/protocol.h"

namespace landwaiter::service {

class LayerCache {
 public:
  /// Makes the folder (0700) where it is not. `max_bytes`: of all files together; the ones that
  /// were used longest ago go first.
  /// Errors: PermissionDenied where the folder is another user's or can be written by others, who
  /// could then say what layers hold; Internal where it cannot be made or read.
  static Result<std::unique_ptr<LayerCache>> Open(const std::string& folder,
                                                  std::uint64_t max_bytes);

  const layer::NameKey& name_key() const { return name_key_; }
  std::string KeyOf(const LayerJob& job, const StartMessage& start) const;
  /// Of a whole image: `root` is its manifest or index, whose bytes name all others by digest.
  std::string KeyOf(const image::RawManifest& root, const StartMessage& start) const;

  /// nullopt: not there, or damaged, or longer than any layer's or image's.
  std::optional<FilePart> Get(const std::string& key);
  /// The bytes of an open file are kept. Errors: Internal; the scan goes on without.
  Status Put(const std::string& key, const FilePart& layer);

 private:
  LayerCache(std::string folder, std::uint64_t max_bytes, const layer::NameKey& name_key)
      : folder_(std::move(folder)), max_bytes_(max_bytes), name_key_(name_key) {}
  std::string PathOf(const std::string& key) const { return folder_ + "/" + key + ".kept"; }
  void Evict();

  const std::string folder_;
  const std::uint64_t max_bytes_;
  const layer::NameKey name_key_;
  std::mutex evicting_;
};

}  // namespace landwaiter::service
