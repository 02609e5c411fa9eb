// Documents of the store as one zstd frame that says its size and carries a checksum.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::store {

/// Errors: ResourceExhausted above `max_bytes`.
Result<std::string> Compress(std::string_view text, std::size_t max_bytes);
/// Errors: DataLoss for what Compress did not make, ResourceExhausted above `max_bytes`.
Result<std::string> Decompress(std::string_view blob, std::size_t max_bytes);

}  // namespace landwaiter::store
