#include "controller/policy_reconciler.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "controller/plan.h"
#include "controller/runtime/judged.h"
#include "lib/base/text.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr std::chrono::minutes kResync{60};  // exceptions run out

bool Applies(const policy::ScanPolicy& policy, const resources::ImageScan& scan) {
  if (scan.status.references.empty()) {
    auto image = ImageReference::Parse(scan.spec.image);
    return image && policy::MatchesImage(policy, *image);
  }
  return std::any_of(scan.status.references.begin(), scan.status.references.end(),
                     [&](const std::string& text) {
                       auto reference = ImageReference::Parse(text);
                       return reference && policy::MatchesImage(policy, *reference);
                     });
}

}  // namespace

void Count(const PolicyRecord& policy, const resources::ImageScan& scan, PolicyTally& tally) {
  if (!CanonicalDigest(scan) || !Applies(policy.policy, scan)) return;
  const auto judged =
      std::find_if(scan.status.policies.begin(), scan.status.policies.end(),
                   [&](const auto& line) { return line.name == policy.policy.name; });
  if (judged == scan.status.policies.end() || judged->generation != policy.policy.generation) {
    ++tally.counts.pending;
    ++tally.unjudged;
  } else if (judged->verdict == "Pass") {
    ++tally.counts.pass;
  } else if (judged->verdict == "Warn") {
    ++tally.counts.warn;
  } else if (judged->verdict == "Fail") {
    ++tally.counts.fail;
  } else {
    ++tally.counts.pending;  // undecided: something could not be read
  }
}

PolicyStatusFields JudgePolicy(const PolicyRecord& policy, const PolicyTally& tally, bool beyond,
                               TimePoint now) {
  PolicyStatusFields out{policy.policy.generation, tally.counts, policy.running, policy.conditions};
  const auto set = [&](std::string type, bool good, std::string reason, std::string message) {
    resources::SetCondition(out.conditions,
                            {std::move(type), good ? "True" : "False", std::move(reason),
                             std::move(message), policy.policy.generation, ""},
                            now);
  };
  if (beyond) {
    set("Ready", false, "TooManyPolicies",
        "no image is judged by this policy, so its pods meet its onUnscanned: " +
            std::to_string(resources::kMaxPolicies) +
            " ScanPolicies are judged, the first by name; delete or merge some");
  } else if (policy.errors.empty() && !tally.left_out.empty()) {
    set("Ready", false, "TooMuchCollected",
        "no scan looks for what these rules ask for, so they are not decided and onIncomplete "
        "answers: " +
            text::Join(tally.left_out, ", ") + "; all policies together may ask for " +
            std::to_string(kMaxFileWishes) + " patterns and " +
            std::to_string(kMaxCollectionBytes >> 10) +
            " KiB of patterns and expressions, the first by name have them");
  } else if (policy.errors.empty()) {
    set("Ready", true, "Valid", "every rule can be evaluated");
  } else {
    set("Ready", false, "InvalidSpec", text::Join(policy.errors, "; "));
  }
  if (tally.unjudged == 0) {
    set("Evaluated", true, "AllJudged", "every known image has been judged under this generation");
  } else {
    set("Evaluated", false, "Evaluating",
        std::to_string(tally.unjudged) + " images are not judged under this generation yet");
  }
  const auto ending = policy::EndingExceptions(policy.policy, now);
  if (!policy.policy.exceptions.empty()) {
    set("ExceptionsCurrent", ending.empty(), ending.empty() ? "Current" : "Ending",
        ending.empty() ? "no exception ends within two weeks" : text::Join(ending, "; "));
  } else {
    std::erase_if(out.conditions, [](const auto& c) { return c.type == "ExceptionsCurrent"; });
  }
  return out;
}

std::optional<PolicyEvent> EventOf(const std::vector<resources::Condition>& before,
                                   const std::vector<resources::Condition>& after) {
  const auto* was = resources::FindCondition(before, "Ready");
  const auto* now = resources::FindCondition(after, "Ready");
  if (now == nullptr) return std::nullopt;
  const bool was_bad = was != nullptr && was->status == "False";
  if (now->status == "True") {
    if (!was_bad) return std::nullopt;
    return PolicyEvent{kube::EventType::kNormal, now->reason, now->message};
  }
  if (was_bad && was->reason == now->reason && was->message == now->message) return std::nullopt;
  return PolicyEvent{kube::EventType::kWarning, now->reason, now->message};
}

bool PolicyReconciler::Beyond(const std::string& name) const {
  std::size_t before = 0;
  policies_.ForEach([&](const std::string& other, const PolicyRecord&) { before += other < name; });
  return before >= resources::kMaxPolicies;
}

/// As ScanReconciler sums them up.
std::vector<std::string> PolicyReconciler::LeftOut(const std::string& name) const {
  const Policies policies = book_.List();
  std::vector<const policy::ScanPolicy*> judging;
  for (const auto& record : policies) {
    if (judging.size() < resources::kMaxPolicies) judging.push_back(&record->policy);
  }
  std::vector<std::string> all;
  (void)policy::CollectionOf(judging, &all);
  std::vector<std::string> rules;
  for (const std::string& rule : all) {
    if (rule.starts_with(name + "/")) rules.push_back(rule.substr(name.size() + 1));
  }
  return rules;
}

Outcome PolicyReconciler::Reconcile(const std::string& name, const Cancellation& cancel) {
  const auto policy = policies_.Get(name);
  if (!policy) return {Ok()};
  // With the ScanExceptions that it takes.
  const auto whole = book_.Get(name);
  PolicyTally tally;
  tally.left_out = LeftOut(name);
  const TimePoint now = clock_.Now();
  Scans failing;
  for (auto& [key, record] : scans_.List()) {
    Count(*policy, record->scan, tally);
    const bool fails = CanonicalDigest(record->scan) && record->scan.status.used_by_pods > 0 &&
                       whole && FailsByAName(whole->policy, record->scan, "", now);
    if (fails) failing.push_back(std::move(record));
  }
  PolicyStatusFields status = JudgePolicy(*policy, tally, Beyond(name), now);
  // While the pods are being counted, what stands is kept.
  auto running = whole ? CountRunningFails(runs_, whole->policy, failing, now) : std::nullopt;
  if (running) status.running = std::move(*running);
  if (status.observed_generation == policy->observed_generation &&
      status.counts == policy->counts && status.running == policy->running &&
      status.conditions == policy->conditions) {
    return {Ok(), std::chrono::milliseconds(kResync)};
  }
  const json patch{{"metadata", {{"resourceVersion", policy->resource_version}}},
                   {"status",
                    {{"observedGeneration", status.observed_generation},
                     {"images",
                      {{"pass", status.counts.pass},
                       {"warn", status.counts.warn},
                       {"fail", status.counts.fail},
                       {"pending", status.counts.pending}}},
                     {"runningFails", RunningFailsToJson(status.running)},
                     {"conditions", resources::ConditionsToJson(status.conditions)}}}};
  auto written = api_.Patch(kScanPolicies, {"", name},
                            {.type = kube::PatchType::kMerge,
                             .subresource = "status",
                             .field_manager = std::string(kFieldManager)},
                            patch, cancel);
  if (!written && written.error().code != Code::kNotFound) return {std::move(written).error()};
  // Only now: the patch holds for the version that was read, so each change is told of once.
  if (const auto event = EventOf(policy->conditions, status.conditions); written && event) {
    events_.Record({std::string(resources::kApiVersion), "ScanPolicy", "", name, policy->uid},
                   event->type, event->reason, event->message);
  }
  return {Ok(), std::chrono::milliseconds(kResync)};
}

}  // namespace landwaiter::controller
