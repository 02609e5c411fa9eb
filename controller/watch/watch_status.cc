#include "controller/watch/watch_status.h"

#include <algorithm>
#include <set>

#include "model/scan_request.h"

namespace landwaiter::controller {
namespace {

using resources::Condition;
using resources::RegistryWatch;
using resources::RegistryWatchStatus;
using std::chrono::milliseconds;

constexpr std::chrono::minutes kFirstRetry{1};
// Times in a status have whole seconds.
constexpr std::chrono::seconds kSoonest{1};

const Condition* Ready(const RegistryWatchStatus& status) {
  return resources::FindCondition(status.conditions, "Ready");
}

std::string Counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// As long as it has been failing: 1, 2, 4 … minutes apart, never more than the interval.
milliseconds RetryAfterFailure(const RegistryWatchStatus& status, milliseconds interval,
                               TimePoint now) {
  const Condition* ready = Ready(status);
  const auto since = ready != nullptr && ready->status == "False"
                         ? ParseTime(ready->last_transition_time)
                         : Result<TimePoint>(now);
  const milliseconds failing = since ? now - *since : milliseconds(0);
  return std::min(interval, std::max<milliseconds>(kFirstRetry, failing));
}

void Set(RegistryWatchStatus& status, const RegistryWatch& watch, const char* type, bool holds,
         const std::string& reason, const std::string& message, TimePoint now) {
  resources::SetCondition(status.conditions,
                          {type, holds ? "True" : "False", reason, message, watch.generation, ""},
                          now);
}

}  // namespace

std::optional<milliseconds> UntilDue(const RegistryWatch& watch, TimePoint now) {
  const auto& status = watch.status;
  const auto last = ParseTime(status.last_checked_at);
  const auto next = ParseTime(status.next_check_at);
  const Condition* ready = Ready(status);
  if (!last || !next) return std::nullopt;
  const auto until = [&](TimePoint then) { return std::max<milliseconds>(then - now, kSoonest); };
  const bool told_to_wait = ready != nullptr && ready->reason == scan_reason::kRateLimited;
  if (told_to_wait && *next > now) return until(*next);
  if (status.observed_generation != watch.generation) return std::nullopt;
  // A clock that was ahead, and has jumped back.
  if (*last > now + std::chrono::minutes(1)) return std::nullopt;
  const auto& asked = watch.spec.check_after;
  // Not "older": what was pushed in the second of the last look may have come after it.
  const bool asked_anew = asked && *last <= *asked;
  if ((asked_anew && *asked <= now) || *next <= now) return std::nullopt;
  return until(asked_anew ? std::min(*asked, *next) : *next);
}

RegistryWatchStatus StatusAfter(const RegistryWatch& watch, const Look& look,
                                const std::vector<Sighting>& made, TimePoint began, TimePoint now) {
  RegistryWatchStatus out = watch.status;
  out.observed_generation = watch.generation;
  out.last_checked_at = FormatTime(began);
  out.repositories = look.repositories;
  out.tags = look.tags;
  std::set<Digest> digests;
  for (const auto& [reference, digest] : look.watched) digests.insert(digest);
  out.images = digests.size();
  for (const Sighting& one : made) {
    out.newest.insert(out.newest.begin(),
                      {one.reference.ToString(), one.digest.ToString(), FormatTime(now)});
  }
  if (out.newest.size() > resources::kMaxNewestImages) {
    out.newest.resize(resources::kMaxNewestImages);
  }
  const std::string counts = Counted(look.tags, "tag", "tags") + " of " +
                             Counted(look.repositories, "repository", "repositories") + ", " +
                             Counted(out.images, "image", "images");
  // Somebody must know of a registry that wants to be left alone, whatever it told before.
  const auto limited = std::find_if(
      look.faults.begin(), look.faults.end(),
      [](const Shortfall& fault) { return fault.reason == scan_reason::kRateLimited; });
  const bool ready = look.answered && limited == look.faults.end();
  milliseconds next = watch.spec.interval;
  if (ready) {
    Set(out, watch, "Ready", true, "Checked", counts, now);
  } else {
    const Shortfall fault = limited != look.faults.end() ? *limited
                            : look.faults.empty()
                                ? Shortfall{"NothingAsked", "no repository was asked"}
                                : look.faults.front();
    Set(out, watch, "Ready", false, fault.reason, fault.message, now);
    next = std::max(look.pause, RetryAfterFailure(out, watch.spec.interval, now));
  }
  if (look.unmade) next = std::min<milliseconds>(next, kFirstRetry);
  // What could not be kept of it for a bound of ours comes after what the registry refused.
  std::vector<Shortfall> missing = look.faults;
  missing.insert(missing.end(), look.left_out.begin(), look.left_out.end());
  if (missing.empty()) {
    Set(out, watch, "Complete", true, "AllChecked", "every tag that is wanted was asked for", now);
  } else {
    std::string all;
    for (const Shortfall& one : missing) all += (all.empty() ? "" : "; ") + one.message;
    Set(out, watch, "Complete", false, missing.front().reason, all, now);
  }
  out.next_check_at = FormatTime(now + next + kSoonest - milliseconds(1));
  return out;
}

RegistryWatchStatus StatusAtRest(const RegistryWatch& watch, TimePoint now) {
  RegistryWatchStatus out = watch.status;
  out.observed_generation = watch.generation;
  out.next_check_at.clear();
  if (!watch.problem.empty()) {
    Set(out, watch, "Ready", false, "InvalidSpec", watch.problem, now);
  } else {
    Set(out, watch, "Ready", false, "Suspended",
        "spec.suspend is true: the registry is not asked, what was found stays watched", now);
  }
  return out;
}

}  // namespace landwaiter::controller
