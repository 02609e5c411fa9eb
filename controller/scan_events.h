// Tells people of what became of a scan: Events on the ImageScan, and on the workloads that run
// what a policy fails now. Once for each time that it turns, however often it is looked at: what
// the API server has says what it was before.
#pragma once

#include <string>
#include <vector>

#include "controller/policy_book.h"
#include "controller/runtime/running_fails.h"
#include "lib/base/clock.h"
#include "lib/base/guarded.h"
#include "lib/base/metrics.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

class ScanEvents {
 public:
  struct Parts {
    kube::EventRecorder& events;
    const Clock& clock;
    WhatRuns runs;
    const PolicyBook& policies;
    metrics::Registry* metrics = nullptr;
  };
  explicit ScanEvents(const Parts& parts);

  void Changed(const resources::ImageScan& scan, const resources::ImageScanStatus& before,
               const resources::ImageScanStatus& after);
  /// A pod has begun to use an image that fails already: nothing of the scan changes by that.
  void Started(const std::string& pod, const ScanRecord& scan);

 private:
  struct Bucket {
    double tokens = 0;
    TimePoint filled_at{};
  };

  void TellOwners(const resources::ImageScan& scan, const resources::ImageScanStatus& before,
                  const resources::ImageScanStatus& after);
  /// What fails in the namespace by that name and did not in `before`: "policy a, rule b: …" of the
  /// first, with its rule where the status still has it. "" for nothing. `before`: null for
  /// everything that fails.
  std::string NewFailure(const Policies& policies, const std::string& ns,
                         const std::string& reference, const resources::ImageScanStatus* before,
                         const resources::ImageScanStatus& after) const;
  /// Within the rate, or counted as held back.
  void Tell(const kube::EventTarget& owner, const std::string& message);

  const Parts parts_;
  landwaiter::Guarded<Bucket> bucket_;
  metrics::Counter* told_ = nullptr;
  metrics::Counter* held_back_ = nullptr;
};

}  // namespace landwaiter::controller
