// ImageScans: gather what is stored and what runs, match where the database is newer, ask for a
// scan where one is missing, judge, and write the status where it differs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "controller/cluster_vex.h"
#include "controller/database.h"
#include "controller/judge.h"
#include "controller/plan.h"
#include "controller/policy_book.h"
#include "controller/rescan_pace.h"
#include "controller/resolver.h"
#include "controller/scan_board.h"
#include "controller/scan_events.h"
#include "controller/scan_facts.h"
#include "controller/scan_maker.h"
#include "controller/stages.h"
#include "controller/turned_bad.h"
#include "controller/usage_index.h"
#include "controller/workers.h"
#include "lib/base/guarded.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"
#include "lib/store/store.h"

namespace landwaiter::controller {

class ScanReconciler {
 public:
  struct Parts {
    kube::Api& api;
    const Clock& clock;
    const kube::Informer<ScanRecord>& scans;
    const kube::Informer<PodRecord>& pods;
    const PolicyBook& policies;
    const kube::Informer<NamespaceRecord>& namespaces;
    const kube::Informer<Platform>& nodes;
    store::Store& store;
    DatabaseFunction database;
    ScanBoard& board;
    const UsageIndex& usage;
    Resolver& resolver;
    ScanMaker& maker;
    ScanEvents& events;
    kube::WorkQueue& queue;  // its own, to wake the requests of a canonical scan
    StageMetrics* stages = nullptr;
    std::string readers = {};         // ControllerOptions::readers
    const ClusterVex* vex = nullptr;  // null: no statements
    /// Whether a RegistryWatch holds the image; null: none does.
    std::function<bool(const resources::ImageScan&)> watched = {};
    /// The names under which RegistryWatches have it; null: none do.
    std::function<std::vector<std::string>(const Digest&)> watched_as = {};
    const BaseBook* bases = nullptr;  // null: none are known
  };
  explicit ScanReconciler(Parts parts) : parts_(std::move(parts)) {}

  Outcome Reconcile(const std::string& key, const Cancellation& cancel);
  /// The key that drops a digest's rows from the store, once its ImageScan is gone.
  static std::string GoneKey(const Digest& digest) { return "!" + digest.ToString(); }
  /// Platforms that indexes are looked at for; those of nodes beyond the bound go to `left_out`.
  std::vector<Platform> Wanted(std::vector<Platform>* left_out = nullptr) const;
  /// What scans are to collect for the present policies' rules.
  Collection WantedCollection() const;
  /// Requests of people that mirror this object.
  std::vector<std::string> RequestsFor(const std::string& canonical) const;

 private:
  struct Gathered {
    std::shared_ptr<const MatchDatabase> database = {};  // one for the whole look
    std::optional<StoredImage> image = {};
    std::optional<Usage> usage = {};
    ScanProgress progress = {};
    std::optional<Error> store_fault = {};
  };

  Outcome Gone(const std::string& digest);
  Outcome Canonical(const ScanRecord& record, const Digest& digest, const Cancellation& cancel);
  Outcome Request(const ScanRecord& record, const ImageReference& image,
                  const Cancellation& cancel);
  /// Says in a status without a verdict that the store is what is waited for.
  Outcome StoreAway(const ScanRecord& record, Error fault, const Cancellation& cancel);
  Outcome Refused(const ScanRecord& record, const ScanIdentity& identity,
                  const Cancellation& cancel);
  /// False where the image is to be matched again: its stored findings are not of the present
  /// database and this program, nor does that database say the same of it as the one before.
  bool FindingsStand(const Digest& digest, const MatchDatabase& database);
  Result<std::optional<StoredImage>> Stored(const std::string& name, const Digest& digest,
                                            const MatchDatabase* database);
  /// Errors: the database's. A match that cannot be kept is `store_fault`, and judged all the same.
  Status MatchIfNewer(const resources::ImageScan& scan, const Digest& digest, Gathered& facts);
  ScanProgress AskForScan(const ScanRecord& record, const Gathered& facts);
  /// The namespaces with a pod that runs the image, sorted. Looks at each pod of it.
  std::vector<RunsIn> RunningIn(const std::string& scan,
                                const resources::ImageScanStatus& status) const;
  Status Write(const ScanRecord& record, const resources::ImageScanStatus& status,
               const Cancellation& cancel);
  Outcome RequestFailed(const ScanRecord& record, const Error& error, const Cancellation& cancel);
  void LinkRequest(const std::string& request, const std::string& canonical);

  Parts parts_;
  landwaiter::Guarded<std::map<std::string, std::string>> requests_;  // request → canonical
  RescanPace rescans_;
};

}  // namespace landwaiter::controller
