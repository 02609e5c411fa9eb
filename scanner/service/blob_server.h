// The parent's half of a transfer: reads the image's source and writes frames into pipes, each on
// its own thread, so that the parent's loop never waits for a registry or for the child.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "lib/base/file.h"
#include "lib/base/result.h"
#include "scanner/image/source.h"
#include "scanner/service/protocol.h"

namespace landwaiter::service {

class BlobServer {
 public:
  explicit BlobServer(image::ImageSource& source) : source_(source) {}
  /// Waits for the transfers under way: the child must have ended, which ends them.
  ~BlobServer() = default;

  /// The reading end of a pipe in which the answer will come. Errors: ResourceExhausted reason
  /// ScannerFailed where the child asks for more than any image needs; Internal.
  Result<FileDescriptor> Answer(const ChildMessage& question);

  /// Digest of what the image's name means, once the child has asked for it.
  std::optional<Digest> root() const;

 private:
  struct Transfer {
    std::atomic<bool> done = false;
    std::jthread thread;
  };

  void Serve(const ChildMessage& question, int pipe);
  Status ServeManifest(const std::optional<Digest>& digest, int pipe);
  Status ServeBlob(const ChildMessage& question, int pipe);

  image::ImageSource& source_;
  std::mutex source_mutex_;  // a source serves one thread at a time
  mutable std::mutex root_mutex_;
  std::optional<Digest> root_;
  std::uint64_t questions_ = 0;
  std::list<Transfer> transfers_;
};

}  // namespace landwaiter::service
