// The kinds of object that tell the API server whom to ask (admissionregistration.k8s.io/v1).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lib/kube/api.h"

namespace landwaiter::controller {

inline constexpr kube::Resource kValidatingWebhooks{"admissionregistration.k8s.io", "v1",
                                                    "validatingwebhookconfigurations",
                                                    "ValidatingWebhookConfiguration", false};
inline constexpr kube::Resource kMutatingWebhooks{"admissionregistration.k8s.io", "v1",
                                                  "mutatingwebhookconfigurations",
                                                  "MutatingWebhookConfiguration", false};

/// Where the API server would call them, each address once: "https://NAME.NS.svc:PORT/PATH" for a
/// service.
std::vector<std::string> AddressesOf(const nlohmann::json& webhooks);

}  // namespace landwaiter::controller
