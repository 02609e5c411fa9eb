// Since when the cluster knows of its findings (docs/adr/0026).
#pragma once

#include <vector>

#include "controller/stored_image.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/store/store.h"

namespace landwaiter::controller {

/// Sets Finding::first_seen of all: the earliest time at which the store has met the vulnerability,
/// under any of its names, in the same package, its source package where that is known, of
/// whatever image; `now` where it has not. Where the store does not say they stay without: nobody
/// knows. Errors: the store's.
Status AddFirstSeen(store::Store& store, std::vector<PlatformMatch>& platforms, TimePoint now);

}  // namespace landwaiter::controller
