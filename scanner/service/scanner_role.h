// The scanner role: POST /v1/scan → inventory, each scan in its own child process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"

namespace landwaiter::service {

struct ScannerRoleOptions {
  std::string listen = "0.0.0.0:8444";
  std::string health_listen = "0.0.0.0:8081";
  std::string certs;    // folder with ca.crt, tls.crt, tls.key; "": plain HTTP, for tests
  std::string scratch;  // folder for scratch files
  std::vector<std::string> plain_http;       // registries spoken to without TLS, "host:port"
  std::vector<std::string> allow_addresses;  // CIDRs that are reached although private
  std::string registry_ca;                   // PEM file added to the system's, "" for none
  unsigned concurrent_scans = 2;
};

/// Serves until `cancel` stops, then drains: scans under way get `drain` seconds to end.
/// Errors: InvalidArgument for an option, Unavailable where it cannot listen.
Status RunScannerRole(const ScannerRoleOptions& options, const Cancellation& cancel);

}  // namespace landwaiter::service
