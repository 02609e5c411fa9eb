// Compressed records, inflated within bounds. Inside this room only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::packages {

/// One zlib stream (RFC 1950), its checksum verified; bytes behind it are ignored.
/// Errors: ResourceExhausted where it has more than `max_bytes`, DataLoss.
Result<std::string> InflateZlib(std::string_view bytes, std::size_t max_bytes);

struct LineLimits {
  std::uint64_t total_bytes = 0;  // of the inflated text
  std::size_t line_bytes = 0;
};
/// Zstandard frames (RFC 8878), inflated piece by piece and given out line by line without the
/// '\n'; a last line without one is given out too. Ends early with the error that `each` gives.
/// Errors: ResourceExhausted by `limits`, DataLoss (also of a frame with a larger window).
Status ForEachZstdLine(std::string_view bytes, const LineLimits& limits,
                       const std::function<Status(std::string_view line)>& each);

}  // namespace landwaiter::packages
