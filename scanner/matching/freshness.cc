#include "scanner/matching/freshness.h"

namespace landwaiter::matching {

std::optional<Coverage> StaleDatabase(TimePoint of, TimePoint now,
                                      std::chrono::milliseconds limit) {
  if (now - of <= limit) return {};
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(limit);
  return Coverage{"database", CoverageState::kStale,
                  "the advisory database is of " + FormatTime(of) + ", more than " +
                      std::to_string(hours.count()) +
                      "h ago: what became known since is missing; `landwaiter db update` makes a "
                      "newer one",
                  0};
}

}  // namespace landwaiter::matching
