#include "scanner/layer/pipeline.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include "model/scan_request.h"
#include "scanner/layer/bounded_queue.h"
#include "scanner/layer/inflater.h"

namespace landwaiter::layer {
namespace {

// 256 KiB fits a core's second-level cache with ISA-L's tables; measured best of 64 KiB … 1 MiB.
constexpr std::size_t kChunkBytes = 256u << 10;
// Enough that a stage that waits for its core does not stop its neighbours; 1 MiB and 3 MiB.
constexpr std::size_t kCompressedChunks = 4;  // where the giver lends none
constexpr std::size_t kInflatedChunks = 12;

struct Chunk {
  std::size_t size = 0;
  std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(kChunkBytes);
  std::string_view view() const { return {bytes.get(), size}; }
};
using SharedChunk = std::shared_ptr<Chunk>;

// A fixed number of buffers that go round; taking one waits until a reader has let one go.
class ChunkPool {
 public:
  explicit ChunkPool(std::size_t count) : free_(std::make_shared<FreeList>(count)) {
    for (std::size_t i = 0; i < count; ++i) {
      (void)free_->Push(std::make_unique<Chunk>());  // has room for all of them
    }
  }
  /// Null once aborted.
  SharedChunk Take() {
    auto chunk = free_->Pop();
    if (!chunk) return nullptr;
    return {chunk->release(), [free = free_](Chunk* used) {
              used->size = 0;
              (void)free->Push(std::unique_ptr<Chunk>(used));  // false: aborted, freed here
            }};
  }
  void Abort() { free_->Abort(); }

 private:
  using FreeList = BoundedQueue<std::unique_ptr<Chunk>>;
  std::shared_ptr<FreeList> free_;
};

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

  Result<PipelineStats> Run(const NextLent& next,
                            const std::function<Status(const NextChunk&)>& walk);

 private:
  // Where a stage's error ends up. A later stage's error may be the fruit of an earlier one's.
  struct Stage {
    Status status = Ok();
  };

  template <class Fn>
  std::jthread Start(Stage& stage, Fn body);
  Status Receive(const NextLent& next);
  Status Inflate();
  Status InflateChunk(Inflater& inflater, std::string_view input);
  Status CountInflated(std::size_t bytes);
  bool HandOn(SharedChunk chunk);
  Status Hash();
  Status Walk(const std::function<Status(const NextChunk&)>& walk);
  void Abort();
  Result<PipelineStats> Judge() const;
  Status Interrupted() const;

  const LayerDescriptor& layer_;
  Budget& budget_;
  const Cancellation& cancel_;
  ChunkPool inflated_pool_{kInflatedChunks};
  BoundedQueue<Lent> compressed_{kCompressedChunks};
  BoundedQueue<SharedChunk> to_hash_{kInflatedChunks};
  BoundedQueue<SharedChunk> to_walk_{kInflatedChunks};
  std::atomic<std::uint64_t> compressed_bytes_ = 0;
  std::uint64_t inflated_bytes_ = 0;
  Digest blob_digest_;
  Digest diff_id_;
  Stage receive_, inflate_, hash_, walk_;
};

void Pipeline::Abort() {
  inflated_pool_.Abort();
  compressed_.Abort();
  to_hash_.Abort();
  to_walk_.Abort();
}

Status Pipeline::Interrupted() const {
  if (cancel_.Stopped()) return Error{Code::kCancelled, "the scan was cancelled"};
  if (cancel_.Expired()) return Error{Code::kDeadlineExceeded, "the scan took too long"};
  return Ok();
}

template <class Fn>
std::jthread Pipeline::Start(Stage& stage, Fn body) {
  return std::jthread([this, &stage, body = std::move(body)] {
    try {
      stage.status = body();
    } catch (const std::bad_alloc&) {
      stage.status = ResourceExhausted("reading the layer needs more memory than there is")
                         .WithReason(scan_reason::kTooLarge);
    } catch (const std::exception& e) {
      stage.status = Internal(std::string("reading the layer failed: ") + e.what());
    }
    if (EndsAtOnce(stage.status)) Abort();
  });
}

Status Pipeline::Receive(const NextLent& next) {
  Sha256 sha;
  for (;;) {
    if (auto go_on = Interrupted(); !go_on) return go_on;
    auto lent = next();
    if (!lent) return std::move(lent).error();
    if (lent->bytes.empty()) break;
    compressed_bytes_ += lent->bytes.size();
    if (compressed_bytes_ > layer_.size_bytes) {
      return Mismatch("layer blob has more than the " + std::to_string(layer_.size_bytes) +
                      " bytes that the manifest says");
    }
    if (!layer_.blob_verified) sha.Update(lent->bytes);
    if (!compressed_.Push(*std::move(lent))) return Ok();  // aborted: another stage says why
  }
  blob_digest_ = sha.Finish();
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

bool Pipeline::HandOn(SharedChunk chunk) {
  const bool hashed = to_hash_.Push(chunk);
  // The walk may have ended early; the hash goes on.
  (void)to_walk_.Push(std::move(chunk));
  return hashed;
}

Status Pipeline::InflateChunk(Inflater& inflater, std::string_view input) {
  std::size_t room = 0;
  do {
    SharedChunk out = inflated_pool_.Take();
    if (!out) return Ok();
    auto count = inflater.Inflate(input, out->bytes.get(), kChunkBytes);
    if (!count) return std::move(count).error();
    out->size = *count;
    room = kChunkBytes - *count;
    if (*count == 0) continue;
    if (auto counted = CountInflated(*count); !counted) return counted;
    if (!HandOn(std::move(out))) return Ok();
  } while (!input.empty() || room == 0);
  return Ok();
}

Status Pipeline::Inflate() {
  Status status = Ok();
  std::unique_ptr<Inflater> inflater;
  while (auto lent = compressed_.Pop()) {
    if (!status) continue;  // only the digest of the blob still matters
    if (!inflater) {
      auto compression = DetectCompression(lent->bytes, layer_.media_type);
      if (!compression) {
        status = std::move(compression).error();
        continue;
      }
      inflater = MakeInflater(*compression, budget_.limits());
    }
    status = InflateChunk(*inflater, lent->bytes);
    if (!status && status.error().code == Code::kResourceExhausted) break;
  }
  if (status && inflater) status = inflater->Finish();
  if (status && !inflater) {  // an empty blob is an empty tar; its type counts all the same
    auto compression = DetectCompression("", layer_.media_type);
    if (!compression) status = std::move(compression).error();
  }
  to_hash_.Close();
  to_walk_.Close();
  return status;
}

Status Pipeline::Hash() {
  Sha256 sha;
  while (auto chunk = to_hash_.Pop()) sha.Update((*chunk)->view());
  diff_id_ = sha.Finish();
  return Ok();
}

Status Pipeline::Walk(const std::function<Status(const NextChunk&)>& walk) {
  SharedChunk current;
  const NextChunk next = [&]() -> Result<std::string_view> {
    current.reset();
    auto chunk = to_walk_.Pop();
    if (!chunk) return std::string_view();
    current = *std::move(chunk);
    return current->view();
  };
  Status status = walk(next);
  current.reset();
  while (to_walk_.Pop()) continue;  // lets the buffers go back while the rest is hashed
  return status;
}

Result<PipelineStats> Pipeline::Judge() const {
  if (!receive_.status) return receive_.status.error();
  for (const Stage* stage : {&inflate_, &walk_, &hash_}) {
    if (EndsAtOnce(stage->status)) return stage->status.error();
  }
  if (compressed_bytes_ != layer_.size_bytes) {
    return Mismatch("layer blob has " + std::to_string(compressed_bytes_) + " bytes, expected " +
                    std::to_string(layer_.size_bytes));
  }
  if (!layer_.blob_verified && blob_digest_ != layer_.digest) {
    return Mismatch("layer blob has digest " + blob_digest_.ToString() + ", expected " +
                    layer_.digest.ToString());
  }
  if (!inflate_.status) return inflate_.status.error();
  if (!hash_.status) return hash_.status.error();
  if (diff_id_ != layer_.diff_id) {
    return Mismatch("inflated layer has digest " + diff_id_.ToString() +
                    ", but the configuration's diffID is " + layer_.diff_id.ToString());
  }
  if (!walk_.status) return walk_.status.error();
  return PipelineStats{compressed_bytes_, inflated_bytes_};
}

Result<PipelineStats> Pipeline::Run(const NextLent& next,
                                    const std::function<Status(const NextChunk&)>& walk) {
  for (const Digest* digest : {&layer_.digest, &layer_.diff_id}) {
    if (digest->Algorithm() != "sha256") {
      return Unsupported("digest '" + digest->ToString() + "' is not a sha256, which is expected");
    }
  }
  const std::stop_callback on_stop(cancel_.stop, [this] { Abort(); });
  std::vector<std::jthread> threads;
  try {
    threads.push_back(Start(hash_, [this] { return Hash(); }));
    threads.push_back(Start(walk_, [this, &walk] { return Walk(walk); }));
    threads.push_back(Start(inflate_, [this] { return Inflate(); }));
    receive_.status = Receive(next);
  } catch (const std::exception& e) {  // no thread, no memory
    receive_.status =
        ResourceExhausted(std::string("the layer's pipeline cannot run: ") + e.what());
  }
  if (!receive_.status) Abort();
  compressed_.Close();
  threads.clear();  // joins
  if (auto go_on = Interrupted(); !go_on && receive_.status) return std::move(go_on).error();
  return Judge();
}

}  // namespace

NextLent Buffered(const ReadBytes& read) {
  return [pool = std::make_shared<ChunkPool>(kCompressedChunks), &read,
          ended = false]() mutable -> Result<Lent> {
    if (ended) return Lent{};
    const SharedChunk chunk = pool->Take();
    while (!ended && chunk->size < kChunkBytes) {
      auto count = read(chunk->bytes.get() + chunk->size, kChunkBytes - chunk->size);
      if (!count) return std::move(count).error();
      ended = *count == 0;
      chunk->size += *count;
    }
    return Lent{chunk->view(), chunk};
  };
}

Result<PipelineStats> RunPipeline(const LayerDescriptor& layer, const NextLent& next,
                                  const std::function<Status(const NextChunk&)>& walk,
                                  Budget& budget, const Cancellation& cancel) {
  Pipeline pipeline(layer, budget, cancel);
  return pipeline.Run(next, walk);
}

}  // namespace landwaiter::layer
