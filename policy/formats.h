// Small formats within policy fields: each check's message follows the field's path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace landwaiter::policy {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::string protocol;  // "" is any
};

Status CheckDuration(std::string_view text);
/// A duration of at most 365 days, as CEL can compute it: of hours and less, or of whole days.
Status CheckDurationOfAYear(std::string_view text);
Status CheckUntil(std::string_view text);
Status CheckRuleName(std::string_view text);
Status CheckVulnerabilityId(std::string_view text);
Status CheckLabelKey(std::string_view text);
Status CheckLabelValue(std::string_view text);
Status CheckPort(std::string_view text);
Status CheckUser(std::string_view text);
Status CheckSize(std::string_view text);
Status CheckNotBlank(std::string_view text);

/// "22", "8000-8080", each with "/tcp", "/udp" or "/sctp" or without.
Result<PortRange> ParsePortRange(std::string_view text);
/// Kubernetes' quantity of bytes, whole: "500Mi", "2Gi", "1000000", "50M". Errors: InvalidArgument
/// for others, nothing, and what no image has.
Result<std::uint64_t> ParseSize(std::string_view text);
/// The moment an exception stops to count: a bare date lasts through that day (UTC).
Result<TimePoint> ParseUntil(std::string_view text);

}  // namespace landwaiter::policy
