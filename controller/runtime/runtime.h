// What is told of what runs, beside the ImageScans: one queue, at its own pace, of the leader
// alone.
#pragma once

#include <functional>
#include <string>

#include "controller/runtime/falco_keeper.h"
#include "controller/runtime/history_keeper.h"
#include "controller/runtime/report_keeper.h"
#include "controller/workers.h"
#include "lib/kube/work_queue.h"

namespace landwaiter::controller {

class Runtime {
 public:
  struct Parts {
    FalcoKeeper::Parts falco;
    ReportKeeper::Parts reports;
    HistoryKeeper::Parts history;
    std::function<bool()> leading;
    metrics::Registry* metrics = nullptr;
  };
  explicit Runtime(Parts parts);

  /// Verdicts, policies, namespaces or what runs have changed: cheap, any number of times.
  void Changed();
  void Start() { workers_.Start(); }
  void Stop() { workers_.Stop(); }
  /// This replica leads no more.
  void Forget();

 private:
  struct Failing {
    std::uint64_t images = 0;
    std::uint64_t pods = 0;
  };
  /// Of the verdicts over all policies where they run.
  Failing CountFailing() const;
  Outcome Reconcile(const std::string& key, const Cancellation& cancel);

  const kube::Informer<ScanRecord>& scans_;
  FalcoKeeper falco_;
  ReportKeeper reports_;
  HistoryKeeper history_;
  kube::WorkQueue queue_;
  Workers workers_;
};

}  // namespace landwaiter::controller
