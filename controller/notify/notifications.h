// All of the controller that tells others of changes: which images to look at, and the couriers.
// Without subscriptions there is none.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/notify/courier.h"
#include "controller/notify/notifier.h"
#include "lib/kube/event_recorder.h"

namespace landwaiter::controller {

class Notifications {
 public:
  struct Parts {
    kube::Api& api;  // writes nothing
    const Clock& clock;
    kube::Informer<ScanRecord>& scans;
    const UsageIndex& usage;
    kube::EventRecorder& events;
    store::Store& store;
    store::Outbox& outbox;
    http::Client& client;
    NotificationOptions options;
    std::function<bool()> leading;
    metrics::Registry& metrics;
    CourierOptions courier = {};
    const ClusterVex* vex = nullptr;  // null: no statements
  };
  /// Before the informer starts.
  explicit Notifications(Parts parts);
  ~Notifications() { Stop(); }

  void Start();
  void Stop();
  void OnLeading();
  void OnNotLeading() { queue_.Clear(); }

 private:
  void AddMetrics(metrics::Registry& metrics);
  void GivenUp(const store::OutboxMessage& message);
  void Wake(const std::string& box);

  Parts parts_;
  std::set<std::string> full_;  // boxes; of the thread that counts
  kube::WorkQueue queue_;
  Notifier notifier_;
  Workers workers_;
  std::vector<std::unique_ptr<Courier>> couriers_;  // in the order of the subscriptions
};

}  // namespace landwaiter::controller
