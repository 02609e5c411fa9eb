// What a scan's child may say, from any bytes: messages, errors, inventories.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/inventory_codec.h"
#include "model/scan_request.h"
#include "scanner/service/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  using namespace landwaiter::service;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto message = ChildMessageFromJson(input);
  if (message) {
    // What is accepted says the same again.
    const auto again = ChildMessageFromJson(ToJson(*message));
    if (!again || ToJson(*again) != ToJson(*message)) std::abort();
  } else if (message.error().reason != scan_reason::kScannerFailed) {
    std::abort();
  }
  const Error error = ErrorFromJson(input);
  if (error.message.find('\x1b') != std::string::npos) std::abort();
  if (const auto inventory = ImageInventoryFromJson(input)) {
    const auto again = ImageInventoryFromJson(ToJson(*inventory));
    if (!again || !(*again == *inventory)) std::abort();
    const auto encoded = DecodeImageInventory(EncodeImageInventory(*inventory));
    if (!encoded || !(*encoded == *inventory)) std::abort();
  }
  // As the child really sends it, and as the layer cache has it.
  if (const auto inventory = DecodeImageInventory(input)) {
    const auto again = DecodeImageInventory(EncodeImageInventory(*inventory));
    if (!again || !(*again == *inventory)) std::abort();
  }
  return 0;
}
