// Feeds the Memory from the API server: ScanPolicies, ScanExceptions, ImageScans and Namespaces.
// Reads only.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lib/kube/informer.h"
#include "webhook/memory.h"

namespace landwaiter::webhook {

/// Without what no decision reads (platforms, references, labels), so that many fit into memory.
Result<resources::ImageScan> ProjectScan(const nlohmann::json& object);
/// What of a policy can be read; a broken part never makes the policy vanish.
Result<policy::ScanPolicy> ProjectPolicy(const nlohmann::json& object);
/// One whose spec cannot be read excuses nothing.
Result<policy::ScanException> ProjectException(const nlohmann::json& object);
Result<Labels> ProjectNamespace(const nlohmann::json& object);

class Informers {
 public:
  /// Both borrowed.
  Informers(kube::Api& api, Memory& memory);
  ~Informers() { Stop(); }

  void Start();
  void Stop();
  /// False where `cancel` ended the wait.
  bool WaitForSync(const Cancellation& cancel);
  /// Which kinds have not been listed yet; "" when all have. Stays "" when the API server goes:
  /// memory is better than nothing.
  std::string Missing() const;
  bool Connected() const;
  /// It must outlive the registry's last rendering.
  void Measure(metrics::Registry& metrics) const;

 private:
  kube::Informer<policy::ScanPolicy> policies_;
  kube::Informer<policy::ScanException> exceptions_;
  kube::Informer<resources::ImageScan> scans_;
  kube::Informer<Labels> namespaces_;
};

}  // namespace landwaiter::webhook
