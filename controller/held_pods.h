// Pods that wait behind the scan gate (docs/admission.md, "Hold"): released when the verdict of
// their images is in, deleted when it is bad, and answered by onIncomplete when holdFor is over.
// What is known of them stands in the pods themselves: after a start each is looked at once.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "admission/decide.h"
#include "controller/policy_book.h"
#include "controller/records.h"
#include "controller/workers.h"
#include "lib/base/metrics.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

/// What the reconciler found of a reference that a pod asks for.
struct ResolvedImage {
  std::optional<Digest> digest;
  std::optional<admission::EnsureFailure> failure;
};
/// By the reference, normalised. One that is missing is not resolved yet.
using ResolvedImages = std::map<std::string, ResolvedImage>;

/// Thread-safe.
class HeldPods {
 public:
  struct Parts {
    kube::Api& api;  // the leader's
    const Clock& clock;
    const kube::Informer<ScanRecord>& scans;
    const PolicyBook& policies;
    const kube::Informer<NamespaceRecord>& namespaces;
    kube::EventRecorder& events;
    /// A scan is to be judged now: a pod waits for it.
    std::function<void(const std::string& scan)> judge_now;
    metrics::Registry* metrics = nullptr;
  };
  explicit HeldPods(Parts parts);

  /// Decides about a pod with a gate, and does what was decided. Errors: the API server's.
  Outcome Look(const std::string& key, const PodRecord& pod, const ResolvedImages& images,
               const Cancellation& cancel);
  /// The pod is gone, or has no gate any more.
  void Forget(const std::string& key);
  /// "ns/name" of those that wait for this scan.
  std::vector<std::string> WaitingFor(const std::string& scan) const;
  std::vector<std::string> All() const;
  void Reset();

 private:
  struct Waiting {
    std::set<std::string> scans;
    std::string told;     // the last Event's message
    std::string refused;  // the version of the pod whose change was refused
  };

  admission::Facts Gather(const PodRecord& pod, const ResolvedImages& images) const;
  Outcome Wait(const std::string& key, const PodRecord& pod, const admission::Facts& facts,
               const admission::Decision& decision);
  Outcome Release(const std::string& key, const PodRecord& pod, const Cancellation& cancel);
  Outcome Delete(const std::string& key, const PodRecord& pod, admission::Facts facts,
                 const Cancellation& cancel);
  /// A release or deletion that the API server refused: seen again soon, or later and later.
  Outcome Refused(const std::string& key, const PodRecord& pod, Error error);
  void Remember(const std::string& key, std::set<std::string> scans);
  void ForgetLocked(const std::string& key);

  const Parts parts_;
  metrics::Counter* released_ = nullptr;
  metrics::Counter* denied_ = nullptr;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Waiting> pods_;
  std::unordered_map<std::string, std::set<std::string>> by_scan_;
};

}  // namespace landwaiter::controller
