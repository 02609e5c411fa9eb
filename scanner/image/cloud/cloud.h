// A row of the table of clouds. Inside this folder only.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/cancellation.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "scanner/image/cloud/cloud_credentials.h"

namespace landwaiter::image::cloud {

struct Login {
  RegistryCredential credential;
  TimePoint ends;
};

struct Cloud {
  std::string_view name;  // as options write it
  /// What logins are the same for: hosts of one identity share one. "" for a host that is none of
  /// the cloud's; `host` is lower case, without a port.
  std::string (*identity)(const std::string& host);
  Result<Login> (*log_in)(const std::string& host, const CloudPorts& ports,
                          const Cancellation& cancel);
};

Cloud Ecr();  // ecr.cc
Cloud Gar();  // gar.cc
Cloud Acr();  // acr.cc

}  // namespace landwaiter::image::cloud
