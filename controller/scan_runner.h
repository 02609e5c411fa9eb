// The threads that have scans done: take the next from the board, find credentials, ask a scanner,
// put the inventory into the store, wake the reconciler.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "controller/credentials.h"
#include "controller/scan_board.h"
#include "controller/scan_facts.h"
#include "controller/scanner_client.h"
#include "controller/stages.h"
#include "controller/usage_index.h"
#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/kube/informer.h"
#include "lib/kube/work_queue.h"
#include "lib/store/store.h"

namespace landwaiter::controller {

class ScanRunner {
 public:
  struct Parts {
    const kube::Informer<ScanRecord>& scans;
    const UsageIndex& usage;
    CredentialReader& credentials;
    store::Store& store;
    const Clock& clock;
    ScanBoard& board;
    kube::WorkQueue& queue;  // of the ImageScan reconciler
    ScanFunction scan;
    std::function<std::vector<Platform>()> wanted;
    std::function<Collection()> collection = {};  // null: nothing
    metrics::Registry* metrics = nullptr;
    StageMetrics* stages = nullptr;
  };
  ScanRunner(Parts parts, int threads);
  ~ScanRunner() { Stop(); }

  void Start();
  void Stop();
  /// One task, from taking to telling. For tests; Start's threads call it.
  void Do(const ScanBoard::Task& task, const Cancellation& cancel);

 private:
  Status ScanOnce(const ScanRecord& record, const Cancellation& cancel);
  Result<ImageInventory> FromAnySource(const ScanRecord& record, const Cancellation& cancel);

  Parts parts_;
  const int threads_wanted_;
  metrics::Counter* done_ = nullptr;
  metrics::Counter* failed_ = nullptr;
  metrics::Histogram* seconds_ = nullptr;
  std::vector<std::jthread> threads_;
};

}  // namespace landwaiter::controller
