// Since when the cluster knows of its findings (docs/adr/0026).
#pragma once

#include <string>
#include <vector>

#include "controller/stored_image.h"
#include "lib/base/clock.h"
#include "lib/store/store.h"

namespace landwaiter::controller {

/// Sets Finding::first_seen of all: the earliest time at which the store has met the vulnerability,
/// under any of its names, in the same package, its source package where that is known, of
/// whatever image; `now` where it has not. Where the store does not say they stay without: nobody
/// knows, and the log has the reason beside `scan`, the ImageScan's name.
void AddFirstSeen(store::Store& store, const std::string& scan, TimePoint now,
                  std::vector<PlatformMatch>& platforms);

}  // namespace landwaiter::controller
