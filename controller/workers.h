// Threads that take keys from a WorkQueue and reconcile them, as controller-runtime's controllers:
// one outcome a key, back-off for failures, no exception gets out of a thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/metrics.h"
#include "lib/base/result.h"
#include "lib/kube/work_queue.h"

namespace landwaiter::controller {

/// What a reconcile came to.
struct Outcome {
  Status status;  // an error: again, after the queue's back-off
  std::optional<std::chrono::milliseconds> again_after = {};
};

using ReconcileFunction = std::function<Outcome(const std::string& key, const Cancellation&)>;

struct WorkersOptions {
  std::string name;  // of the controller, for logs and metrics
  int threads = 2;
  metrics::Registry* metrics = nullptr;
  /// Most reconciles make a few small requests; one that takes this long hangs.
  std::chrono::milliseconds timeout = std::chrono::minutes(2);
};

class Workers {
 public:
  /// `may_work`: false drops keys (this replica does not lead; all keys come again when it does).
  Workers(kube::WorkQueue& queue, WorkersOptions options, std::function<bool()> may_work,
          ReconcileFunction reconcile);
  ~Workers() { Stop(); }

  void Start();
  void Stop();

 private:
  void Run(const std::stop_token& stop);
  void Handle(const std::string& key, const std::stop_token& stop);

  kube::WorkQueue& queue_;
  const WorkersOptions options_;
  const std::function<bool()> may_work_;
  const ReconcileFunction reconcile_;
  metrics::Counter* succeeded_ = nullptr;
  metrics::Counter* failed_ = nullptr;
  std::vector<std::jthread> threads_;
};

/// Runs `body`; an exception becomes an Internal error.
Outcome Guarded(const std::function<Outcome()>& body);

}  // namespace landwaiter::controller
