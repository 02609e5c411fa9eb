// What a changed policy or exception sets going.
#include <algorithm>

#include "controller/role.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

// Policy counts follow the scans at this pace, not at each of them; the more there are to count,
// the slower: 5 s later where there are 20,000.
constexpr std::chrono::milliseconds kCountDelay{500};
constexpr std::size_t kScansAMillisecond = 4;

}  // namespace

void Role::OnPolicy(const kube::Informer<PolicyRecord>::Change& change) {
  book_.Changed();
  if (!leading_) return;
  if (change.after) policy_queue_.Add(change.key.name);
  if (!change.before || !change.after) EnqueuePolicies();  // which are too many may change
  const bool same_spec = change.before && change.after &&
                         change.before->policy.generation == change.after->policy.generation &&
                         change.before->uid == change.after->uid;
  if (same_spec) return;
  EnqueueAllScans();
  EnqueueHeldPods();
  runtime_.Changed();
}

/// Only what does not pass can be judged otherwise with or without an exception: whoever may make
/// them must not have every image of the cluster judged again.
void Role::EnqueueJudgedOtherwise(const kube::Informer<ExceptionRecord>::Change& change) {
  const auto rests = [&](const resources::PolicyStatus& row) {
    return !row.excused.empty() || !row.rests_on_objects.empty();
  };
  scans_.ForEach([&](const std::string& name, const ScanRecord& record) {
    const auto& rows = record.scan.status.policies;
    const bool matters = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      return row.verdict != "Pass" || rests(row);
    });
    if (matters) scan_queue_.Add(name, kube::WorkQueue::Priority::kLow);
  });
  log::Debug("exception changed", {{"exception", change.key.ToString()}});
}

void Role::OnException(const kube::Informer<ExceptionRecord>::Change& change) {
  book_.Changed();
  if (!leading_) return;
  if (change.after) policy_queue_.Add(change.key.ToString());
  const bool same_spec =
      change.before && change.after &&
      change.before->exception.exception.key == change.after->exception.exception.key;
  if (same_spec) return;
  EnqueueJudgedOtherwise(change);
  EnqueueHeldPods();
  runtime_.Changed();
}

std::chrono::milliseconds Role::EnqueueCounts() {
  const auto delay = kCountDelay + std::chrono::milliseconds(scans_.size() / kScansAMillisecond);
  policies_.ForEach(
      [&](const std::string& name, const PolicyRecord&) { policy_queue_.AddAfter(name, delay); });
  runtime_.Changed();
  return delay;
}

void Role::EnqueuePolicies() { EnqueueExceptions(EnqueueCounts()); }

void Role::EnqueueExceptions(std::chrono::milliseconds delay) {
  for (const auto& [key, record] : exceptions_.List()) {
    policy_queue_.AddAfter(key.ToString(), delay);
  }
}

}  // namespace landwaiter::controller
