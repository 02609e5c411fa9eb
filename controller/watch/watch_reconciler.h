// RegistryWatches: looks at what is due, makes an ImageScan of each digest that is new, by the one
// maker, and says in the status what came of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/new_image_pace.h"
#include "controller/scan_maker.h"
#include "controller/watch/look.h"
#include "controller/watch/watch_index.h"
#include "controller/workers.h"
#include "lib/base/metrics.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

class WatchReconciler {
 public:
  struct Parts {
    kube::Api& api;
    const Clock& clock;
    const kube::Informer<resources::RegistryWatch>& watches;
    const kube::Informer<ScanRecord>& scans;
    Looker& looker;
    ScanMaker& maker;
    kube::EventRecorder& events;
    /// What a watch has begun or ceased to hold: its ImageScan is to be looked at.
    std::function<void(const std::string& scan)> on_change;
    /// Of one namespace, images that nothing has seen.
    std::size_t namespace_new_images = 0;
    metrics::Registry* metrics = nullptr;
  };
  explicit WatchReconciler(Parts parts);

  Outcome Reconcile(const std::string& key, const Cancellation& cancel);
  /// Whether a watch holds the image, or may: one that has not been looked at since this replica
  /// leads keeps what it held before.
  bool Holds(const resources::ImageScan& scan) const;
  /// WatchIndex's.
  std::vector<std::string> NamesOf(const Digest& digest) const { return index_.NamesOf(digest); }
  /// This replica leads no more.
  void Reset() { index_.Reset(); }

 private:
  /// Makes what is not there. What came to nothing is added to the look's shortfalls.
  std::vector<Sighting> Make(const resources::RegistryWatch& watch, Look& look,
                             const Cancellation& cancel);
  /// Errors: Cancelled, NotLeader; others are told by the look.
  Status MakeOne(const resources::RegistryWatch& watch, const Sighting& image, bool known,
                 const Cancellation& cancel);
  void Changed(const std::vector<Digest>& digests);
  void Gone(const std::string& key);
  Status Write(const resources::RegistryWatch& watch, const resources::RegistryWatchStatus& status,
               const Cancellation& cancel);
  void Tell(const resources::RegistryWatch& watch, const resources::RegistryWatchStatus& after);

  const Parts parts_;
  NewImagePace pace_;
  WatchIndex index_;
  metrics::Counter* looked_ = nullptr;
  metrics::Counter* failed_ = nullptr;
};

}  // namespace landwaiter::controller
