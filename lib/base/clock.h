// Time as a port: whatever decides by time is given a Clock, so that tests can turn it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter {

using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint Now() const override;
};

/// RFC 3339 in UTC with seconds, as Kubernetes writes metav1.Time: "2026-11-23T10:00:00Z".
std::string FormatTime(TimePoint time);
/// With microseconds, as metav1.MicroTime (Leases): "2026-11-23T10:00:00.000000Z".
std::string FormatMicroTime(TimePoint time);
/// RFC 3339, fraction and offset optional, or a bare date (midnight UTC). Errors: InvalidArgument.
Result<TimePoint> ParseTime(std::string_view text);
/// Go durations as Kubernetes writes metav1.Duration, plus "d": "72h", "1h30m", "500ms", "30d".
/// Never negative. Errors: InvalidArgument.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

}  // namespace landwaiter
