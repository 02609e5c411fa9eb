// The encoded inventory of a layer, from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/scan_request.h"
#include "scanner/layer/inventory_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const auto inventory = layer::DecodeInventory({reinterpret_cast<const char*>(data), size});
  if (!inventory) {
    if (inventory.error().reason != scan_reason::kScannerFailed) std::abort();
    return 0;
  }
  // What is accepted says the same again.
  const std::string bytes = layer::EncodeInventory(*inventory);
  const auto again = layer::DecodeInventory(bytes);
  if (!again || layer::EncodeInventory(*again) != bytes) std::abort();
  return 0;
}
