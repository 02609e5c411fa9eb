// Brings the Secrets to what renewal.h says should stand: reads all, decides, writes those that
// differ, the authority first. Each write is a create or an update of the very state that was read,
// so that two replicas that do this at once never undo each other's work.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/trust/renewal.h"
#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/kube/api.h"

namespace landwaiter::controller {

struct KeeperOptions {
  std::string ns;
  std::string prefix;
  RenewalSettings settings;
};

class CertificateKeeper {
 public:
  /// `clock` and `metrics` outlive the keeper.
  CertificateKeeper(const Clock& clock, KeeperOptions options, metrics::Registry& metrics);

  /// Errors: those of the API; a Secret that cannot be written (immutable) does not keep the others
  /// from it.
  Status Keep(kube::Api& api, const Cancellation& cancel);

  /// One role's certificate as it stands now. Errors: NotFound where it is not there or of no use,
  /// and those of the API.
  Result<RoleCertificate> Read(kube::Api& api, const std::string& role,
                               const Cancellation& cancel) const;

 private:
  struct Found;
  Result<Found> Gather(kube::Api& api, const Cancellation& cancel) const;
  Status KeepOnce(kube::Api& api, const Cancellation& cancel);
  void Report(const Trust& trust);

  const Clock& clock_;
  const KeeperOptions options_;
  metrics::Gauge& authority_expiry_;
  std::map<std::string, metrics::Gauge*> role_expiry_;
};

}  // namespace landwaiter::controller
