// What a registry's answer says of how much more may be asked. Included by this room's sources
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "lib/http/client.h"

namespace landwaiter::image {

struct RateLimit {
  std::uint64_t remaining = 0;
  std::optional<std::chrono::seconds> window;  // what the limit is counted over
  std::optional<std::chrono::seconds> reset;   // until something is allowed again
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// RateLimit-Remaining as Docker Hub writes it ("0;w=21600") or as a bare number, with
/// RateLimit-Reset in seconds (draft-ietf-httpapi-ratelimit-headers-03); nullopt where it is absent
/// or neither. A reset of more than a day, as a point in time is, is not taken for seconds.
std::optional<RateLimit> ReadRateLimit(const http::Response& head);

}  // namespace landwaiter::image
