// When a RegistryWatch is looked at, and what its status says: pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "controller/watch/look.h"
#include "lib/base/clock.h"
#include "resources/registry_watch.h"

namespace landwaiter::controller {

/// How long until the watch is to be looked at; nullopt: now. What a registry asked to wait for is
/// waited for whatever else is wanted.
std::optional<std::chrono::milliseconds> UntilDue(const resources::RegistryWatch& watch,
                                                  TimePoint now);

/// The status after a look that began at `began`. `made`: images that nothing knew before.
resources::RegistryWatchStatus StatusAfter(const resources::RegistryWatch& watch, const Look& look,
                                           const std::vector<Sighting>& made, TimePoint began,
                                           TimePoint now);

/// The status of one that is not looked at: it is suspended, or its spec cannot be followed.
resources::RegistryWatchStatus StatusAtRest(const resources::RegistryWatch& watch, TimePoint now);

}  // namespace landwaiter::controller
