// The file of webhook configurations that the leader arms (admissionregistration.k8s.io/v1;
// Kubernetes, "Dynamic Admission Control"): as an installer would apply them, but for caBundle.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "controller/trust/kinds.h"
#include "lib/base/result.h"

namespace landwaiter::controller {

struct WebhookTemplate {
  kube::Resource resource;
  std::string name;
  nlohmann::json webhooks;  // a list, each with a name and a clientConfig without caBundle
};

/// One or more documents of YAML. Errors: InvalidArgument that names the object and field.
Result<std::vector<WebhookTemplate>> ReadWebhookFile(std::string_view yaml);

/// The template's `webhooks` with `bundle_pem` as caBundle; where `url` is not empty, it takes the
/// place of each service, whose path is kept.
nlohmann::json WebhooksToArm(const WebhookTemplate& wanted, const std::string& bundle_pem,
                             const std::string& url);

}  // namespace landwaiter::controller
