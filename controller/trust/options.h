// How the controller keeps certificates and arms the webhook (docs/cli.md, "Roles").
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace landwaiter::controller {

struct TrustOptions {
  /// The leader keeps authority and certificates in Secrets of ControllerOptions::ns; each replica
  /// writes its own into ControllerOptions::certs.
  bool manage_certificates = false;
  std::string name_prefix = "landwaiter";           // of Secrets and Services
  std::vector<std::string> certificate_names = {};  // "[ROLE=]NAME", beside those of the Services
  std::chrono::milliseconds certificate_lifetime = std::chrono::hours(24 * 90);
  std::chrono::milliseconds authority_lifetime = std::chrono::hours(24 * 3650);
  /// A new authority is trusted for so long before it signs. A kubelet takes up to two minutes to
  /// bring a changed Secret into a pod.
  std::chrono::milliseconds authority_overlap = std::chrono::minutes(10);
  std::chrono::milliseconds check_period{10'000};

  std::string webhook_configuration = {};  // file of the configurations to arm; "": none is
  std::string webhook_url = {};            // in place of their Services; "" for those
  bool disarm_when_down = false;
  std::chrono::milliseconds when_down_after = std::chrono::minutes(1);
};

}  // namespace landwaiter::controller
