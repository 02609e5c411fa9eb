// Which build serves, as a metric: what differs between the replicas of a rollout.
#pragma once

#include "lib/base/metrics.h"

namespace landwaiter::metrics {

/// A gauge that is always 1 and carries the version as its label, as Prometheus' clients do.
inline void AddBuildInfo(Registry& registry) {
  registry
      .AddGauge("landwaiter_build_info", "1; the label says which version this is.",
                {{"version", LANDWAITER_VERSION}})
      .Set(1);
}

}  // namespace landwaiter::metrics
