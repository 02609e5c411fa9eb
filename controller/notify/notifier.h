// ImageScans, looked at for what subscriptions are to be told: what stands in the status is held
// against what was told last, and the difference goes to the outbox in the same step as the note of
// it. So nothing is lost where a process ends in between, and nothing stands in a verdict's way.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/cluster_vex.h"
#include "controller/notify/message.h"
#include "controller/records.h"
#include "controller/usage_index.h"
#include "controller/workers.h"
#include "lib/base/guarded.h"
#include "lib/kube/informer.h"
#include "lib/store/outbox.h"
#include "lib/store/store.h"

namespace landwaiter::controller {

/// Of one subscription; while so many wait, changes are not noted, and so found again later.
inline constexpr std::uint64_t kMaxMessagesWaiting = 10'000;

class Notifier {
 public:
  struct Parts {
    kube::Api& api;
    const Clock& clock;
    const kube::Informer<ScanRecord>& scans;
    const UsageIndex& usage;
    store::Store& store;
    store::Outbox& outbox;
    const NotificationOptions& options;
    std::function<void(const std::string& box)> on_queued;
    std::function<bool()> at_rest;    // every image has been looked at once
    const ClusterVex* vex = nullptr;  // null: no statements
  };
  explicit Notifier(Parts parts) : parts_(std::move(parts)) {}

  /// The key that ends a subscription's beginning: from then on a new image is a change.
  static const std::string kBegunKey;
  Outcome Reconcile(const std::string& key, const Cancellation& cancel);

 private:
  struct Facts {
    const ScanRecord& record;
    Usage usage;
    ImageState state;
    std::optional<std::vector<Finding>> findings = {};  // once they were read
  };
  Outcome Begun();
  Status Drop(const std::string& scan);
  /// False where there is no room for what is to be told.
  Result<bool> Tell(const Subscription& subscription, Facts& facts, const Cancellation& cancel);
  /// Fills in the findings that count for the subscription.
  Status AddFindings(const Subscription& subscription, Facts& facts, ImageState& state);
  Result<std::vector<store::OutboxMessage>> Messages(const Subscription& subscription,
                                                     const std::vector<Change>& changes,
                                                     Facts& facts, const Cancellation& cancel);
  Result<bool> HasBegun(const Subscription& subscription);

  const Parts parts_;
  landwaiter::Guarded<std::set<std::string>> begun_;  // boxes
};

}  // namespace landwaiter::controller
