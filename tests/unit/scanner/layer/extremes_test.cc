// Very many files and very many layers, scaled down to seconds: the work and the memory are counted
// (tests/unit/allocations.h), so that what grows faster than the image fails here, whatever the
// machine does besides. The whole extremes are measured by `make bench` (tests/bench/extremes.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "scanner/layer/merge.h"
#include "scanner/layer/scan_layer.h"
#include "tests/unit/allocations.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using testing::Tar;

struct Cost {
  std::uint64_t allocations = 0;
  std::uint64_t peak_bytes = 0;
};

/// A tar of `files` small files, a thousand in each folder, made while it is read.
class ManyFiles {
 public:
  explicit ManyFiles(int files) : files_(files) {}

  std::size_t Read(char* buffer, std::size_t size) {
    if (at_ == piece_.size()) NextPiece();
    const std::size_t count = std::min(size, piece_.size() - at_);
    std::memcpy(buffer, piece_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  void NextPiece() {
    at_ = 0;
    Tar tar;
    const int end = std::min(files_, next_ + 1000);
    if (next_ == 0) tar.File("var/lib/db/status", "pkg 1\n");
    for (; next_ < end; ++next_) {
      tar.File("srv/" + std::to_string(next_ / 1000) + "/f" + std::to_string(next_ % 1000), "abc");
    }
    const bool last = next_ == files_ && !ended_;
    piece_ = last ? tar.Build() : tar.bytes();
    ended_ = ended_ || last;
  }

  const int files_;
  int next_ = 0;
  bool ended_ = false;
  std::string piece_;
  std::size_t at_ = 0;
};

Cost CostOfFiles(int files) {
  ManyFiles tar(files);
  Budget budget({});
  LayerOptions options;
  options.sources = testing::TestSources();
  const landwaiter::testing::AllocationCount count;
  const auto layer = ScanTar([&](char* buffer, std::size_t size) { return tar.Read(buffer, size); },
                             options, budget, {});
  EXPECT_TRUE(layer) << layer.error().message;
  if (!layer) return {};
  EXPECT_GE(layer->entries.size(), static_cast<std::size_t>(files));
  const LayerInventory* const stack[] = {&*layer};
  const auto merged = MergeLayers(stack, testing::TestSources(), {});
  EXPECT_TRUE(merged && merged->packages.size() == 1);
  return {count.allocations(), count.peak_bytes()};
}

TEST(ExtremesTest, ManyFilesInOneLayerAreLinearWorkAndLittleMemory) {
  if (!landwaiter::testing::AllocationsAreCounted()) {
    GTEST_SKIP() << "a sanitizer has its own allocator";
  }
  constexpr int kFiles = 150'000;
  const Cost half = CostOfFiles(kFiles);
  const Cost whole = CostOfFiles(2 * kFiles);
  EXPECT_LT(whole.allocations, half.allocations * 22 / 10) << half.allocations;
  EXPECT_LT(whole.peak_bytes, half.peak_bytes * 22 / 10) << half.peak_bytes;
  // The hash of its name, and its part of the buffers, which do not grow.
  EXPECT_LT(whole.peak_bytes / (2 * kFiles), 40u) << "bytes for each file";
}

/// Layers of `files` files each: a database that grows, files over those of lower layers, and a
/// whiteout.
Cost CostOfLayers(int layers, int files) {
  std::vector<LayerInventory> read;
  for (int number = 0; number < layers; ++number) {
    Tar tar;
    std::string status;
    for (int i = 0; i <= number; ++i) status += "p" + std::to_string(i) + " 1\n";
    tar.File("var/lib/db/status", status);
    for (int i = 0; i < files; ++i) {
      tar.File("srv/" + std::to_string(i % 10) + "/f" + std::to_string(number % 7 * files + i), "");
    }
    tar.Whiteout("srv/" + std::to_string(number % 10), "f" + std::to_string(number));
    const std::string bytes = tar.Build();
    Budget budget({});
    LayerOptions options;
    options.sources = testing::TestSources();
    auto layer = ScanLayer(testing::Describe(bytes, bytes, testing::kPlainLayer),
                           testing::Reader(bytes), options, budget, {});
    EXPECT_TRUE(layer) << layer.error().message;
    if (!layer) return {};
    read.push_back(*std::move(layer));
  }
  std::vector<const LayerInventory*> stack;
  for (const LayerInventory& layer : read) stack.push_back(&layer);
  const landwaiter::testing::AllocationCount count;
  const auto merged = MergeLayers(stack, testing::TestSources(), {});
  EXPECT_TRUE(merged && merged->packages.size() == static_cast<std::size_t>(layers));
  return {count.allocations(), count.peak_bytes()};
}

TEST(ExtremesTest, AHundredAndTwentySevenLayersAreLinearWork) {
  if (!landwaiter::testing::AllocationsAreCounted()) {
    GTEST_SKIP() << "a sanitizer has its own allocator";
  }
  // Packages alone are quadratic by nature: each layer's database names all that are below.
  const Cost half = CostOfLayers(63, 400);
  const Cost whole = CostOfLayers(126, 400);
  EXPECT_LT(whole.allocations, half.allocations * 4) << half.allocations;
  const Cost fuller = CostOfLayers(63, 800);
  EXPECT_LT(fuller.allocations, half.allocations * 22 / 10) << half.allocations;
}

}  // namespace
}  // namespace landwaiter::layer
