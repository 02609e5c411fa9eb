#include "controller/workers.h"

#include <exception>

#include "lib/base/log.h"
#include "lib/kube/api.h"

namespace landwaiter::controller {

Outcome Guarded(const std::function<Outcome()>& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    return {Internal(std::string("reconcile threw: ") + error.what())};
  }
}

Workers::Workers(kube::WorkQueue& queue, WorkersOptions options, std::function<bool()> may_work,
                 ReconcileFunction reconcile)
    : queue_(queue),
      options_(std::move(options)),
      may_work_(std::move(may_work)),
      reconcile_(std::move(reconcile)) {
  if (options_.metrics == nullptr) return;
  const std::string name = "landwaiter_reconcile_total";
  const std::string help = "Reconciles by controller and result.";
  succeeded_ = &options_.metrics->AddCounter(
      name, help, {{"controller", options_.name}, {"result", "success"}});
  failed_ = &options_.metrics->AddCounter(name, help,
                                          {{"controller", options_.name}, {"result", "error"}});
  options_.metrics->AddCallback("landwaiter_queue_depth", "Keys that wait to be reconciled.",
                                [&queue] { return static_cast<double>(queue.size()); },
                                {{"queue", options_.name}});
}

void Workers::Start() {
  for (int i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

void Workers::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Workers::Run(const std::stop_token& stop) {
  while (auto key = queue_.Get(stop)) {
    if (may_work_()) Handle(*key, stop);
    queue_.Done(*key);
  }
}

void Workers::Handle(const std::string& key, const std::stop_token& stop) {
  const Cancellation cancel = Cancellation{stop}.Within(options_.timeout);
  const Outcome outcome = Guarded([&] { return reconcile_(key, cancel); });
  if (outcome.status) {
    queue_.Forget(key);
    if (succeeded_ != nullptr) succeeded_->Add();
    if (outcome.again_after) {
      queue_.AddAfter(key, *outcome.again_after, kube::WorkQueue::Priority::kLow);
    }
    return;
  }
  const Error& error = outcome.status.error();
  if (error.code == Code::kCancelled) return;
  if (error.reason == kube::kReasonNotLeader) {
    // A lease that is renewed late closes the fence for a moment and nobody says so: the key must
    // come again by itself. Where the lease is lost, the queue is cleared.
    queue_.AddRateLimited(key);
    return;
  }
  if (failed_ != nullptr) failed_->Add();
  // A conflict is the ordinary way to learn that the cache was behind.
  if (error.code == Code::kConflict) {
    log::Debug("reconcile conflicted", {{"controller", options_.name}, {"key", key}});
  } else {
    log::Warn("reconcile failed", {{"controller", options_.name}, {"key", key}, {"error", error}});
  }
  queue_.AddRateLimited(key);
}

}  // namespace landwaiter::controller
