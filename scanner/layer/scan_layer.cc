#include "scanner/layer/scan_layer.h"

#include "scanner/layer/walker.h"

namespace landwaiter::layer {

Result<LayerInventory> ScanLayer(const LayerDescriptor& layer, const ReadBytes& read,
                                 const LayerOptions& options, Budget& budget,
                                 const Cancellation& cancel) {
  Walker walker(options, budget);
  auto stats = RunPipeline(
      layer, read, [&](const NextChunk& next) { return walker.Run(next); }, budget, cancel);
  if (!stats) return std::move(stats).error();
  LayerInventory inventory = walker.Take();
  inventory.digest = layer.digest;
  inventory.diff_id = layer.diff_id;
  inventory.media_type = layer.media_type;
  inventory.size_bytes = stats->compressed_bytes;
  inventory.inflated_bytes = stats->inflated_bytes;
  return inventory;
}

}  // namespace landwaiter::layer
