#include "controller/turned_bad.h"

#include <algorithm>
#include <tuple>

#include "controller/plan.h"
#include "model/image_reference.h"
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

/// An installation makes ImageScans of all that runs when the policies are there already, or just
/// before: the more of it there is, the longer that takes.
constexpr std::chrono::hours kInstallation{1};

bool IsAsOldAs(const PolicyRecord& policy, const resources::ImageScan& scan) {
  const auto made = ParseTime(scan.created_at);
  return made && *made <= policy.created + kInstallation;
}

bool IsOf(const Digest& digest, const resources::ImageScanStatus& status) {
  const std::string& text = digest.ToString();
  if (text == status.digest) return true;
  return std::any_of(status.platforms.begin(), status.platforms.end(), [&](const auto& platform) {
    return text == platform.manifest_digest || text == platform.image_id;
  });
}

/// Times that are not known prove nothing.
bool Counts(const RunsIn& running, const TurnedBad& record) {
  if (record.made_before.empty()) return true;
  const auto limit = ParseTime(record.made_before);
  return limit && running.oldest != TimePoint{} && running.oldest < *limit;
}

/// Those that run it longest come first: whoever can make namespaces cannot push others out.
void Fill(std::vector<RunsIn> running, std::size_t room, TurnedBad& record) {
  std::sort(running.begin(), running.end(), [](const RunsIn& a, const RunsIn& b) {
    return std::tie(a.oldest, a.ns) < std::tie(b.oldest, b.ns);
  });
  for (const RunsIn& in : running) {
    if (!Counts(in, record)) continue;
    const std::size_t bytes = resources::RanInBytes(in.ns);
    if (record.namespaces.size() == resources::kMaxRanIn || bytes > room) break;
    room -= bytes;
    record.namespaces.push_back(in.ns);
  }
  std::sort(record.namespaces.begin(), record.namespaces.end());
  record.counting = false;
  record.made_before.clear();
}

}  // namespace

void KeepTurn(const resources::ImageScan& before, const PolicyRecord& policy, bool counted,
              TimePoint now, PolicyStatus& row) {
  row.turned_bad.reset();
  if (IsGood(row)) return;
  const PolicyStatus* last = RowOf(before.status, policy);
  if (last != nullptr && last->turned_bad) {
    row.turned_bad = last->turned_bad;
    return;
  }
  TurnedBad& record = row.turned_bad.emplace();
  record.since = FormatTime(now);
  record.counting = true;
  if (last == nullptr || !IsGood(*last)) {
    record.made_before = FormatTime(IsAsOldAs(policy, before) ? policy.created : TimePoint{});
  } else if (!counted) {
    record.made_before = record.since;
  }
}

bool RunsImage(const PodRecord& pod, const resources::ImageScanStatus& status) {
  return std::any_of(pod.shape->images.begin(), pod.shape->images.end(), [&](const ImageUse& use) {
    const RunningImage running = use.image_id ? ParseImageId(*use.image_id) : RunningImage{};
    if (running.digest && IsOf(*running.digest, status)) return true;
    if (running.local_id && IsOf(*running.local_id, status)) return true;
    const auto reference = ImageReference::Parse(*use.reference);
    return reference && reference->digest && IsOf(*reference->digest, status);
  });
}

bool IsCounting(const resources::ImageScanStatus& status) {
  return std::any_of(status.policies.begin(), status.policies.end(), [](const PolicyStatus& row) {
    return row.turned_bad && row.turned_bad->counting;
  });
}

bool IsSettled(const resources::ImageScanStatus& status) {
  return std::all_of(status.policies.begin(), status.policies.end(), [](const PolicyStatus& row) {
    return row.turned_bad ? !IsGood(row) && !row.turned_bad->counting : IsGood(row);
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
