// Whether an advisory database is young enough to be believed where it finds nothing: one answer
// for reports, policies, conditions and the doors.
#pragma once

#include <chrono>

#include "lib/base/clock.h"

namespace landwaiter {

enum class DatabaseAge {
  kYoung,
  kOld,      // of a time that is more than the limit ago
  kUnknown,  // of a time to come: one of two clocks was wrong, and nothing says which
};

/// Two clocks may differ by so much; what is dated further ahead would be young for ever.
inline constexpr std::chrono::hours kMaxClockSkew{24};

/// Of a database that is of `built` (DatabaseInfo::built_at).
inline DatabaseAge AgeOfDatabase(TimePoint built, TimePoint now, std::chrono::milliseconds limit) {
  if (built > now + kMaxClockSkew) return DatabaseAge::kUnknown;
  return now - built <= limit ? DatabaseAge::kYoung : DatabaseAge::kOld;
}

}  // namespace landwaiter
