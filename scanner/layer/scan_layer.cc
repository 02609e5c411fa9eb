#include "scanner/layer/scan_layer.h"

#include <utility>

#include "scanner/layer/walker.h"

namespace landwaiter::layer {
namespace {

constexpr std::size_t kTarChunkBytes = 256u << 10;

}  // namespace

Result<LayerInventory> ScanLayer(const LayerDescriptor& layer, const NextChunk& next,
                                 const LayerOptions& options, Budget& budget,
                                 const Cancellation& cancel) {
  Walker walker(options, budget);
  auto stats = RunPipeline(
      layer, next, [&](const NextChunk& chunks) { return walker.Run(chunks); }, budget, cancel);
  if (!stats) return std::move(stats).error();
  LayerInventory inventory = walker.Take();
  inventory.digest = layer.digest;
  inventory.diff_id = layer.diff_id;
  inventory.media_type = layer.media_type;
  inventory.size_bytes = stats->compressed_bytes;
  inventory.inflated_bytes = stats->inflated_bytes;
  return inventory;
}

Result<LayerInventory> ScanLayer(const LayerDescriptor& layer, const ReadBytes& read,
                                 const LayerOptions& options, Budget& budget,
                                 const Cancellation& cancel) {
  return ScanLayer(layer, Buffered(read), options, budget, cancel);
}

Result<LayerInventory> ScanTar(const ReadBytes& read, const LayerOptions& options, Budget& budget,
                               const Cancellation& cancel) {
  std::string buffer(kTarChunkBytes, '\0');
  std::uint64_t size = 0;
  Sha256 hash;
  const NextChunk next = [&]() -> Result<std::string_view> {
    if (cancel.Stopped()) return Error{Code::kCancelled, "the scan was stopped"};
    auto count = read(buffer.data(), buffer.size());
    if (!count) return std::move(count).error();
    if (auto counted = budget.AddInflated(*count); !counted) return std::move(counted).error();
    const std::string_view bytes(buffer.data(), *count);
    hash.Update(bytes);
    size += bytes.size();
    return bytes;
  };
  Walker walker(options, budget);
  if (auto walked = walker.Run(next); !walked) return std::move(walked).error();
  for (;;) {  // an error may still stand behind the archive's end
    auto rest = next();
    if (!rest) return std::move(rest).error();
    if (rest->empty()) break;
  }
  LayerInventory inventory = walker.Take();
  inventory.digest = hash.Finish();
  inventory.diff_id = inventory.digest;
  inventory.size_bytes = inventory.inflated_bytes = size;
  return inventory;
}

}  // namespace landwaiter::layer
