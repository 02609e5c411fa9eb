// Takes the scan gate off every pod that has it: nobody is going to judge them any more.
#pragma once

#include <chrono>
#include <cstddef>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/kube/api.h"

namespace landwaiter::controller {

/// How long to go on looking. A request that the webhook had when its configuration went may be
/// answered with a gate for as long as the API server waits for it, and the API server reads its
/// configurations from a cache: the pod comes after the first look.
struct ReleasePauses {
  std::chrono::milliseconds late{6'000};  // the mutating webhook's timeout, and a second
  std::chrono::milliseconds between{1'000};
};

/// How many pods were released; two looks in a row have found none, the last after `late`. One that
/// changes meanwhile is looked at again. Errors: the API server's (the first, when all others have
/// been tried); DeadlineExceeded.
Result<std::size_t> ReleaseAllHeldPods(kube::Api& api, const Cancellation& cancel,
                                       const ReleasePauses& pauses = {});

}  // namespace landwaiter::controller
