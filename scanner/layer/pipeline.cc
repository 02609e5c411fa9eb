#include "scanner/layer/pipeline.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "model/scan_request.h"
#include "scanner/layer/handover.h"
#include "scanner/layer/inflater.h"

namespace landwaiter::layer {
namespace {

constexpr std::uint64_t kRatioAhead = 1u << 20;

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
  std::string_view NextPiece(const NextChunk& next);
  Status Receive(const NextChunk& next);
  Status Inflate(std::string_view& piece);
  Status FinishInflating();
  Status CountInflated(std::size_t bytes);
  Status Walk(const std::function<std::string_view()>& pieces,
              const std::function<Status(const NextChunk&)>& walk);
  void WalkBeside(const NextChunk& next, const std::function<Status(const NextChunk&)>& walk);
  void Abort();
  Result<PipelineStats> Judge() const;
  Status Interrupted() const;

  const LayerDescriptor& layer_;
  Budget& budget_;
  const Cancellation& cancel_;
  bool one_thread_ = false;
  Handover inflated_;
  std::atomic<bool> aborted_ = false;
  std::unique_ptr<Inflater> inflater_;  // whose memory the walk reads
  std::string_view input_;              // what has come and is not inflated yet
  bool ended_ = false;
  Sha256 blob_hash_;
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

// None at the end of the blob, whatever the reason, and whoever asks again; receive_ and inflate_
// tell.
std::string_view Pipeline::NextPiece(const NextChunk& next) {
  while (!aborted_ && receive_) {
    // After a fault of the stream only the digest of the blob still matters.
    if (inflate_ && inflater_ && !ended_) {
      std::string_view piece;
      inflate_ = Guarded([&] { return Inflate(piece); });
      if (!piece.empty() || aborted_) return piece;
    }
    if (ended_) break;
    receive_ = Guarded([&] { return Receive(next); });
  }
  return {};
}

Status Pipeline::Receive(const NextChunk& next) {
  if (auto go_on = Interrupted(); !go_on) return go_on;
  auto bytes = next();
  if (!bytes) return std::move(bytes).error();
  input_ = *bytes;
  if (input_.empty()) {
    ended_ = true;
    blob_digest_ = blob_hash_.Finish();
    if (inflate_) inflate_ = Guarded([&] { return FinishInflating(); });
    return Ok();
  }
  compressed_bytes_ += input_.size();
  if (compressed_bytes_ > layer_.size_bytes) {
    return Mismatch("layer blob has more than the " + std::to_string(layer_.size_bytes) +
                    " bytes that the manifest says");
  }
  if (!layer_.blob_verified) blob_hash_.Update(input_);
  if (inflater_ || !inflate_) return Ok();
  auto compression = DetectCompression(input_, layer_.media_type);
  if (!compression) {
    inflate_ = std::move(compression).error();
    return Ok();
  }
  one_thread_ = layer_.cores_are_busy && *compression == Compression::kZstd;
  inflater_ = MakeInflater(*compression, budget_.limits(), [this](std::string_view memory) {
    return one_thread_ || inflated_.Reclaim(memory);
  });
  return Ok();
}

Status Pipeline::CountInflated(std::size_t bytes) {
  inflated_bytes_ += bytes;
  if (auto counted = budget_.AddInflated(bytes); !counted) return counted;
  const Limits& limits = budget_.limits();
  // A hole at a sound layer's beginning is to be seen beside some of what follows, however little
  // of that has come.
  const std::uint64_t compressed = std::min(layer_.size_bytes, compressed_bytes_ + kRatioAhead);
  if (inflated_bytes_ > limits.ratio_free_bytes && inflated_bytes_ / limits.ratio > compressed) {
    return TooLarge("the layer's compression ratio", limits.ratio, "to 1");
  }
  return Ok();
}

Status Pipeline::Inflate(std::string_view& piece) {
  auto inflated = inflater_->Inflate(input_);
  if (!inflated) return std::move(inflated).error();
  if (auto counted = CountInflated(inflated->size()); !counted) return counted;
  piece = *inflated;
  return Ok();
}

Status Pipeline::FinishInflating() {
  if (inflater_) return inflater_->Finish();
  // An empty blob is an empty tar; its type counts all the same.
  auto compression = DetectCompression("", layer_.media_type);
  if (!compression) return std::move(compression).error();
  return Ok();
}

Status Pipeline::Walk(const std::function<std::string_view()>& pieces,
                      const std::function<Status(const NextChunk&)>& walk) {
  Sha256 sha;
  // Hashed first, and by the same core, which then has in its cache what is walked over.
  const auto take = [&]() -> Result<std::string_view> {
    const std::string_view piece = pieces();
    sha.Update(piece);
    return piece;
  };
  Status status = walk(take);
  if (EndsAtOnce(status)) return status;
  while (!take()->empty()) continue;  // it may have ended early
  diff_id_ = sha.Finish();
  return status;
}

void Pipeline::WalkBeside(const NextChunk& next,
                          const std::function<Status(const NextChunk&)>& walk) {
  const std::jthread walker([&] {
    walk_ = Guarded(
        [&] { return Walk([&] { return inflated_.Pop().value_or(std::string_view()); }, walk); });
  });
  try {
    for (;;) {
      const std::string_view piece = NextPiece(next);
      if (piece.empty() || !inflated_.Push(piece)) break;
    }
  } catch (...) {
    Abort();  // the walk would wait, and this for the walk
    throw;
  }
  if (!receive_) Abort();
  inflated_.Close();
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
    receive_ = Guarded([&] { return Receive(next); });  // which tells the compression
    if (!receive_) return Judge();
    if (one_thread_) {
      walk_ = Guarded([&] { return Walk([&] { return NextPiece(next); }, walk); });
    } else {
      WalkBeside(next, walk);
    }
  } catch (const std::exception& e) {  // no thread, no memory
    receive_ = ResourceExhausted(std::string("the layer's pipeline cannot run: ") + e.what());
  }
  if (auto go_on = Interrupted(); !go_on && receive_) return std::move(go_on).error();
  return Judge();
}

}  // namespace

NextChunk Buffered(const ReadBytes& read) {
  return [buffer = std::make_shared<std::vector<char>>(kChunkBytes), &read,
          ended = false]() mutable -> Result<std::string_view> {
    std::size_t filled = 0;
    while (!ended && filled < buffer->size()) {
      auto count = read(buffer->data() + filled, buffer->size() - filled);
      if (!count) return std::move(count).error();
      ended = *count == 0;
      filled += *count;
    }
    return std::string_view(buffer->data(), filled);
  };
}

Result<PipelineStats> RunPipeline(const LayerDescriptor& layer, const NextChunk& next,
                                  const std::function<Status(const NextChunk&)>& walk,
                                  Budget& budget, const Cancellation& cancel) {
  Pipeline pipeline(layer, budget, cancel);
  return pipeline.Run(next, walk);
}

}  // namespace landwaiter::layer
