// POST /v1/ensure: what the webhook asks the controller. The webhook holds no credentials: it gives
// the names of the pull secrets, and the controller reads them from the pod's own namespace.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "resources/pod_images.h"

namespace landwaiter::resources {

inline constexpr std::size_t kMaxEnsureImages = 200;         // admission.md: images in a request
inline constexpr std::size_t kMaxEnsureBytes = 1024 * 1024;  // 200 references of 4 KiB, the names
/// The API bounds no list of pull secrets; the controller reads 16 of them for an image.
inline constexpr std::size_t kMaxEnsureSecrets = 256;
inline constexpr std::size_t kMaxSecretName = 253;  // Kubernetes: a name is a DNS subdomain

/// admission.md, row 5: for five minutes in all a tag's digest is believed. The webhook may hear it
/// when the controller has remembered it for its whole share already, so the shares add up.
inline constexpr std::chrono::minutes kTagBelieved{5};
inline constexpr std::chrono::minutes kTagBelievedByController{1};
inline constexpr std::chrono::minutes kTagBelievedByWebhook{4};
static_assert(kTagBelievedByController + kTagBelievedByWebhook == kTagBelieved);

/// Why an image that nothing has seen has no ImageScan yet: its namespace has brought too many.
/// Later it gets one, so it counts as not scanned.
inline constexpr std::string_view kTooManyNewImages = "TooManyNewImages";

struct EnsureRequest {
  std::vector<std::string> references;
  std::string ns;
  std::string service_account;
  std::vector<std::string> pull_secrets;  // in the pod's order, which is the order to try them
  /// Of a pod that was denied for want of these images' verdicts; no kind: none was.
  OwnerRef denied_owner = {};
};

struct EnsuredImage {
  std::string reference;
  std::string digest;  // "" with an error
  std::string scan;    // name of the ImageScan, "" with an error
  std::string error_reason = {};
  std::string error_message = {};
};

struct EnsureResponse {
  std::vector<EnsuredImage> images;  // one for each reference, in the same order
};

std::string ToJson(const EnsureRequest& request);
std::string ToJson(const EnsureResponse& response);
/// Errors: InvalidArgument naming the field, ResourceExhausted above the bounds.
Result<EnsureRequest> EnsureRequestFromJson(std::string_view json);
Result<EnsureResponse> EnsureResponseFromJson(std::string_view json);

}  // namespace landwaiter::resources
