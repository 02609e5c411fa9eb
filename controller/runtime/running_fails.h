// What runs now and fails under a policy: where the policy is in force, by the name that the pod
// uses.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "controller/runtime/judged.h"
#include "controller/usage_index.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

/// What the controller knows of pods; all outlive it.
struct WhatRuns {
  const UsageIndex& usage;
  const kube::Informer<PodRecord>& pods;
  const kube::Informer<NamespaceRecord>& namespaces;
};

/// No labels where the namespace is not known.
std::map<std::string, std::string> LabelsOf(const kube::Informer<NamespaceRecord>& namespaces,
                                            const std::string& ns);

/// Whom people look at: the pod's controller, else the pod.
kube::EventTarget OwnerOf(const kube::ObjectKey& pod, const PodRecord& record);

/// `failing`: scans that may fail under the policy. Pods that wait behind the scan gate, or have
/// finished, do not run. nullopt while the pods are still being counted.
std::optional<RunningFails> CountRunningFails(const WhatRuns& runs,
                                              const policy::ScanPolicy& policy,
                                              const Scans& failing, TimePoint now);

/// As it stands in a ScanPolicy's status and in the report API: `runningFails` of both.
nlohmann::json RunningFailsToJson(const RunningFails& running);

}  // namespace landwaiter::controller
