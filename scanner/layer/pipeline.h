// The stages of a layer, each on its own thread with bounded rings between them:
//   receive and SHA-256 of the blob → inflate → SHA-256 of the diffID
//                                             ↘ the walk over the tar
// Nothing counts until all bytes have passed and blob size, blob digest and diffID are those that
// the image promised: a wrong blob is told as such, not as the parse error that it led to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

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
};

/// Gives 1..size bytes, or 0 at the end.
using ReadBytes = std::function<Result<std::size_t>(char* buffer, std::size_t size)>;

/// Bytes that lie in their giver's memory; it has its room again when nobody holds them any more.
struct Lent {
  std::string_view bytes;
  std::shared_ptr<const void> holder = {};
};
/// Gives the next bytes, none at the end. A few pieces are held at a time, and let go in turn: the
/// giver waits where it has no more room.
using NextLent = std::function<Result<Lent>()>;
/// The same from a reader, by buffers that go round. `read` outlives it.
NextLent Buffered(const ReadBytes& read);

struct PipelineStats {
  std::uint64_t compressed_bytes = 0;
  std::uint64_t inflated_bytes = 0;
};

/// Runs `walk` over the layer's tar on its own thread; it may stop early, the rest is hashed all
/// the same. `next` is called on the calling thread. Errors: what `next` and `walk` say; DataLoss
/// reason DigestMismatch or MalformedImage; ResourceExhausted reason TooLarge; Unsupported reason
/// UnsupportedMediaType; Cancelled, DeadlineExceeded.
Result<PipelineStats> RunPipeline(const LayerDescriptor& layer, const NextLent& next,
                                  const std::function<Status(const NextChunk&)>& walk,
                                  Budget& budget, const Cancellation& cancel);

}  // namespace landwaiter::layer
