#include "scanner/layer/pipeline.h"

#include <atomic>
#include <exception>
#include <memory>
#include <new>
#include <thread>

#include "model/scan_request.h"
#include "scanner/layer/bounded_queue.h"
#include "scanner/layer/inflater.h"

namespace landwaiter::layer {
namespace {

// 256 KiB fits a core's second-level cache with ISA-L's tables; measured best of 64 KiB … 1 MiB.
constexpr std::size_t kChunkBytes = 256u << 10;
// Enough that a stage that waits for its core does not stop its neighbour; 1 MiB and 3 MiB.
constexpr std::size_t kInflatedChunks = 12;

struct Chunk {
  std::size_t size = 0;
  std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(kChunkBytes);
  std::string_view view() const { return {bytes.get(), size}; }
};
using OwnedChunk = std::unique_ptr<Chunk>;
using ChunkQueue = BoundedQueue<OwnedChunk>;

// As many empty buffers as it has room for.
void FillWithBuffers(ChunkQueue& free, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) (void)free.Push(std::make_unique<Chunk>());
}

Error Mismatch(std::string message) {
  return DataLoss(std::move(message)).WithReason(scan_reason::kDigestMismatch);
}

// A limit or a fault of our own ends everything at once; other errors let the blob's digest be
// finished first, because a wrong blob is the better explanation.
bool EndsAtOnce(const Status& status) {
  return !status && (status.error().code == Code::kResourceExhausted ||
                     status.error().code == Code::kInternal);
}

class Pipeline {
 public:
  Pipeline(const LayerDescriptor& layer, Budget& budget, const Cancellation& cancel)
      : layer_(layer), budget_(budget), cancel_(cancel) {}

  Result<PipelineStats> Run(const NextChunk& next,
                            const std::function<Status(const NextChunk&)>& walk);

 private:
  template <class Fn>
  Status Guarded(Fn body);
  Status Receive(const NextChunk& next);
  Status InflateNext(std::string_view input);
  Status FinishInflating();
  Status CountInflated(std::size_t bytes);
  Status Walk(const std::function<Status(const NextChunk&)>& walk);
  void Abort();
  Result<PipelineStats> Judge() const;
  Status Interrupted() const;

  const LayerDescriptor& layer_;
  Budget& budget_;
  const Cancellation& cancel_;
  ChunkQueue free_{kInflatedChunks};
  ChunkQueue inflated_{kInflatedChunks};
  std::atomic<bool> aborted_ = false;
  std::unique_ptr<Inflater> inflater_;
  std::uint64_t compressed_bytes_ = 0;
  std::uint64_t inflated_bytes_ = 0;
  Digest blob_digest_;
  Digest diff_id_;
  // Where a stage's error ends up. A later stage's error may be the fruit of an earlier one's.
  Status receive_ = Ok();
  Status inflate_ = Ok();
  Status walk_ = Ok();
};

void Pipeline::Abort() {
  aborted_ = true;
  free_.Abort();
  inflated_.Abort();
}

Status Pipeline::Interrupted() const {
  if (cancel_.Stopped()) return Error{Code::kCancelled, "the scan was cancelled"};
  if (cancel_.Expired()) return Error{Code::kDeadlineExceeded, "the scan took too long"};
  return Ok();
}

template <class Fn>
Status Pipeline::Guarded(Fn body) {
  Status status = Ok();
  try {
    status = body();
  } catch (const std::bad_alloc&) {
    status = ResourceExhausted("reading the layer needs more memory than there is")
                 .WithReason(scan_reason::kTooLarge);
  } catch (const std::exception& e) {
    status = Internal(std::string("reading the layer failed: ") + e.what());
  }
  if (EndsAtOnce(status)) Abort();
  return status;
}

Status Pipeline::Receive(const NextChunk& next) {
  Sha256 sha;
  for (;;) {
    if (auto go_on = Interrupted(); !go_on) return go_on;
    auto bytes = next();
    if (!bytes) return std::move(bytes).error();
    if (bytes->empty()) break;
    compressed_bytes_ += bytes->size();
    if (compressed_bytes_ > layer_.size_bytes) {
      return Mismatch("layer blob has more than the " + std::to_string(layer_.size_bytes) +
                      " bytes that the manifest says");
    }
    if (!layer_.blob_verified) sha.Update(*bytes);
    // After a fault only the digest of the blob still matters.
    if (inflate_) inflate_ = Guarded([&] { return InflateNext(*bytes); });
    if (aborted_) return Ok();  // another stage says why
  }
  blob_digest_ = sha.Finish();
  if (inflate_) inflate_ = Guarded([&] { return FinishInflating(); });
  return Ok();
}

Status Pipeline::CountInflated(std::size_t bytes) {
  inflated_bytes_ += bytes;
  if (auto counted = budget_.AddInflated(bytes); !counted) return counted;
  const Limits& limits = budget_.limits();
  if (inflated_bytes_ > limits.ratio_free_bytes &&
      inflated_bytes_ / limits.ratio > compressed_bytes_) {
    return TooLarge("the layer's compression ratio", limits.ratio, "to 1");
  }
  return Ok();
}

Status Pipeline::InflateNext(std::string_view input) {
  if (!inflater_) {
    auto compression = DetectCompression(input, layer_.media_type);
    if (!compression) return std::move(compression).error();
    inflater_ = MakeInflater(*compression, budget_.limits());
  }
  std::size_t room = 0;
  do {
    auto out = free_.Pop();
    if (!out) return Ok();  // aborted
    auto count = inflater_->Inflate(input, (*out)->bytes.get(), kChunkBytes);
    if (!count) return std::move(count).error();
    room = kChunkBytes - *count;
    (*out)->size = *count;
    if (*count == 0) {
      (void)free_.Push(*std::move(out));
      continue;
    }
    if (auto counted = CountInflated(*count); !counted) return counted;
    if (!inflated_.Push(*std::move(out))) return Ok();
  } while (!input.empty() || room == 0);
  return Ok();
}

Status Pipeline::FinishInflating() {
  if (inflater_) return inflater_->Finish();
  // An empty blob is an empty tar; its type counts all the same.
  auto compression = DetectCompression("", layer_.media_type);
  if (!compression) return std::move(compression).error();
  return Ok();
}

Status Pipeline::Walk(const std::function<Status(const NextChunk&)>& walk) {
  Sha256 sha;
  OwnedChunk current;
  // Hashed first, and by the same core, which then has in its cache what is walked over.
  const auto take = [&] {
    if (current) (void)free_.Push(std::move(current));
    auto chunk = inflated_.Pop();
    if (!chunk) return false;
    current = *std::move(chunk);
    sha.Update(current->view());
    return true;
  };
  Status status = walk(
      [&]() -> Result<std::string_view> { return take() ? current->view() : std::string_view(); });
  if (EndsAtOnce(status)) return status;
  while (take()) continue;  // it may have ended early
  diff_id_ = sha.Finish();
  return status;
}

Result<PipelineStats> Pipeline::Judge() const {
  if (!receive_) return receive_.error();
  for (const Status* stage : {&inflate_, &walk_}) {
    if (EndsAtOnce(*stage)) return stage->error();
  }
  if (compressed_bytes_ != layer_.size_bytes) {
    return Mismatch("layer blob has " + std::to_string(compressed_bytes_) + " bytes, expected " +
                    std::to_string(layer_.size_bytes));
  }
  if (!layer_.blob_verified && blob_digest_ != layer_.digest) {
    return Mismatch("layer blob has digest " + blob_digest_.ToString() + ", expected " +
                    layer_.digest.ToString());
  }
  if (!inflate_) return inflate_.error();
  if (diff_id_ != layer_.diff_id) {
    return Mismatch("inflated layer has digest " + diff_id_.ToString() +
                    ", but the configuration's diffID is " + layer_.diff_id.ToString());
  }
  if (!walk_) return walk_.error();
  return PipelineStats{compressed_bytes_, inflated_bytes_};
}

Result<PipelineStats> Pipeline::Run(const NextChunk& next,
                                    const std::function<Status(const NextChunk&)>& walk) {
  for (const Digest* digest : {&layer_.digest, &layer_.diff_id}) {
    if (digest->Algorithm() != "sha256") {
      return Unsupported("digest '" + digest->ToString() + "' is not a sha256, which is expected");
    }
  }
  const std::stop_callback on_stop(cancel_.stop, [this] { Abort(); });
  try {
    FillWithBuffers(free_, kInflatedChunks);
    const std::jthread walker([&] { walk_ = Guarded([&] { return Walk(walk); }); });
    receive_ = Guarded([&] { return Receive(next); });
    if (!receive_) Abort();
    inflated_.Close();
  } catch (const std::exception& e) {  // no thread, no memory
    receive_ = ResourceExhausted(std::string("the layer's pipeline cannot run: ") + e.what());
  }
  if (auto go_on = Interrupted(); !go_on && receive_) return std::move(go_on).error();
  return Judge();
}

}  // namespace

NextChunk Buffered(const ReadBytes& read) {
  return [chunk = std::make_shared<Chunk>(), &read,
          ended = false]() mutable -> Result<std::string_view> {
    chunk->size = 0;
    while (!ended && chunk->size < kChunkBytes) {
      auto count = read(chunk->bytes.get() + chunk->size, kChunkBytes - chunk->size);
      if (!count) return std::move(count).error();
      ended = *count == 0;
      chunk->size += *count;
    }
    return chunk->view();
  };
}

Result<PipelineStats> RunPipeline(const LayerDescriptor& layer, const NextChunk& next,
                                  const std::function<Status(const NextChunk&)>& walk,
                                  Budget& budget, const Cancellation& cancel) {
  Pipeline pipeline(layer, budget, cancel);
  return pipeline.Run(next, walk);
}

}  // namespace landwaiter::layer
