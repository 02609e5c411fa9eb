// Who the role is at Amazon, in the order in which Amazon's SDKs look (AWS SDKs and Tools Reference
// Guide, "Standardized credential providers"): keys in the environment; a web identity token (IRSA)
// that STS is asked for a role by; the container's credentials (EKS Pod Identity, ECS); the
// instance's role (IMDSv2), where that is turned on. Inside this folder only.
#pragma once

#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/image/cloud/cloud_credentials.h"
#include "scanner/image/cloud/sigv4.h"

namespace landwaiter::image::cloud {

/// `sts`: host of the token service of the registry's region. Errors: NotFound where the
/// environment says nothing of an identity; those of the step that failed.
Result<AwsKeys> FindAwsKeys(const CloudPorts& ports, const std::string& sts,
                            const Cancellation& cancel);

}  // namespace landwaiter::image::cloud
