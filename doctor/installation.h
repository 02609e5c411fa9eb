// What a look at the cluster shows of one installation. Looking (look.h) fills it, checks
// (checks.h) read it: they do no calls, so that a table of made-up clusters tests them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace landwaiter::doctor {

/// Objects as the API server has them, or why they could not be read.
struct Seen {
  std::vector<nlohmann::json> items;
  std::optional<Error> error = {};
};

/// One right that a role's service account must have (authorization.k8s.io/v1, ResourceAttributes).
struct Right {
  std::string_view role;
  std::string_view verb;
  std::string_view group;
  std::string_view resource;
  std::string_view subresource = {};
  bool of_namespace = false;  // in the installation's own, else in the whole cluster
};
struct Access {
  Right right;
  std::string account;  // "system:serviceaccount:NAMESPACE:NAME"
  bool allowed = false;
  std::optional<Error> error = {};
};

/// What a webhook that was called as the API server calls it answered.
struct Probe {
  std::string url;
  Status answer;
};

/// Of an ImageScan, what checks read; a cluster has many.
struct ScanSeen {
  std::string name = {};
  std::string image = {};
  bool ready = false;
  std::string reason = {};
  std::string message = {};
  std::string since = {};  // RFC 3339, of the Ready condition, else of the object
  std::string database_built_at = {};
};

struct Installation {
  std::string ns;
  std::string name;     // what the names of its objects begin with
  std::string version;  // of this program
  TimePoint now;

  Seen crds;
  Seen validating;  // every ValidatingWebhookConfiguration of the cluster
  Seen mutating;
  Seen services;
  Seen slices;  // EndpointSlices
  Seen pods;
  Seen leases;
  Seen secrets;  // of the certificates; only ca.crt and tls.crt are kept
  Seen guards;   // ValidatingAdmissionPolicy
  Seen guard_bindings;
  Seen policies;
  std::vector<ScanSeen> scans;
  std::optional<Error> scans_error;
  std::vector<Access> accesses;
  std::vector<Probe> probes;
};

inline constexpr std::string_view kRoles[] = {"webhook", "controller", "scanner"};

}  // namespace landwaiter::doctor
