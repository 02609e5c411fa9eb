#include "scanner/layer/limits.h"

#include <string>

#include "model/scan_request.h"

namespace landwaiter::layer {

Error TooLarge(std::string_view what, std::uint64_t limit, std::string_view unit) {
  std::string message(what);
  message += " exceeds the limit of " + std::to_string(limit);
  if (!unit.empty()) message += " " + std::string(unit);
  return ResourceExhausted(std::move(message)).WithReason(scan_reason::kTooLarge);
}

Status Budget::AddInflated(std::uint64_t bytes) {
  if (inflated_.fetch_add(bytes) + bytes > limits_.inflated_bytes) {
    return TooLarge("the image's inflated layers", limits_.inflated_bytes, "bytes");
  }
  return Ok();
}

Status Budget::AddEntries(std::uint64_t count) {
  if (entries_.fetch_add(count) + count > limits_.entries) {
    return TooLarge("the number of tar entries of the image", limits_.entries, "");
  }
  return Ok();
}

Status Budget::AddRetained(std::uint64_t bytes) {
  if (retained_.fetch_add(bytes) + bytes > limits_.retained_bytes) {
    return TooLarge("the image's folder names and links", limits_.retained_bytes, "bytes");
  }
  return Ok();
}

}  // namespace landwaiter::layer
