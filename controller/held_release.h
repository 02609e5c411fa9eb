// Takes the scan gate off every pod that has it: nobody is going to judge them any more.
#pragma once

#include <cstddef>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/kube/api.h"

namespace landwaiter::controller {

/// How many pods were released. One that changes meanwhile is looked at again. Errors: the API
/// server's; the first, when all others have been tried.
Result<std::size_t> ReleaseAllHeldPods(kube::Api& api, const Cancellation& cancel);

}  // namespace landwaiter::controller
