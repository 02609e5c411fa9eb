// How many images had which verdict, over time: what the report API tells of it, and how it is kept
// (docs/adr/0025). A sample says what counts from its time on, until the next.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/store/outbox.h"
#include "resources/image_scan.h"

namespace landwaiter::controller {

inline constexpr std::size_t kMaxSamples = 1'000;

struct VerdictCounts {
  std::uint64_t pass = 0;
  std::uint64_t warn = 0;
  std::uint64_t unknown = 0;
  std::uint64_t fail = 0;
  std::uint64_t pending = 0;  // without a verdict yet
  friend bool operator==(const VerdictCounts&, const VerdictCounts&) = default;
};

struct VerdictSample {
  TimePoint at{};  // to the second
  VerdictCounts images;
  VerdictCounts running;  // those of them that pods use
  bool SameCounts(const VerdictSample& other) const {
    return images == other.images && running == other.running;
  }
  friend bool operator==(const VerdictSample&, const VerdictSample&) = default;
};

/// Oldest first.
using VerdictHistory = std::vector<VerdictSample>;

/// Counts an ImageScan that is about one digest; others (a person's request by tag) are left out.
void AddTo(VerdictSample& sample, const resources::ImageScan& scan);

/// Leaves the last sample of each minute of the two hours before `now`, of each ten minutes of two
/// days, and of each day before; of all the newest kMaxSamples: a year and a half at the least.
void Thin(VerdictHistory& history, TimePoint now);

/// Below store::kMaxOutboxBytes for kMaxSamples of them.
std::string HistoryToText(const VerdictHistory& history);
/// Errors: InvalidArgument, ResourceExhausted for what HistoryToText has not written.
Result<VerdictHistory> HistoryFromText(std::string_view text);

/// The note that it is kept as; no subscription's key is without a '/'.
inline const std::string kHistoryNote = "verdicts";

/// Between two samples; what changes meanwhile is in the second.
inline constexpr std::chrono::seconds kHistoryPace{60};

/// Keeps the sample where its counts are not those of the newest one. How long to wait where one
/// was kept a moment ago, or by another replica meanwhile; 0 where nothing is left to do. A history
/// that cannot be read is begun anew. Errors: the store's.
Result<std::chrono::milliseconds> KeepSample(store::Outbox& notes, const VerdictSample& sample);

/// Empty where nothing was kept yet. Errors: the store's, those of HistoryFromText.
Result<VerdictHistory> ReadHistory(store::Outbox& notes);

}  // namespace landwaiter::controller
