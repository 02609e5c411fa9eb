#include "scanner/matching/freshness.h"

#include "model/database_age.h"

namespace landwaiter::matching {

std::optional<Coverage> StaleDatabase(TimePoint of, TimePoint now,
                                      std::chrono::milliseconds limit) {
  const DatabaseAge age = AgeOfDatabase(of, now, limit);
  if (age == DatabaseAge::kYoung) return {};
  if (age == DatabaseAge::kUnknown) {
    return Coverage{"database", CoverageState::kStale,
                    "the advisory database is of " + FormatTime(of) +
                        ", a time to come: how old it is is not known, one of two clocks was "
                        "wrong; `landwaiter db update` makes a newer one",
                    0};
  }
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(limit);
  return Coverage{"database", CoverageState::kStale,
                  "the advisory database is of " + FormatTime(of) + ", more than " +
                      std::to_string(hours.count()) +
                      "h ago: what became known since is missing; `landwaiter db update` makes a "
                      "newer one",
                  0};
}

}  // namespace landwaiter::matching
