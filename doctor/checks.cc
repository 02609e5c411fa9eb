#include "doctor/checks.h"

namespace landwaiter::doctor {
namespace {

// From what everything rests on to what rests on it: the first fault is often the others' cause.
constexpr Check kChecks[] = {
    {"schemas", "both kinds are served", LookAtSchemas},
    {"rights", "each role's account may do what it must", LookAtRights},
    {"pods", "each role has pods that are ready", LookAtPods},
    {"versions", "all pods are of one version", LookAtVersions},
    {"endpoints", "each Service has addresses", LookAtEndpoints},
    {"leader", "one controller leads", LookAtLeader},
    {"certificates", "none ends soon, each names its Service", LookAtCertificates},
    {"armed", "the API server asks the webhook", LookAtArming},
    {"caBundle", "it vouches for the webhook's certificate", LookAtBundles},
    {"targets", "every webhook that leads here finds its Service", LookAtTargets},
    {"answer", "the webhook answers a review", LookAtProbes},
    {"guard", "only the controller may set spec.pullSecrets", LookAtGuard},
    {"policies", "every rule can be evaluated", LookAtPolicies},
    {"database", "there is one, and it is fresh", LookAtDatabase},
    {"scans", "none waits for long", LookAtScans},
    {"registries", "images can be read", LookAtRegistries},
};

}  // namespace

std::span<const Check> Checks() { return kChecks; }

void AddUnseen(const Seen& seen, std::string_view of, Findings& out) {
  if (!seen.error) return;
  out.push_back({Grade::kUnseen, std::string(of) + ": " + seen.error->message,
                 seen.error->code == Code::kPermissionDenied
                     ? "run it as somebody who may read them (docs/cli.md lists the rights)"
                     : ""});
}

}  // namespace landwaiter::doctor
