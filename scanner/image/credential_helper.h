// Runs `docker-credential-NAME get` (docker/docker-credential-helpers). Included by this room's
// sources and tests only.
#pragma once

#include <optional>
#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "model/scan_request.h"

namespace landwaiter::image {

/// nullopt: the helper has no credentials for that server. Errors: see docker_config.h.
Result<std::optional<RegistryCredential>> AskHelper(const std::string& name,
                                                    const std::string& server,
                                                    const Cancellation& cancel);

}  // namespace landwaiter::image
