#include "scanner/service/layer_jobs.h"

#include <utility>

#include "lib/base/log.h"
#include "scanner/layer/inventory_codec.h"
#include "scanner/service/blob_ring.h"
#include "scanner/service/child_run.h"
#include "scanner/service/layer_cache.h"
#include "scanner/service/malware_channel.h"

namespace landwaiter::service {
namespace {

constexpr auto kProgressEvery = std::chrono::milliseconds(100);

}  // namespace

void ProgressRelay::Tell() {
  next_ = std::chrono::steady_clock::now() + kProgressEvery;
  ScanProgress progress = totals_;
  progress.bytes_received += received_;
  sink_(progress);
}

void ProgressRelay::Totals(const ScanProgress& progress) {
  if (!sink_) return;
  const std::lock_guard lock(mutex_);
  totals_ = progress;
  Tell();
}

void ProgressRelay::Received(std::uint64_t bytes) {
  if (!sink_) return;
  const std::lock_guard lock(mutex_);
  received_ += bytes;
  if (std::chrono::steady_clock::now() >= next_) Tell();
}

Result<FilePart> LayerJobs::Read(const LayerJob& job) {
  if (child_.layer_cache == nullptr || (malware_ != nullptr && !malware_->MayKeep())) {
    return ReadInChild(job);
  }
  const std::string key = child_.layer_cache->KeyOf(job, start_);
  if (auto kept = child_.layer_cache->Get(key)) {
    relay_.Received(job.size);
    return *std::move(kept);
  }
  auto layer = ReadInChild(job);
  if (!layer || (malware_ != nullptr && !malware_->MayKeep())) return layer;
  if (Status put = child_.layer_cache->Put(key, *layer); !put) {
    log::Warn("layer not kept", {{"layer", job.digest.ToString()}, {"error", put.error()}});
  }
  return layer;
}

Result<FilePart> LayerJobs::ReadInChild(const LayerJob& job) {
  free_.acquire();  // whoever holds it is ended with the scan
  struct Release {
    std::counting_semaphore<>& free;
    ~Release() { free.release(); }
  } const release{free_};
  if (cancel_.Stopped()) return Error{Code::kCancelled, "the scan was cancelled"};
  const auto made = BlobRing::Make();
  const BlobRing* ring = made ? &*made : nullptr;  // a kernel without it: by a pipe
  BlobServer server(source_, {.on_bytes = [&](std::uint64_t bytes) { relay_.Received(bytes); },
                              .verify = true,
                              .ring = ring,
                              .malware = malware_});
  ScanOptions options;
  options.limits = start_.limits;
  StartMessage start;
  start.limits = start_.limits;
  start.collection = start_.collection;
  start.file_bytes = start_.file_bytes;
  start.name_key = start_.name_key;
  start.layer = job;
  start.malware_max_bytes = start_.malware_max_bytes;
  auto result =
      ChildRun(server, options, child_, cancel_).Run(std::move(start), 1, std::nullopt, ring);
  if (!result) return std::move(result).error();
  // Not by the child's word: what is kept under this digest is every image's.
  if (auto finished = server.Finish(); !finished) return std::move(finished).error();
  if (!server.HasPassed(job.digest)) {
    return ScannerFailed("the image parser answered for a layer that it has not read");
  }
  if (result->size > layer::kMaxEncodedBytes) {
    return ScannerFailed("the inventory of a layer has " + std::to_string(result->size) + " bytes");
  }
  return FilePart{std::move(result->file), 0, result->size};
}

}  // namespace landwaiter::service
