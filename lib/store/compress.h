// Documents of the store as one zstd frame that says its size and carries a checksum.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/store/store.h"

namespace landwaiter::store {

/// Errors: ResourceExhausted above `max_bytes`.
Result<std::string> Compress(std::string_view text, std::size_t max_bytes);
/// Errors: DataLoss for what Compress did not make, ResourceExhausted above `max_bytes`.
Result<std::string> Decompress(std::string_view blob, std::size_t max_bytes);

/// What every engine keeps of an inventory. Errors: ResourceExhausted for more packages or bytes
/// than store.h allows, naming the digest.
Result<std::string> CompressInventory(const Digest& digest, const InventoryRecord& inventory,
                                      const std::vector<PackageKey>& packages);

}  // namespace landwaiter::store
