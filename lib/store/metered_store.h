// A store that tells how long its calls take: the disk, or the database server, seen from here.
#pragma once

#include <array>
#include <memory>

#include "lib/base/metrics.h"
#include "lib/store/store.h"

namespace landwaiter::store {

/// `metrics` must outlive it.
std::unique_ptr<Store> MeterStore(std::unique_ptr<Store> store, metrics::Registry& metrics);

}  // namespace landwaiter::store
