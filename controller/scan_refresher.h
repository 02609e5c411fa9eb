// A new database: which images it leaves as they are (docs/adr/0013). Their statuses are given its
// name without their inventories, findings or rules being looked at; all others go to the
// ScanReconciler.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "controller/database.h"
#include "controller/judge.h"
#include "controller/records.h"
#include "controller/workers.h"
#include "lib/base/guarded.h"
#include "lib/kube/api.h"
#include "lib/kube/informer.h"
#include "lib/kube/work_queue.h"
#include "lib/store/store.h"

namespace landwaiter::controller {

/// Thread-safe.
class ScanRefresher {
 public:
  struct Parts {
    kube::Api& api;
    const Clock& clock;
    const kube::Informer<ScanRecord>& scans;
    store::Store& store;
    DatabaseFunction database;
    std::function<Policies()> policies;
    kube::WorkQueue& queue;  // of scans; keys without the mark are the ScanReconciler's
  };
  explicit ScanRefresher(Parts parts) : parts_(std::move(parts)) {}

  /// No object's name begins so.
  static std::string KeyOf(const std::string& scan) { return "~" + scan; }
  static bool IsKey(const std::string& key) { return key.starts_with('~'); }
  Outcome Refresh(const std::string& key, const Cancellation& cancel);
  /// Whether nothing has changed but what Refresh wrote: there is nothing to reconcile then. Told
  /// once of each write.
  bool TakeOwn(const kube::Informer<ScanRecord>::Change& change);
  void Forget();

 private:
  /// False: it is to be matched or judged again. Errors: the store's, the API server's.
  Result<bool> Renew(const ScanRecord& record, const Cancellation& cancel);
  Status Write(const resources::ImageScan& scan, const resources::ImageScanStatus& status,
               const Cancellation& cancel);

  Parts parts_;
  /// Scan → hash of the status that was written and has not come back yet.
  landwaiter::Guarded<std::map<std::string, std::uint64_t>> written_;
};

}  // namespace landwaiter::controller
