#include "controller/turned_bad.h"

#include <algorithm>

#include "resources/turned_bad.h"

namespace landwaiter::controller {
namespace {

using resources::PolicyStatus;
using resources::TurnedBad;

bool IsGood(const PolicyStatus& row) { return row.verdict == "Pass" || row.verdict == "Warn"; }

/// Of this very policy, under whatever generation; null where it has not judged the image yet.
const PolicyStatus* RowOf(const resources::ImageScanStatus& status, const PolicyRecord& policy) {
  const auto found =
      std::find_if(status.policies.begin(), status.policies.end(), [&](const PolicyStatus& row) {
        return row.name == policy.policy.name && row.uid == policy.policy.uid;
      });
  return found == status.policies.end() ? nullptr : &*found;
}

/// Times that are not known prove nothing.
bool Counts(const RunsIn& running, const TurnedBad& record) {
  if (record.made_before.empty()) return true;
  const auto limit = ParseTime(record.made_before);
  return limit && running.oldest != TimePoint{} && running.oldest < *limit;
}

void Fill(const std::vector<RunsIn>& running, std::size_t room, TurnedBad& record) {
  for (const RunsIn& in : running) {
    if (!Counts(in, record)) continue;
    const std::size_t bytes = resources::RanInBytes(in.ns);
    if (record.namespaces.size() == resources::kMaxRanIn || bytes > room) break;
    room -= bytes;
    record.namespaces.push_back(in.ns);
  }
  record.counting = false;
  record.made_before.clear();
}

}  // namespace

void KeepTurn(const resources::ImageScanStatus& before, const PolicyRecord& policy, bool counted,
              TimePoint now, PolicyStatus& row) {
  row.turned_bad.reset();
  if (IsGood(row)) return;
  const PolicyStatus* last = RowOf(before, policy);
  if (last != nullptr && last->turned_bad) {
    row.turned_bad = last->turned_bad;
    return;
  }
  TurnedBad& record = row.turned_bad.emplace();
  record.since = FormatTime(now);
  record.counting = true;
  if (last == nullptr || !IsGood(*last)) {
    record.made_before = FormatTime(policy.created);
  } else if (!counted) {
    record.made_before = record.since;
  }
}

bool IsCounting(const resources::ImageScanStatus& status) {
  return std::any_of(status.policies.begin(), status.policies.end(), [](const PolicyStatus& row) {
    return row.turned_bad && row.turned_bad->counting;
  });
}

void CountRunning(const std::vector<RunsIn>& running, resources::ImageScanStatus& status) {
  std::size_t room = resources::kMaxRanInBytes;
  std::size_t waiting = 0;
  for (const PolicyStatus& row : status.policies) {
    if (!row.turned_bad) continue;
    waiting += row.turned_bad->counting ? 1 : 0;
    for (const auto& ns : row.turned_bad->namespaces) {
      room -= std::min(room, resources::RanInBytes(ns));
    }
  }
  for (PolicyStatus& row : status.policies) {
    if (row.turned_bad && row.turned_bad->counting) Fill(running, room / waiting, *row.turned_bad);
  }
}

}  // namespace landwaiter::controller
