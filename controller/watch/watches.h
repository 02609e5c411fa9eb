// All of the controller that is about RegistryWatches: their informer, queue, threads and
// reconciler. The role does without where the kind is not installed or may not be read.
#pragma once

#include <functional>
#include <string>

#include "controller/watch/watch_reconciler.h"

namespace landwaiter::controller {

class Watches {
 public:
  struct Parts {
    kube::Api& api;     // reads
    kube::Api& fenced;  // writes
    const Clock& clock;
    const kube::Informer<ScanRecord>& scans;
    ScanMaker& maker;
    CredentialReader& credentials;
    kube::EventRecorder& events;
    ResolveFunction resolve;
    RegistryLists lists;
    std::function<bool()> leading;
    std::function<void(const std::string& scan)> on_change;
    std::size_t namespace_new_images = 0;
    LookBounds bounds = {};
    metrics::Registry& metrics;
  };
  explicit Watches(Parts parts);
  ~Watches() { Stop(); }

  void Start();
  void Stop();
  void OnLeading();
  void OnNotLeading();
  /// WatchReconciler's.
  bool Holds(const resources::ImageScan& scan) const { return reconciler_.Holds(scan); }
  std::vector<std::string> NamesOf(const Digest& digest) const {
    return reconciler_.NamesOf(digest);
  }

 private:
  /// A namespace has one of them: what its slow registry holds is its own share.
  static constexpr int kThreads = 4;

  void OnWatch(const kube::Informer<resources::RegistryWatch>::Change& change);

  const std::function<bool()> leading_;
  kube::Informer<resources::RegistryWatch> informer_;
  kube::WorkQueue queue_{{.per_namespace = 1}};
  Looker looker_;
  WatchReconciler reconciler_;
  Workers workers_;
};

}  // namespace landwaiter::controller
