// The controller's flags about certificates and arming.
#pragma once

#include <string>

#include "controller/trust/options.h"
#include "lib/base/result.h"

namespace CLI {
class App;
}

namespace landwaiter::cli {

struct TrustFlags {
  std::string certificate_lifetime = "90d";
  std::string authority_lifetime = "3650d";
  std::string authority_overlap = "10m";
  std::string check_period = "10s";
  std::string when_down = "Keep";
  std::string when_down_after = "1m";
};

/// Both outlive the parsing of the command line.
void AddTrustFlags(CLI::App& app, TrustFlags& flags, controller::TrustOptions& options);
/// Errors: InvalidArgument naming the flag.
Status ReadTrustFlags(const TrustFlags& flags, controller::TrustOptions& options);

}  // namespace landwaiter::cli
