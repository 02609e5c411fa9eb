// Owners of pods that were denied because there was no verdict yet: when it is in, they are
// annotated, and any change of an owner makes its controller try again at once instead of after its
// doubled pause. Every replica nudges for those that it was told of; what a replica forgets when it
// ends costs a longer pause, no more.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>

#include "controller/workers.h"
#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/kube/api.h"
#include "lib/kube/work_queue.h"
#include "resources/pod_images.h"

namespace landwaiter::controller {

/// When it is seen on an owner, its pods' images have been judged since.
inline constexpr char kJudgedAtAnnotation[] = "landwaiter.io/judged-at";

/// Thread-safe.
class Nudger {
 public:
  /// `has_verdict`: whether nothing more is to be waited for of a scan. All outlive the nudger.
  Nudger(kube::Api& api, const Clock& clock,
         std::function<bool(const std::string& scan)> has_verdict, metrics::Registry* metrics);
  ~Nudger() { Stop(); }

  void Start() { workers_.Start(); }
  void Stop();

  /// A pod of this owner was denied for want of this scan's verdict. Owners of other kinds than
  /// Kubernetes' own are left alone.
  void Denied(const std::string& scan, const std::string& ns, const resources::OwnerRef& owner);
  /// The scan has changed.
  void Look(const std::string& scan);

 private:
  struct Owner {
    std::string ns;
    resources::OwnerRef ref;
  };
  struct Entry {
    std::unordered_map<std::string, Owner> owners;  // by uid
    std::list<std::string>::iterator age;
  };

  Outcome Nudge(const std::string& scan, const Cancellation& cancel);
  Status NudgeOne(const Owner& owner, const Cancellation& cancel);

  kube::Api& api_;
  const Clock& clock_;
  const std::function<bool(const std::string&)> has_verdict_;
  metrics::Counter* nudged_ = nullptr;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;   // by scan
  std::list<std::string> by_age_;                    // of scans, oldest first
  std::unordered_map<std::string, TimePoint> last_;  // nudge of an owner, by uid
  kube::WorkQueue queue_;
  Workers workers_;
};

}  // namespace landwaiter::controller
