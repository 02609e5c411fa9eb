// Keeps the reports of each namespace true: the leader alone, by server-side apply, where they have
// changed; those of namespaces that run nothing any more go. A kind that the cluster does not have
// is asked for again every minute (docs/policy-reports.md).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/runtime/policy_reports.h"
#include "controller/workers.h"
#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/kube/api.h"

namespace landwaiter::controller {

/// Changes within this time are one look.
inline constexpr std::chrono::seconds kReportPace{5};

/// "none", "wgpolicy", "openreports" or "both". Errors: InvalidArgument.
Result<std::vector<const ReportKind*>> ReportKindsFromOption(const std::string& option);
/// The same of an option that was checked.
std::vector<const ReportKind*> ReportKindsOf(const std::string& option);

class ReportKeeper {
 public:
  struct Parts {
    kube::Api& api;
    const Clock& clock;
    const kube::Informer<ScanRecord>& scans;
    std::function<Policies()> policies;
    WhatRuns runs;
    std::vector<const ReportKind*> kinds;  // none: it keeps none
    metrics::Registry* metrics = nullptr;
  };
  explicit ReportKeeper(Parts parts);

  bool Enabled() const { return !parts_.kinds.empty(); }
  /// In one thread at a time.
  Outcome Reconcile(const Cancellation& cancel);
  /// Another replica leads: what stands in the cluster is no longer known. Waits for nothing.
  void Forget() { forget_ = true; }

 private:
  /// A kind as the cluster has it.
  struct Shelf {
    const ReportKind* kind = nullptr;
    bool listed = false;
    bool missing_told = false;  // that the kind is not there, or may not be read
    SeverityWords words = SeverityWords::kAll;
    std::map<std::string, std::string> kept;  // "ns/name" → digest; "": not known what it holds
    metrics::Gauge* available = nullptr;
  };
  using Reports = std::map<std::string, std::vector<std::vector<ReportResult>>>;  // by namespace

  Reports Gather(std::uint64_t& left_out) const;
  bool List(Shelf& shelf, const Cancellation& cancel);
  /// What failed first; the others are written all the same.
  Status Write(Shelf& shelf, const Reports& reports, const Cancellation& cancel);
  Status Apply(Shelf& shelf, const std::string& ns, std::size_t part,
               const std::vector<ReportResult>& results, const Cancellation& cancel);

  const Parts parts_;
  std::atomic<bool> forget_{false};
  metrics::Counter* written_ = nullptr;
  metrics::Gauge* left_out_ = nullptr;
  // Of the thread that reconciles:
  std::vector<Shelf> shelves_;
};

}  // namespace landwaiter::controller
