#include "doctor/look.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "controller/names.h"
#include "controller/trust/configuration.h"
#include "controller/trust/kinds.h"
#include "controller/trust/probe.h"
#include "controller/trust/secrets.h"
#include "doctor/json_path.h"
#include "lib/base/text.h"
#include "lib/kube/api.h"
#include "resources/image_scan.h"

namespace landwaiter::doctor {
namespace {

using kube::Resource;
using nlohmann::json;

constexpr Resource kCrds{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                         "CustomResourceDefinition", false};
constexpr Resource kServices{"", "v1", "services", "Service", true};
constexpr Resource kSlices{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true};
constexpr Resource kGuards{"admissionregistration.k8s.io", "v1", "validatingadmissionpolicies",
                           "ValidatingAdmissionPolicy", false};
constexpr Resource kGuardBindings{"admissionregistration.k8s.io", "v1",
                                  "validatingadmissionpolicybindings",
                                  "ValidatingAdmissionPolicyBinding", false};
constexpr Resource kAccessReviews{"authorization.k8s.io", "v1", "subjectaccessreviews",
                                  "SubjectAccessReview", false};

/// Far more than a cluster has of any of these; ImageScans are folded as they come.
constexpr std::size_t kMaxItems = 10'000;

constexpr std::string_view kOurs = "landwaiter.io";
constexpr std::string_view kAdmission = "admissionregistration.k8s.io";
// charts/landwaiter/templates/rbac: a test holds the two against each other.
constexpr Right kRights[] = {
    {"webhook", "list", kOurs, "scanpolicies"},
    {"webhook", "watch", kOurs, "scanpolicies"},
    {"webhook", "list", kOurs, "scanexceptions"},
    {"webhook", "watch", kOurs, "scanexceptions"},
    {"webhook", "list", kOurs, "imagescans"},
    {"webhook", "watch", kOurs, "imagescans"},
    {"webhook", "list", "", "namespaces"},
    {"webhook", "watch", "", "namespaces"},
    {"controller", "list", kOurs, "imagescans"},
    {"controller", "watch", kOurs, "imagescans"},
    {"controller", "create", kOurs, "imagescans"},
    {"controller", "patch", kOurs, "imagescans"},
    {"controller", "delete", kOurs, "imagescans"},
    {"controller", "update", kOurs, "imagescans", "status"},
    {"controller", "list", kOurs, "scanpolicies"},
    {"controller", "watch", kOurs, "scanpolicies"},
    {"controller", "patch", kOurs, "scanpolicies", "status"},
    {"controller", "list", kOurs, "scanexceptions"},
    {"controller", "watch", kOurs, "scanexceptions"},
    {"controller", "patch", kOurs, "scanexceptions", "status"},
    {"controller", "list", kOurs, "registrywatches"},
    {"controller", "watch", kOurs, "registrywatches"},
    {"controller", "patch", kOurs, "registrywatches", "status"},
    {"controller", "list", "", "pods"},
    {"controller", "watch", "", "pods"},
    {"controller", "list", "", "namespaces"},
    {"controller", "watch", "", "namespaces"},
    {"controller", "list", "", "nodes"},
    {"controller", "watch", "", "nodes"},
    {"controller", "create", "", "events"},
    {"controller", "patch", "", "events"},
    {"controller", "create", "coordination.k8s.io", "leases", "", true},
    {"controller", "list", "", "configmaps", "", true},
    {"controller", "watch", "", "configmaps", "", true},
};

/// For the one object of the installation's name.
constexpr Right kArmingRights[] = {
    {"controller", "get", kAdmission, "validatingwebhookconfigurations"},
    {"controller", "patch", kAdmission, "validatingwebhookconfigurations"},
};

Seen List(kube::Api& api, const Resource& resource, const std::string& ns,
          const Cancellation& cancel) {
  Seen out;
  auto listed = api.List(
      resource, {.ns = ns},
      [&](json&& item) -> Status {
        if (out.items.size() >= kMaxItems) return ResourceExhausted("more than 10000 objects");
        out.items.push_back(std::move(item));
        return Ok();
      },
      cancel);
  if (!listed) out.error = std::move(listed).error();
  return out;
}

/// Those of these names that are there.
Seen Get(kube::Api& api, const Resource& resource, const std::vector<kube::ObjectKey>& keys,
         const Cancellation& cancel) {
  Seen out;
  for (const auto& key : keys) {
    auto object = api.Get(resource, key, cancel);
    if (object) {
      out.items.push_back(*std::move(object));
    } else if (object.error().code != Code::kNotFound) {
      out.error = std::move(object).error();
    }
  }
  return out;
}

/// Keys of certificates stay where they are.
Seen Certificates(kube::Api& api, const Where& where, const Cancellation& cancel) {
  std::vector<kube::ObjectKey> keys;
  for (const auto role : kRoles) {
    keys.push_back({where.ns, controller::RoleSecretName(where.name, std::string(role))});
  }
  Seen out = Get(api, kube::kSecrets, keys, cancel);
  for (json& secret : out.items) {
    json kept = json::object();
    for (const char* key : {"ca.crt", "tls.crt"}) {
      const json& value = At(secret, {"data", key});
      if (value.is_string()) kept[key] = value;
    }
    secret = {{"metadata", At(secret, {"metadata"})}, {"data", std::move(kept)}};
  }
  return out;
}

ScanSeen Folded(const resources::ImageScan& scan) {
  ScanSeen out{
      scan.name, scan.spec.image, false, "", "", scan.created_at, scan.status.database_built_at};
  if (const auto* ready = resources::FindCondition(scan.status.conditions, "Ready")) {
    out.ready = ready->status == "True";
    out.reason = ready->reason;
    out.message = ready->message;
    out.since = ready->last_transition_time;
  }
  return out;
}

void LookAtAllScans(kube::Api& api, Installation& out, const Cancellation& cancel) {
  auto listed = api.List(
      controller::kImageScans, {},
      [&](json&& item) -> Status {
        auto scan = resources::ImageScanFromJson(item);
        // One that cannot be read is the controller's to tell; it hides no other.
        if (scan) out.scans.push_back(Folded(*scan));
        return Ok();
      },
      cancel);
  if (!listed) out.scans_error = std::move(listed).error();
}

std::string AccountOf(const Installation& seen, std::string_view role) {
  for (const json& pod : seen.pods.items) {
    if (LabelOf(pod, "app.kubernetes.io/component") != role) continue;
    if (auto account = TextAt(pod, {"spec", "serviceAccountName"}); !account.empty()) {
      return account;
    }
  }
  return std::string(role);  // the chart's default
}

Access Ask(kube::Api& api, const Right& right, const Installation& seen, const std::string& name,
           const Cancellation& cancel) {
  Access out{right, "system:serviceaccount:" + seen.ns + ":" + AccountOf(seen, right.role)};
  json attributes{{"verb", right.verb}, {"group", right.group}, {"resource", right.resource}};
  if (!right.subresource.empty()) attributes["subresource"] = right.subresource;
  if (right.of_namespace) attributes["namespace"] = seen.ns;
  if (!name.empty()) attributes["name"] = name;
  auto answer = api.Create(
      kAccessReviews,
      {{"apiVersion", "authorization.k8s.io/v1"},
       {"kind", "SubjectAccessReview"},
       {"spec",
        {{"user", out.account},
         {"groups", json::array({"system:serviceaccounts", "system:serviceaccounts:" + seen.ns,
                                 "system:authenticated"})},
         {"resourceAttributes", std::move(attributes)}}}},
      cancel);
  if (answer) {
    out.allowed = At(*answer, {"status", "allowed"}) == json(true);
  } else {
    out.error = std::move(answer).error();
  }
  return out;
}

void LookAtAccess(kube::Api& api, Installation& out, const Cancellation& cancel) {
  for (const auto& right : kRights) {
    out.accesses.push_back(Ask(api, right, out, "", cancel));
    if (out.accesses.back().error) return;
  }
  // Only an installation that arms has these; one whose configuration stands unmanaged does not.
  const bool armed_by_us =
      std::any_of(out.validating.items.begin(), out.validating.items.end(), [&](const json& item) {
        const json& managers = At(item, {"metadata", "managedFields"});
        return NameOf(item) == out.name &&
               std::any_of(managers.begin(), managers.end(), [](const json& manager) {
                 return TextAt(manager, {"manager"}) == controller::kArmingManager;
               });
      });
  if (!armed_by_us) return;
  for (const auto& right : kArmingRights) {
    out.accesses.push_back(Ask(api, right, out, out.name, cancel));
  }
}

/// One call for each address and bundle, however many webhooks lead there.
void Call(Installation& out, bool in_cluster, const Cancellation& cancel) {
  std::set<std::string> called;
  for (const json& configuration : out.validating.items) {
    if (NameOf(configuration) != out.name) continue;
    for (const json& webhook : At(configuration, {"webhooks"})) {
      const auto bundle = text::Base64Decode(TextAt(webhook, {"clientConfig", "caBundle"}));
      const bool by_url = At(webhook, {"clientConfig", "url"}).is_string();
      if (!bundle || bundle->empty() || (!by_url && !in_cluster)) continue;
      for (auto& url : controller::AddressesOf(json::array({webhook}))) {
        if (!called.insert(url).second) continue;
        Status answer = controller::ProbeWebhook(url, *bundle, cancel);
        out.probes.push_back({std::move(url), std::move(answer)});
      }
    }
  }
}

}  // namespace

std::span<const Right> NeededRights() { return kRights; }

Result<Installation> Look(kube::Api& api, const Where& where, TimePoint now,
                          const Cancellation& cancel) {
  Installation out;
  out.ns = where.ns;
  out.name = where.name;
  out.version = where.version;
  out.now = now;
  const auto crd = [](const char* plural) {
    return kube::ObjectKey{"", std::string(plural) + "." + std::string(resources::kGroup)};
  };
  out.crds =
      Get(api, kCrds,
          {crd("imagescans"), crd("scanpolicies"), crd("scanexceptions"), crd("registrywatches")},
          cancel);
  if (out.crds.error && out.crds.error->code != Code::kPermissionDenied) return *out.crds.error;
  out.validating = List(api, controller::kValidatingWebhooks, "", cancel);
  out.mutating = List(api, controller::kMutatingWebhooks, "", cancel);
  out.services = List(api, kServices, where.ns, cancel);
  out.slices = List(api, kSlices, where.ns, cancel);
  out.pods = List(api, kube::kPods, where.ns, cancel);
  out.leases = Get(api, kube::kLeases, {{where.ns, "landwaiter-controller"}}, cancel);
  out.secrets = Certificates(api, where, cancel);
  out.guards = Get(api, kGuards, {{"", where.name + "-guard"}}, cancel);
  out.guard_bindings = List(api, kGuardBindings, "", cancel);
  out.policies = List(api, controller::kScanPolicies, "", cancel);
  LookAtAllScans(api, out, cancel);
  LookAtAccess(api, out, cancel);
  Call(out, where.in_cluster, cancel);
  return out;
}

}  // namespace landwaiter::doctor
