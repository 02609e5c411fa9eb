#include "controller/exception_reconciler.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "controller/plan.h"
#include "lib/base/text.h"
#include "policy/exceptions.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using resources::Condition;
using resources::PolicyStatus;

constexpr std::chrono::minutes kExceptionLookAgain{60};
constexpr std::size_t kMaxListed = 20;
constexpr std::size_t kMaxWords = 1024;

bool RestsOn(const PolicyStatus& row, const std::string& key) {
  const auto& objects = row.rests_on_objects;
  return std::find(objects.begin(), objects.end(), key) != objects.end() ||
         std::any_of(row.excused.begin(), row.excused.end(),
                     [&](const PolicyStatus& excused) { return RestsOn(excused, key); });
}

bool Has(const policy::ScanPolicy& policy, const std::string& key) {
  return std::any_of(policy.exceptions.begin(), policy.exceptions.end(),
                     [&](const auto& exception) { return exception.key == key; });
}

Condition Accepted(const ExceptionRecord& record, const std::vector<std::string>& takers,
                   const std::vector<std::string>& refusals) {
  const policy::ScanException& exception = record.exception;
  if (!exception.error.empty()) {
    return {"Accepted",           "False",
            "InvalidSpec",        text::Truncate(exception.error, kMaxWords),
            exception.generation, ""};
  }
  std::string refused = text::Join(refusals, "; ");
  if (!takers.empty()) {
    return {"Accepted",
            "True",
            "Taken",
            text::Truncate("taken by " + text::Join(takers, ", ") +
                               (refused.empty() ? "" : "; not by others: " + refused),
                           kMaxWords),
            exception.generation,
            ""};
  }
  if (refused.empty()) refused = "no ScanPolicy has allowExceptions";
  return {"Accepted",           "False", "NotAllowed", text::Truncate(refused, kMaxWords),
          exception.generation, ""};
}

Condition Expired(const policy::ScanException& exception, TimePoint now) {
  const std::string until = exception.exception.until_text;
  if (!exception.error.empty()) {
    return {
        "Expired", "Unknown", "InvalidSpec", "when it ends cannot be read", exception.generation,
        ""};
  }
  if (now >= exception.exception.until) {
    return {"Expired", "True", "Ended", "it ended: until " + until, exception.generation, ""};
  }
  if (policy::IsEnding(exception.exception, now)) {
    return {"Expired",
            "False",
            "Ending",
            "it ends within two weeks: until " + until,
            exception.generation,
            ""};
  }
  return {"Expired", "False", "Current", "until " + until, exception.generation, ""};
}

/// Until it ends, or its end begins to be announced.
std::chrono::milliseconds NextLook(const policy::ScanException& exception, TimePoint now) {
  std::chrono::milliseconds next = kExceptionLookAgain;
  const TimePoint until = exception.exception.until;
  for (const TimePoint at : {until, until - policy::kAnnounceExpiry}) {
    if (at <= now) continue;
    next = std::min(next, std::chrono::duration_cast<std::chrono::milliseconds>(at - now) +
                              std::chrono::milliseconds(1));
  }
  return next;
}

json ToJson(const ExceptionStatus& status) {
  return {{"observedGeneration", status.observed_generation},
          {"policies", status.policies},
          {"images", status.images},
          {"excuses", status.excuses},
          {"conditions", resources::ConditionsToJson(status.conditions)}};
}

}  // namespace

bool IsKnownIn(const resources::ImageScan& scan, const std::string& ns) {
  const auto& runs_in = scan.status.used_by_namespaces;
  const auto asked = scan.annotations.find(kNamespaceAnnotation);
  return std::find(runs_in.begin(), runs_in.end(), ns) != runs_in.end() ||
         (asked != scan.annotations.end() && asked->second == ns);
}

ExceptionStatus JudgeException(const ExceptionRecord& record,
                               const std::vector<std::string>& takers,
                               const std::vector<std::string>& refusals,
                               const ExcusedImages& excused, TimePoint now) {
  ExceptionStatus out = record.status;
  out.observed_generation = record.exception.generation;
  out.policies = takers;
  out.images = excused.known;
  for (auto* list : {&out.policies, &out.images}) {
    if (list->size() > kMaxListed) list->resize(kMaxListed);
  }
  out.excuses = excused.count;
  resources::SetCondition(out.conditions, Accepted(record, takers, refusals), now);
  resources::SetCondition(out.conditions, Expired(record.exception, now), now);
  return out;
}

std::vector<ExceptionEvent> EventsOf(const std::vector<Condition>& before,
                                     const std::vector<Condition>& after) {
  std::vector<ExceptionEvent> events;
  const auto changed = [&](const char* type) -> const Condition* {
    const auto* was = resources::FindCondition(before, type);
    const auto* now = resources::FindCondition(after, type);
    if (now == nullptr) return nullptr;
    const bool same = was != nullptr && was->status == now->status && was->reason == now->reason;
    return same ? nullptr : now;
  };
  if (const Condition* accepted = changed("Accepted")) {
    const bool taken = accepted->status == "True";
    events.push_back({taken ? kube::EventType::kNormal : kube::EventType::kWarning,
                      accepted->reason, accepted->message});
  }
  const Condition* expired = changed("Expired");
  if (expired != nullptr && (expired->reason == "Ending" || expired->reason == "Ended")) {
    events.push_back({kube::EventType::kWarning, expired->reason, expired->message});
  }
  return events;
}

ExcusedImages ExceptionReconciler::Excused(const ExceptionRecord& record) const {
  ExcusedImages images;
  scans_.ForEach([&](const std::string& name, const ScanRecord& scan) {
    if (!CanonicalDigest(scan.scan)) return;  // a person's request mirrors one that is counted
    const auto& rows = scan.scan.status.policies;
    const bool rests = std::any_of(rows.begin(), rows.end(), [&](const PolicyStatus& row) {
      return RestsOn(row, record.exception.exception.key);
    });
    if (!rests) return;
    ++images.count;
    const std::string& shown = scan.scan.status.display_name;
    if (IsKnownIn(scan.scan, record.exception.ns)) {
      images.known.push_back(shown.empty() ? name : shown);
    }
  });
  std::sort(images.known.begin(), images.known.end());
  return images;
}

Outcome ExceptionReconciler::Reconcile(const kube::ObjectKey& key, const Cancellation& cancel) {
  const auto record = exceptions_.Get(key);
  if (!record) return {Ok()};
  const TimePoint now = clock_.Now();
  std::vector<std::string> takers;
  std::vector<std::string> refusals;
  for (const auto& policy : policies_.List()) {
    const auto taken = policy::TakenBy(policy->policy, record->exception);
    if (taken && Has(policy->policy, record->exception.exception.key)) {
      takers.push_back(policy->policy.name);
    } else if (taken) {
      refusals.push_back("policy " + policy->policy.name + " takes at most " +
                         std::to_string(policy::kMaxTakenOfNamespace) + " of a namespace, " +
                         std::to_string(policy::kMaxTaken) + " of all, the first by name");
    } else if (policy->policy.allow_exceptions) {
      refusals.push_back(taken.error().message);
    }
  }
  const ExceptionStatus status = JudgeException(*record, takers, refusals, Excused(*record), now);
  Outcome again{Ok(), NextLook(record->exception, now)};
  if (status == record->status) return again;
  const json patch{{"metadata", {{"resourceVersion", record->resource_version}}},
                   {"status", ToJson(status)}};
  auto written = api_.Patch(kScanExceptions, key,
                            {.type = kube::PatchType::kMerge,
                             .subresource = "status",
                             .field_manager = std::string(kFieldManager)},
                            patch, cancel);
  if (!written && written.error().code != Code::kNotFound) return {std::move(written).error()};
  if (!written) return again;
  // The patch holds for the version that was read, so each change is told of once.
  for (const ExceptionEvent& event : EventsOf(record->status.conditions, status.conditions)) {
    events_.Record({std::string(resources::kApiVersion), "ScanException", key.ns, key.name,
                    record->exception.uid},
                   event.type, event.reason, event.message);
  }
  return again;
}

}  // namespace landwaiter::controller
