// Keeps the verdicts over time: the leader alone, one sample where the numbers have changed.
#pragma once

#include "controller/records.h"
#include "controller/runtime/history.h"
#include "controller/workers.h"
#include "lib/base/clock.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

/// A verdict seldom comes alone.
inline constexpr std::chrono::seconds kHistoryDelay{2};

class HistoryKeeper {
 public:
  struct Parts {
    const Clock& clock;
    const kube::Informer<ScanRecord>& scans;
    store::Outbox* notes = nullptr;  // null: it keeps none
  };
  explicit HistoryKeeper(Parts parts) : parts_(parts) {}

  bool Enabled() const { return parts_.notes != nullptr; }
  /// In one thread at a time.
  Outcome Reconcile();

 private:
  const Parts parts_;
};

}  // namespace landwaiter::controller
