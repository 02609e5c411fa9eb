// The controller's parts, built in the order in which they need each other, and how an event of one
// becomes a key in the queue of another. RunController lists the steps.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "controller/base_index.h"
#include "controller/cluster_vex.h"
#include "controller/database.h"
#include "controller/ensure_service.h"
#include "controller/exception_reconciler.h"
#include "controller/held_pods.h"
#include "controller/notify/notifications.h"
#include "controller/nudger.h"
#include "controller/pod_reconciler.h"
#include "controller/policy_book.h"
#include "controller/policy_reconciler.h"
#include "controller/run.h"
#include "controller/runtime/runtime.h"
#include "controller/scan_reconciler.h"
#include "controller/scan_refresher.h"
#include "controller/scan_runner.h"
#include "controller/watch/watches.h"
#include "controller/workers.h"
#include "lib/base/metrics.h"
#include "lib/kube/leader_elector.h"

namespace landwaiter::controller {

/// What the role reaches the world by; tests give their own.
struct Ports {
  kube::Api* api = nullptr;        // reads, and what any replica may write
  kube::Api* lease_api = nullptr;  // not behind the other's rate limit
  store::Store* store = nullptr;
  const Clock* clock = nullptr;
  image::Mirrors* mirrors = nullptr;         // null: none
  image::CloudCredentials* cloud = nullptr;  // null: none
  ResolveFunction resolve;
  RegistryLists lists = {};  // what a RegistryWatch is asked with
  LookBounds look_bounds = {};
  store::Outbox* outbox = nullptr;              // null: nobody is told of changes
  http::Client* receivers = nullptr;            // with an outbox: what they are reached by
  const NotificationOptions* notify = nullptr;  // with an outbox
  store::Outbox* notes = nullptr;               // for verdicts over time; null: none are kept
  ScanFunction scan;
  DatabaseFunction database;
};

class Role {
 public:
  Role(const ControllerOptions& options, Ports ports, metrics::Registry& metrics);
  ~Role();

  /// Starts the informers and waits until all have listed once. Errors: Cancelled,
  /// DeadlineExceeded.
  Status SyncInformers(const Cancellation& cancel);
  /// Workers, runners, ensure threads; then the election.
  void Start();
  /// Gives up the Lease, then ends everything; may be called twice.
  void Stop();

  /// "" when ready, else what is missing.
  std::string NotReady() const;
  bool Leading() const { return leading_.load(); }
  EnsureService& ensure() { return ensure_; }
  /// Writes as the leader, or not at all; and what it tells by Events.
  kube::Api& fenced() { return fenced_; }
  kube::EventRecorder& events() { return events_; }
  /// Who holds the Lease as last seen; "" for nobody.
  std::string Leader() const { return elector_.Holder(); }
  // What the report API reads.
  const kube::Informer<ScanRecord>& scans() const { return scans_; }
  const kube::Informer<PodRecord>& pods() const { return pods_; }
  const PolicyBook& policies() const { return book_; }
  const ScanBoard& board() const { return board_; }
  const BaseBook& bases() const { return bases_; }
  const ClusterVex& vex() const { return vex_; }
  /// The database has changed: every image of which it says something else is matched and judged
  /// again.
  void OnDatabaseChanged();
  /// Deletes what has outlived its retention, and rows of the store whose ImageScan is gone.
  void Sweep(const Cancellation& cancel);

 private:
  /// A quarter of them for one namespace, however slow its registries are.
  static constexpr int kPodThreads = 4;

  void AddHandlers();
  void AddMetrics(metrics::Registry& metrics);
  void OnScan(const kube::Informer<ScanRecord>::Change& change);
  void PodsOfAliasAgain(const ScanRecord& record);
  void OnPolicy(const kube::Informer<PolicyRecord>::Change& change);
  void OnException(const kube::Informer<ExceptionRecord>::Change& change);
  void OnUsage(const std::string& scan);
  void OnLeading();
  void OnNotLeading();
  void JudgeNow(const resources::ImageScan& scan, const Cancellation& cancel);
  void EnqueueAllScans();
  /// Of policies alone, and what is told of what runs. Returns when.
  std::chrono::milliseconds EnqueueCounts();
  void EnqueuePolicies();
  void EnqueueJudgedOtherwise(const kube::Informer<ExceptionRecord>::Change& change);
  void EnqueueExceptions(std::chrono::milliseconds delay);
  void EnqueueHeldPods();
  bool HasVerdict(const std::string& scan) const;
  Outcome ReconcilePod(const std::string& key, const Cancellation& cancel);

  const ControllerOptions options_;
  const Ports ports_;
  StageMetrics stages_;
  std::atomic<bool> leading_{false};

  kube::Informer<PodRecord> pods_;
  kube::Informer<ScanRecord> scans_;
  kube::Informer<PolicyRecord> policies_;
  kube::Informer<ExceptionRecord> exceptions_;
  PolicyBook book_;
  kube::Informer<NamespaceRecord> namespaces_;
  kube::Informer<Platform> nodes_;

  kube::LeaderElector elector_;
  kube::FencedApi fenced_;
  kube::EventRecorder events_;
  AliasIndex aliases_;
  UsageIndex usage_;
  BaseIndex bases_;
  const WhatRuns runs_{usage_, pods_, namespaces_};
  ScanBoard board_;
  CredentialReader credentials_;
  Resolver resolver_;
  ScanMaker ensure_maker_;  // any replica
  ScanMaker maker_;         // the leader
  ScanEvents scan_events_;
  ClusterVex vex_;
  Watches watches_;
  std::unique_ptr<Notifications> notifications_;  // null: nobody is told of changes

  std::atomic<std::chrono::steady_clock::time_point> counting_since_{};
  kube::WorkQueue pod_queue_{{.per_namespace = kPodThreads / 4}};
  kube::WorkQueue scan_queue_;
  kube::WorkQueue policy_queue_;
  HeldPods held_;
  PodReconciler pod_reconciler_;
  ScanReconciler scan_reconciler_;
  ScanRefresher scan_refresher_;
  PolicyReconciler policy_reconciler_;
  ExceptionReconciler exception_reconciler_;
  Runtime runtime_;
  ScanRunner runner_;
  Nudger nudger_;
  EnsureService ensure_;
  Workers pod_workers_;
  Workers scan_workers_;
  Workers policy_workers_;
};

}  // namespace landwaiter::controller
