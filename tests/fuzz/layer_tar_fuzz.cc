// Layers' tars from any bytes: the reader's entries keep its promises, however the bytes are cut,
// and what the walk makes of them can be merged.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/layer/merge.h"
#include "scanner/layer/path.h"
#include "scanner/layer/tar_reader.h"
#include "scanner/layer/walker.h"

namespace {

using namespace landwaiter;
using namespace landwaiter::layer;

Limits SmallLimits() {
  Limits limits;
  limits.entries = 10'000;
  limits.retained_bytes = 4u << 20;
  limits.file_bytes = 1u << 20;
  return limits;
}

NextChunk Chunks(std::string_view& bytes, std::size_t step) {
  return [&bytes, step]() -> Result<std::string_view> {
    const std::string_view chunk = bytes.substr(0, step);
    bytes.remove_prefix(chunk.size());
    return chunk;
  };
}

/// Names, sizes and the end, as text.
std::string Listing(std::string_view bytes, std::size_t step) {
  Budget budget(SmallLimits());
  TarReader reader(Chunks(bytes, step), budget);
  std::string text;
  for (;;) {
    const auto entry = reader.Next();
    if (!entry) return text + "error " + entry.error().message;
    if (!*entry) return text + "end";
    if ((*entry)->name.size() > budget.limits().path_bytes) std::abort();
    const std::string clean = CleanPath((*entry)->name);
    if (CleanPath(clean) != clean || clean.starts_with('/')) std::abort();
    text += (*entry)->name + " " + std::to_string((*entry)->size) + "\n";
    // A sparse file may claim 2^62 bytes of holes.
    if ((*entry)->size > (1u << 20)) continue;
    std::uint64_t size = 0;
    const auto read = reader.ReadContent([&](std::string_view piece) {
      size += piece.size();
      return Ok();
    });
    if (!read) return text + "error " + read.error().message;
    if (size != (*entry)->size) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (Listing(input, 512) != Listing(input, 37)) std::abort();
  Budget budget(SmallLimits());
  const LayerOptions options;
  Walker walker(options, budget);
  std::string_view bytes = input;
  if (!walker.Run(Chunks(bytes, 4096))) return 0;
  const LayerInventory layer = walker.Take();
  const std::vector<const LayerInventory*> stack = {&layer, &layer};
  const auto merged = MergeLayers(stack, options.sources, budget.limits());
  if (!merged && merged.error().message.empty()) std::abort();
  return 0;
}
