// The scanner role: POST /v1/scan → inventory, each scan in its own child process. It holds no
// token of the cluster and no credentials but those of the scans it is at.
//
//   POST /v1/scan   model/scan_request.h's JSON → ImageInventory's JSON, or its bytes where the
//                   request accepts kInventoryMediaType; or
//                   {"error":{"code","reason","message"}}; 429, reason ScannerBusy, when full or
//                   ending: ask another one, or again in a moment
//   /healthz /readyz /metrics on another port, plain HTTP
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "scanner/service/scan_in_child.h"

namespace landwaiter::service {

struct ScannerRoleOptions {
  std::string listen = "0.0.0.0:8444";
  std::string health_listen = "0.0.0.0:8081";
  std::string certs;    // folder with ca.crt, tls.crt, tls.key; "": plain HTTP, for tests
  std::string scratch;  // folder for scratch files; "" is $TMPDIR, else /tmp
  /// Folder for what was read of layers (layer_cache.h); "": nothing is kept.
  std::string layer_cache;
  std::uint64_t layer_cache_bytes = 1ull << 30;
  std::vector<std::string> plain_http;       // registries spoken to without TLS, "host:port"
  std::vector<std::string> allow_addresses;  // CIDRs that are reached although refused by default
  bool refuse_private_addresses = false;
  std::string registry_hosts;  // folder of hosts.toml files (image/mirrors.h); "": no mirrors
  std::string registry_ca;     // PEM file trusted in place of the system's, "" for those
  unsigned concurrent_scans = 2;
  unsigned waiting_scans = 16;  // beyond those at work; more are answered 429
  /// How long scans under way may go on once the role is to end.
  std::chrono::milliseconds drain = std::chrono::seconds(30);
  layer::Limits limits;
  ChildOptions child;  // scratch_directory is set from `scratch`
  /// Told the ports once both servers listen; for tests.
  std::function<void(std::uint16_t port, std::uint16_t health_port)> on_listening;
};

/// Serves until `cancel` stops, then drains.
/// Errors: InvalidArgument for an option, NotFound for a certificate, Unavailable where it cannot
/// listen.
Status RunScannerRole(const ScannerRoleOptions& options, const Cancellation& cancel);

}  // namespace landwaiter::service
