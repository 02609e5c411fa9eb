// What a registry's failures are called. Included by this room's sources only.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/http/client.h"

namespace landwaiter::image {

/// A transport's error with scan_reason's word; Cancelled and the caller's own deadline keep none.
Error FromTransport(const Error& error, const Cancellation& cancel);

/// A status that is no success: "what: answered 403 …" with the body's own words (OCI distribution
/// specification, error codes), made fit for printing.
Error FromStatus(std::string_view what, const http::Response& response);

/// Retry-After (RFC 9110, 10.2.3) in seconds or as a date; nullopt where it is neither.
std::optional<std::chrono::milliseconds> RetryAfter(std::string_view value,
                                                    std::chrono::system_clock::time_point now);

/// Waits, or is stopped. False where the wait was cut short or would outlast the deadline.
bool WaitFor(std::chrono::milliseconds time, const Cancellation& cancel);

}  // namespace landwaiter::image
