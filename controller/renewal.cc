#include "controller/renewal.h"

#include <algorithm>

#include "controller/conditions.h"
#include "controller/names.h"
#include "controller/scan_facts.h"
#include "controller/turned_bad.h"
#include "model/scan_request.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

using resources::ImageScanStatus;
using resources::PolicyStatus;

/// Rows are in the order of the policies, as far as a status has room: LacksJudgement has looked.
bool RestsOnWhatHasEnded(const PolicyStatus& row, const policy::ScanPolicy& policy, TimePoint now) {
  const auto has_ended = [&](std::uint64_t index) {
    return index >= policy.exceptions.size() || policy.exceptions[index].until <= now;
  };
  const auto is_gone = [&](const std::string& key) {
    const auto found = std::find_if(policy.exceptions.begin(), policy.exceptions.end(),
                                    [&](const auto& exception) { return exception.key == key; });
    return found == policy.exceptions.end() || found->until <= now;
  };
  return std::any_of(row.rests_on.begin(), row.rests_on.end(), has_ended) ||
         std::any_of(row.rests_on_objects.begin(), row.rests_on_objects.end(), is_gone) ||
         std::any_of(row.excused.begin(), row.excused.end(), [&](const PolicyStatus& excused) {
           return RestsOnWhatHasEnded(excused, policy, now);
         });
}

/// Every policy has judged it, no other one has, and each judgement still holds.
bool IsJudged(const resources::ImageScan& scan, const Policies& policies, TimePoint now) {
  const auto& rows = scan.status.policies;
  const std::size_t judged = std::min(policies.size(), resources::kMaxPolicies);
  if (rows.size() != judged || LacksJudgement(scan, policies)) return false;
  for (std::size_t i = 0; i < judged; ++i) {
    if (rows[i].name != policies[i]->policy.name) return false;
    if (RestsOnWhatHasEnded(rows[i], policies[i]->policy, now)) return false;
    if (policy::JudgesByTime(policies[i]->policy)) return false;
  }
  return IsSettled(scan.status);
}

/// Scanned, matched with the database before, kept.
bool IsOrdinary(const resources::ImageScan& scan, const MatchBasis& before) {
  const ImageScanStatus& status = scan.status;
  const Condition* const ready = resources::FindCondition(status.conditions, "Ready");
  return status.observed_generation == scan.generation && status.canonical.empty() &&
         status.database_id == before.stored.database_id &&
         status.database_built_at == before.stored.database_built_at && ready != nullptr &&
         (ready->reason == kReasonScanned || ready->reason == scan_reason::kUnsupportedOS) &&
         resources::FindCondition(status.conditions, "Stored") == nullptr;
}

}  // namespace

std::optional<ImageScanStatus> Renewed(const resources::ImageScan& scan, const Policies& policies,
                                       const MatchBasis& before, const StoredMatch& after,
                                       TimePoint now) {
  const JudgeInput input{.scan = &scan, .policies = &policies};
  const auto older = ParseTime(before.stored.database_built_at);
  const auto newer = ParseTime(after.database_built_at);
  if (!older || !newer || *newer < *older || !IsOrdinary(scan, before) ||
      !IsJudged(scan, policies, now) || FreshCondition(input, scan.status, now).status != "True") {
    return {};
  }
  ImageScanStatus status = scan.status;
  status.database_id = after.database_id;
  status.database_built_at = after.database_built_at;
  status.matched_at = FormatTime(after.matched_at);
  Condition ready = *resources::FindCondition(status.conditions, "Ready");
  if (ready.reason == kReasonScanned) ready.message = MatchedMessage(status);
  Condition fresh = FreshCondition(input, status, now);
  for (Condition* condition : {&ready, &fresh}) {
    condition->observed_generation = scan.generation;
    resources::SetCondition(status.conditions, std::move(*condition), now);
  }
  return status;
}

}  // namespace landwaiter::controller
