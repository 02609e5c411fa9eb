// What one image may cost: security.md, "archive bombs". Every limit is an option and a named
// reason.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::layer {

/// Limits over one image unless said otherwise; each exceeded one is ResourceExhausted with reason
/// TooLarge, and names itself.
struct Limits {
  /// All layers together, inflated. The largest public images (CUDA, ML) stand near 15 GiB.
  std::uint64_t inflated_bytes = 20ull << 30;
  /// Tar entries of all layers together; large monorepo images have about 1 M.
  std::uint64_t entries = 10'000'000;
  /// Inflated over compressed bytes of one layer. deflate cannot pass 1032, text stays under 30.
  std::uint64_t ratio = 1000;
  /// The ratio counts from here on: a layer of one sparse file may begin with a long run of zeros.
  std::uint64_t ratio_free_bytes = 100ull << 20;
  /// The engines' own limit (overlayfs stacks at most 128 with the writable one).
  std::size_t layers = 127;
  /// PATH_MAX: no longer name can be opened on Linux.
  std::size_t path_bytes = 4096;
  /// Folder names, link targets and whiteouts that are kept for the merge, all layers together.
  std::uint64_t retained_bytes = 256ull << 20;
  /// One file of interest that is read whole; package sources may ask for less.
  std::uint64_t file_bytes = 512ull << 20;
  /// One file of interest that is spooled to be read at random, and as much again for what is
  /// unpacked out of it. The largest jars of public images have 1.8 GB.
  std::uint64_t spooled_bytes = 2ull << 30;
  /// A pax header, a GNU long name or a GNU long link; Go's archive/tar stops at the same size.
  std::size_t tar_metadata_bytes = 1u << 20;
  /// Pieces of one sparse file's map.
  std::size_t sparse_pieces = 1u << 16;
  /// The window of a zstd frame: 2^25, what zstd:chunked and --ultra -22 layers need at most.
  int zstd_window_log = 25;
};

/// How much of an image's limits its layers have used. Thread-safe: layers are read side by side.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}
  const Limits& limits() const { return limits_; }

  /// Errors: ResourceExhausted, reason TooLarge.
  Status AddInflated(std::uint64_t bytes);
  Status AddEntries(std::uint64_t count);
  Status AddEntry() { return AddEntries(1); }
  Status AddRetained(std::uint64_t bytes);

 private:
  const Limits limits_;
  std::atomic<std::uint64_t> inflated_ = 0;
  std::atomic<std::uint64_t> entries_ = 0;
  std::atomic<std::uint64_t> retained_ = 0;
};

/// ResourceExhausted with reason TooLarge: "`what` exceeds the limit of `limit` `unit`".
Error TooLarge(std::string_view what, std::uint64_t limit, std::string_view unit);

}  // namespace landwaiter::layer
