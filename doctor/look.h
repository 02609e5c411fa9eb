// One look at the cluster: everything that the checks read, each thing once.
#pragma once

#include <span>

#include "doctor/examine.h"
#include "doctor/installation.h"

namespace landwaiter::doctor {

/// Errors: those of Examine.
Result<Installation> Look(kube::Api& api, const Where& where, TimePoint now,
                          const Cancellation& cancel);

/// What each role must be allowed, as the chart grants it.
std::span<const Right> NeededRights();

}  // namespace landwaiter::doctor
