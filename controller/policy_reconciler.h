// ScanPolicy.status: how the known images fare under each policy, what runs of those that fail, and
// whether all of them have been judged under its present generation. A policy that cannot be read
// whole, or judges nothing, has an Event that says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/judge.h"
#include "controller/policy_book.h"
#include "controller/runtime/running_fails.h"
#include "controller/workers.h"
#include "lib/base/clock.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

struct PolicyTally {
  PolicyCounts counts;
  std::uint64_t unjudged = 0;              // pending because not judged under this generation
  std::vector<std::string> left_out = {};  // rules whose facts no scan has room to collect
};

/// Adds one canonical ImageScan to a policy's tally. Images that the policy does not match by any
/// of their names are not counted.
void Count(const PolicyRecord& policy, const resources::ImageScan& scan, PolicyTally& tally);

struct PolicyStatusFields {
  std::int64_t observed_generation = 0;
  PolicyCounts counts;
  RunningFails running;
  std::vector<resources::Condition> conditions;
};
/// `beyond`: it is one too many by name, and no image is judged by it.
PolicyStatusFields JudgePolicy(const PolicyRecord& policy, const PolicyTally& tally, bool beyond,
                               TimePoint now);

struct PolicyEvent {
  kube::EventType type;
  std::string reason;
  std::string message;
};
/// What people are told when the condition Ready changes: an error, another one, or that it is
/// mended; nullopt where there is nothing to tell, as of a new policy that is well.
std::optional<PolicyEvent> EventOf(const std::vector<resources::Condition>& before,
                                   const std::vector<resources::Condition>& after);

class PolicyReconciler {
 public:
  PolicyReconciler(kube::Api& api, const Clock& clock, const kube::Informer<PolicyRecord>& policies,
                   const PolicyBook& book, const kube::Informer<ScanRecord>& scans,
                   const WhatRuns& runs, kube::EventRecorder& events)
      : api_(api),
        clock_(clock),
        policies_(policies),
        book_(book),
        scans_(scans),
        runs_(runs),
        events_(events) {}

  Outcome Reconcile(const std::string& name, const Cancellation& cancel);

 private:
  /// An ImageScan's status holds judgements of the first kMaxPolicies by name.
  bool Beyond(const std::string& name) const;
  /// Names of its rules that have no room beside those of the policies before it.
  std::vector<std::string> LeftOut(const std::string& name) const;

  kube::Api& api_;
  const Clock& clock_;
  const kube::Informer<PolicyRecord>& policies_;
  const PolicyBook& book_;
  const kube::Informer<ScanRecord>& scans_;
  const WhatRuns& runs_;
  kube::EventRecorder& events_;
};

}  // namespace landwaiter::controller
