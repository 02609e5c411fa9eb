// An ImageInventory as bytes: what the process that read an image hands to its parent, and what the
// layer cache and the controller's store keep. An eighth of the cost of JSON to read, which is what
// people and the HTTP API see (inventory.h).
//
// A first line names the format and its version; then follow the records field by field
// (lib/base/binary.h). Other versions are not read: an image is scanned again.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/binary.h"
#include "lib/base/result.h"
#include "model/inventory.h"

namespace landwaiter {

/// The same inventory gives the same bytes. What is no UTF-8 is replaced as JSON's writer does it.
std::string EncodeImageInventory(const ImageInventory& inventory);
/// The same, piece by piece.
void EncodeImageInventory(const ImageInventory& inventory, const BinaryWriter::Sink& sink);

/// Checked field by field against the bounds that JSON has, because it comes from a process that
/// has read hostile bytes. Errors: InvalidArgument naming the first field that is wrong;
/// Unsupported for what a later version of the program has written, which may be sound.
Result<ImageInventory> DecodeImageInventory(std::string_view bytes);

/// Names the format and its version between the controller and a scanner, which may be of different
/// releases while an upgrade runs: JSON is what both know.
inline constexpr std::string_view kInventoryMediaType = "application/vnd.landwaiter.inventory.4";

inline constexpr std::size_t kMaxInventoryBytes = kMaxInventoryJsonBytes;

}  // namespace landwaiter
