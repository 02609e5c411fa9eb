// The parent's half of a transfer: reads the image's source and writes frames into pipes, each on
// its own thread, so that the parent's loop never waits for a registry or for the child.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "lib/base/file.h"
#include "lib/base/result.h"
#include "scanner/image/source.h"
#include "scanner/service/blob_ring.h"
#include "scanner/service/protocol.h"

namespace landwaiter::service {

class MalwareDesk;  // malware_channel.h

/// So many bytes from an offset of an open file: what a child answered, or what is kept of it.
struct FilePart {
  FileDescriptor file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct BlobServerOptions {
  /// Gives layers' inventories; empty: such questions are refused. Called on the transfers'
  /// threads.
  std::function<Result<FilePart>(const LayerJob& job)> layers = {};
  /// Told how many bytes of a blob came; on the transfers' threads.
  std::function<void(std::uint64_t bytes)> on_bytes = {};
  /// Blobs are held against their digests here: one that differs ends with an error, and Finish
  /// tells of it.
  bool verify = false;
  /// Where the child, which asks for one blob alone, gets its bytes; null: in the pipe. Outlives
  /// the server.
  const BlobRing* ring = nullptr;
  /// Has files looked at for malware; null: such questions are refused. Outlives the server.
  MalwareDesk* malware = nullptr;
};

class BlobServer {
 public:
  BlobServer(image::ImageSource& source, BlobServerOptions options)
      : source_(source), options_(std::move(options)) {}
  /// Waits for the transfers under way: the child must have ended, which ends them.
  ~BlobServer() = default;

  /// Waits for them, too, and says whether all that was given was what had been asked for, to its
  /// end. What a child answers is worth nothing otherwise, whatever it says of it: the bytes that
  /// came in place of others may have taken it over. Errors: that of the first blob; Internal
  /// reason ScannerFailed where the child left one before its end. Nothing without `verify`.
  Status Finish();
  /// Whether this blob has passed whole.
  bool HasPassed(const Digest& blob) const;

  /// The reading end of a pipe (or socket) in which the answer will come. Errors: ResourceExhausted
  /// reason ScannerFailed where the child asks for more than any image needs; Internal.
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
  Status PassBlob(const ChildMessage& question, int pipe);
  struct Filled {
    std::size_t size = 0;
    bool ended = false;
  };
  Result<Filled> Fill(image::BlobReader& blob, std::span<char> room) const;
  /// The child's end and the parent's. nullopt: errno says why.
  static std::optional<std::array<FileDescriptor, 2>> MakeEnds(bool socket);
  Status ServeInventory(const ChildMessage& question, int pipe);

  image::ImageSource& source_;
  const BlobServerOptions options_;
  std::mutex source_mutex_;   // a source serves one thread at a time
  mutable std::mutex mutex_;  // the next three
  std::optional<Digest> root_;
  std::optional<Error> wrong_;
  std::set<Digest> passed_;
  std::uint64_t questions_ = 0;
  bool ring_taken_ = false;
  std::list<Transfer> transfers_;
};

}  // namespace landwaiter::service
