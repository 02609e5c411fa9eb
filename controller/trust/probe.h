// Asks the webhook a review as the API server would: over TLS, verified against the caBundle that
// it is to be armed with.
#pragma once

#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"

namespace landwaiter::controller {

/// Ok where `url` answers an AdmissionReview of a kind that no webhook judges, in dry run, with a
/// sound response. Errors: Unavailable, Unauthenticated (the certificate is not vouched for),
/// DeadlineExceeded.
Status ProbeWebhook(const std::string& url, const std::string& ca_pem, const Cancellation& cancel);

}  // namespace landwaiter::controller
