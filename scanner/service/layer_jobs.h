// Layers read apart: from the cache, or by a child process of their own, on behalf of the child
// that puts the image together. Runs in the parent, on the threads of its blob server.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <semaphore>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/image/source.h"
#include "scanner/service/blob_server.h"
#include "scanner/service/protocol.h"
#include "scanner/service/scan_in_child.h"

namespace landwaiter::service {

/// A source for several blob servers: one call at a time.
class LockedSource final : public image::ImageSource {
 public:
  explicit LockedSource(image::ImageSource& source) : source_(source) {}
  std::string Name() const override { return source_.Name(); }
  Result<image::RawManifest> Manifest(const std::optional<Digest>& digest) override {
    const std::lock_guard lock(mutex_);
    return source_.Manifest(digest);
  }
  Result<std::unique_ptr<image::BlobReader>> Blob(const image::Descriptor& descriptor) override {
    const std::lock_guard lock(mutex_);
    return source_.Blob(descriptor);
  }

 private:
  image::ImageSource& source_;
  std::mutex mutex_;
};

/// Puts what the image's child tells of layers together with the bytes that layers' children read.
class ProgressRelay {
 public:
  using Sink = std::function<void(const ScanProgress&)>;
  explicit ProgressRelay(Sink sink) : sink_(std::move(sink)) {}

  void Totals(const ScanProgress& progress);
  void Received(std::uint64_t bytes);

 private:
  void Tell();

  const Sink sink_;
  std::mutex mutex_;
  ScanProgress totals_;
  std::uint64_t received_ = 0;
  std::chrono::steady_clock::time_point next_{};
};

class LayerJobs {
 public:
  /// `start` gives the limits; `cancel` ends children that are at work; `malware` is null where
  /// nobody looks for it. All outlive the jobs.
  LayerJobs(image::ImageSource& source, const StartMessage& start, const ChildOptions& child,
            Cancellation cancel, ProgressRelay& relay, MalwareDesk* malware = nullptr)
      : source_(source),
        start_(start),
        child_(child),
        cancel_(std::move(cancel)),
        relay_(relay),
        malware_(malware),
        free_(std::max(1u, start.layers_at_once)) {}

  /// At most start.layers_at_once children at a time, whatever the image's child asks for: it may
  /// have been taken over. Errors: those of the reading; Internal reason ScannerFailed.
  Result<FilePart> Read(const LayerJob& job);

 private:
  Result<FilePart> ReadInChild(const LayerJob& job);

  image::ImageSource& source_;
  const StartMessage& start_;
  const ChildOptions& child_;
  const Cancellation cancel_;
  ProgressRelay& relay_;
  MalwareDesk* const malware_;
  std::counting_semaphore<> free_;
};

}  // namespace landwaiter::service
