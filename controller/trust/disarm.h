// What the commands disarm and arm do to one configuration.
#pragma once

#include <string>

#include "controller/trust/kinds.h"
#include "lib/base/cancellation.h"

namespace landwaiter::controller {

struct ConfigurationRef {
  kube::Resource resource;
  std::string name;
};

/// Empties the configuration and marks it, in one write, so that no controller arms it again. Ok
/// too where it is not there. Errors: those of the API; a conflict is tried again until `cancel`.
Status Disarm(kube::Api& api, const ConfigurationRef& configuration, const std::string& time,
              const Cancellation& cancel);
/// Takes the mark away; the controller arms.
Status AllowArming(kube::Api& api, const ConfigurationRef& configuration,
                   const Cancellation& cancel);

}  // namespace landwaiter::controller
