// Keeps the ConfigMaps of Falco's rules true to the verdicts: the leader alone, by server-side
// apply, and only where their content has changed (docs/runtime.md, docs/adr/0022).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "controller/runtime/falco_facts.h"
#include "controller/workers.h"
#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/kube/api.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

inline constexpr kube::Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};

/// Changes within this time are one write.
inline constexpr std::chrono::seconds kFalcoPace{5};

/// NAME, NAME-2, …, NAME-8. `part` counts from 0.
std::string FalcoConfigMapName(const std::string& name, std::size_t part);
/// The whole object.
nlohmann::json FalcoConfigMap(const std::string& ns, const std::string& name,
                              const std::vector<report::FalcoFile>& files);

class FalcoKeeper {
 public:
  struct Parts {
    kube::Api& api;
    const Clock& clock;
    const kube::Informer<ScanRecord>& scans;
    const kube::Informer<NamespaceRecord>& namespaces;
    std::function<Policies()> policies;
    kube::EventRecorder& events;
    std::string ns;
    std::string name;  // of the first ConfigMap; "": it keeps none
    metrics::Registry* metrics = nullptr;
    report::FalcoLimits limits = report::kConfigMapLimits;
  };
  explicit FalcoKeeper(Parts parts);

  bool Enabled() const { return !parts_.name.empty(); }
  /// In one thread at a time.
  Outcome Reconcile(const Cancellation& cancel);
  /// Another replica leads: what stands in the cluster is no longer known. Waits for nothing.
  void Forget() { forget_ = true; }

 private:
  report::FalcoInput Gather() const;
  Status Apply(const report::FalcoRules& rules, const Cancellation& cancel);
  Status ApplyPart(const std::string& name, const std::vector<report::FalcoFile>& files,
                   const Cancellation& cancel);
  void TellOfRoom(const report::FalcoRules& rules);

  const Parts parts_;
  metrics::Gauge* failing_ = nullptr;
  metrics::Gauge* known_ = nullptr;
  metrics::Gauge* left_out_ = nullptr;
  metrics::Counter* written_ = nullptr;
  std::atomic<bool> forget_{false};
  // Of the thread that reconciles:
  std::map<std::string, std::string> kept_;  // name → digest of what was applied; "": deleted
  std::string first_uid_;
  bool told_ = false;  // that not all find room
};

}  // namespace landwaiter::controller
