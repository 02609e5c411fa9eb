// The controller role.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "controller/trust/options.h"
#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/http/address_policy.h"

namespace landwaiter::controller {

struct ControllerOptions {
  std::string kubeconfig;         // "": in-cluster
  std::string ns = "landwaiter";  // of the Lease
  std::string listen = "0.0.0.0:8443";
  std::string health_listen = "0.0.0.0:8081";
  std::string certs;  // folder with ca.crt, tls.crt, tls.key; "": plain HTTP, for tests
  std::vector<std::string> scanners;    // URLs
  std::string database;                 // folder of the advisory database
  std::string data;                     // folder of the store
  std::string store_dsn_file;           // with a PostgreSQL connection string; "": SQLite in `data`
  std::vector<std::string> plain_http;  // registries without TLS, "host:port"
  std::vector<std::string> allow_addresses;    // CIDRs that are reached although not public
  std::vector<std::string> cloud_credentials;  // of "ecr", "gar", "acr"
  bool cloud_instance_metadata = false;        // the node's own role may be used
  bool refuse_private_addresses = false;       // of registries, as the scanner's option
  std::string registry_hosts;                  // folder of hosts.toml files; "": no mirrors
  std::string registry_ca;                     // PEM file in place of the system's; "" for none
  std::chrono::milliseconds retention = std::chrono::hours(24 * 7);
  /// Images that nothing has seen, of a namespace at once, by way of the webhook; 0: any number.
  std::size_t namespace_new_images = 500;
  /// What the stored inventories are to be read by (ImageInventory::readers): those of others are
  /// made anew; "" for any.
  std::string readers;
  std::string identity;  // in the Lease; "": host name and a random number
  int workers = 4;       // scans under way at once
  std::size_t scans_per_namespace = 2;
  std::chrono::milliseconds database_poll{3'000};
  bool hold = false;                    // looks after pods that wait behind the scan gate
  bool nudge = false;                   // tells owners of denied pods when the verdict is in
  std::string policy_reports = "none";  // none, wgpolicy, openreports, both
  std::string falco_config_map;         // of rules for Falco; "": none is kept
  std::string falco_namespace;          // of it; "": `ns`
  std::string notifications;            // file of subscriptions (docs/notifications.md); "": none
  std::string report_listen;            // of the report API; "": it is off
  std::vector<std::string> report_audiences;  // of its callers' tokens; none: the API server's own
  TrustOptions trust;
  // Leader election, as client-go's defaults.
  std::chrono::milliseconds lease_duration{15'000};
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};
};

/// Which addresses of registries the role may speak to. Errors: InvalidArgument naming the option.
Result<http::AddressPolicy> RegistryAddresses(const ControllerOptions& options);

/// Serves until `cancel` stops, then gives up the Lease and drains.
/// Errors: InvalidArgument for an option, those of the kubeconfig, the store, the listeners.
Status RunController(const ControllerOptions& options, const Cancellation& cancel);

}  // namespace landwaiter::controller
