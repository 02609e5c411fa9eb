// The stages of a layer, on two threads with a bounded ring between them:
//   receive, SHA-256 of the blob, inflate → SHA-256 of the diffID, the walk over the tar
// More threads were no faster, and each hand-over of a piece costs two changes of who has the core.
// zstd stands on one thread where other layers keep the cores busy: its window fills the cache of
// the core that inflates, and another core would fetch all of it from there. gzip's is small.
// Nothing counts until all bytes have passed and blob size, blob digest and diffID are those that
// the image promised: a wrong blob is told as such, not as the parse error that it led to.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "scanner/layer/limits.h"
#include "scanner/layer/tar_reader.h"

namespace landwaiter::layer {

/// What the manifest and the configuration say of one layer.
struct LayerDescriptor {
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::string media_type;
  Digest diff_id;
  /// Whoever gives the bytes holds them against `digest` and ends with an error where they differ;
  /// they are not hashed a second time.
  bool blob_verified = false;
  /// Other layers of the image are read at the same time, by as many cores as there are.
  bool cores_are_busy = false;
};

/// Gives 1..size bytes, or 0 at the end.
using ReadBytes = std::function<Result<std::size_t>(char* buffer, std::size_t size)>;

/// The chunks of a reader, by a buffer of their own. `read` outlives it.
NextChunk Buffered(const ReadBytes& read);

struct PipelineStats {
  std::uint64_t compressed_bytes = 0;
  std::uint64_t inflated_bytes = 0;
};

/// Runs `walk` over the layer's tar, on the calling thread or another; it may stop early, the rest
/// is hashed all the same. `next` gives the blob, is called on the calling thread. Errors: what
/// `next` and `walk` say; DataLoss reason DigestMismatch or MalformedImage; ResourceExhausted
/// reason TooLarge; Unsupported reason UnsupportedMediaType; Cancelled, DeadlineExceeded.
Result<PipelineStats> RunPipeline(const LayerDescriptor& layer, const NextChunk& next,
                                  const std::function<Status(const NextChunk&)>& walk,
                                  Budget& budget, const Cancellation& cancel);

}  // namespace landwaiter::layer
