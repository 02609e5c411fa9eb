// The encoded inventory of a layer, from any bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
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
  // In pieces, too.
  std::string_view rest = bytes;
  const auto pieces = layer::DecodeInventory([&](char* buffer, std::size_t room) {
    const std::size_t count = rest.copy(buffer, std::min<std::size_t>(room, 7));
    rest.remove_prefix(count);
    return Result<std::size_t>(count);
  });
  if (!pieces || layer::EncodeInventory(*pieces) != bytes) std::abort();
  return 0;
}
