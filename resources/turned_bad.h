// Since when an image is bad under a policy and where it ran then: its JSON, and what it opens.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "policy/policy.h"
#include "resources/image_scan.h"

namespace landwaiter::resources {

/// What a namespace takes of kMaxRanInBytes.
std::size_t RanInBytes(const std::string& ns);

/// `room`: what is left of kMaxRanInBytes; names beyond it, or beyond kMaxRanIn, are left out.
nlohmann::json TurnedBadToJson(const TurnedBad& record, std::size_t& room);
/// Errors go to `fields`.
void ReadTurnedBad(JsonFields& fields, TurnedBad& record);

/// Until when a policy lets the image in again where it ran; nullopt where it judges it as any
/// other. `record` is of a judgement under the policy's uid.
std::optional<TimePoint> LetInUntil(const TurnedBad& record, const policy::ScanPolicy& policy);
/// Whether it ran in this namespace before it turned bad; false while that is being counted.
bool RanIn(const TurnedBad& record, const std::string& ns);

}  // namespace landwaiter::resources
