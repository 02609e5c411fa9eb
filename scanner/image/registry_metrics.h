// Requests to registries, counted by what they were answered.
#pragma once

#include <functional>

#include "lib/base/metrics.h"

namespace landwaiter::image {

/// For http::ClientOptions::on_answer of the client that speaks to registries, their token servers
/// and the storage that they redirect to. `metrics` must outlive the client. Thread-safe.
std::function<void(int status)> CountRegistryRequests(metrics::Registry& metrics);

/// For RegistryOptions::on_pause. `metrics` must outlive the registry. Thread-safe.
std::function<void()> CountRegistryPauses(metrics::Registry& metrics);

}  // namespace landwaiter::image
