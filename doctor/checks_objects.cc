// What the installer applied: schemas, rights, the guard.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "doctor/checks.h"
#include "doctor/json_path.h"
#include "lib/base/text.h"
#include "resources/image_scan.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::json;

constexpr const char* kReinstall = "helm upgrade, or kubectl apply -f manifests/install.yaml again";

bool Serves(const json& crd, std::string_view version) {
  const json& versions = At(crd, {"spec", "versions"});
  return std::any_of(versions.begin(), versions.end(), [&](const json& each) {
    return TextAt(each, {"name"}) == version && At(each, {"served"}) == json(true);
  });
}

bool HasCondition(const json& object, std::string_view type) {
  const json& conditions = At(object, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [&](const json& each) {
    return TextAt(each, {"type"}) == type && TextAt(each, {"status"}) == "True";
  });
}

const json* Named(const Seen& seen, const std::string& name) {
  const auto found = std::find_if(seen.items.begin(), seen.items.end(),
                                  [&](const json& item) { return NameOf(item) == name; });
  return found == seen.items.end() ? nullptr : &*found;
}

}  // namespace

Findings LookAtSchemas(const Installation& installation) {
  Findings out;
  AddUnseen(installation.crds, "customresourcedefinitions", out);
  if (!out.empty()) return out;
  for (const char* plural : {"imagescans", "scanpolicies", "scanexceptions", "registrywatches"}) {
    const std::string name = std::string(plural) + "." + std::string(resources::kGroup);
    const std::string object = "CustomResourceDefinition " + name;
    const json* crd = Named(installation.crds, name);
    if (crd == nullptr) {
      out.push_back({Grade::kFault, object + " is not there", kReinstall});
    } else if (!Serves(*crd, resources::kVersion)) {
      out.push_back({Grade::kFault,
                     object + " does not serve version " + std::string(resources::kVersion),
                     kReinstall});
    } else if (!HasCondition(*crd, "Established")) {
      out.push_back(
          {Grade::kFault, object + " is not established yet", "kubectl describe crd " + name});
    }
  }
  return out;
}

Findings LookAtRights(const Installation& installation) {
  Findings out;
  std::map<std::string, std::vector<std::string>> missing;  // by account, what it may not do
  for (const auto& access : installation.accesses) {
    if (access.error) {
      out.push_back({Grade::kUnseen, "subjectaccessreviews: " + access.error->message,
                     "run it as somebody who may create them (docs/cli.md lists the rights)"});
      return out;  // the others have the same reason
    }
    if (access.allowed) continue;
    const auto& right = access.right;
    std::string may{right.verb};
    may += ' ';
    may += right.resource;
    if (!right.subresource.empty()) may.append("/").append(right.subresource);
    if (!right.group.empty()) may.append(".").append(right.group);
    missing[access.account].push_back(std::move(may));
  }
  for (const auto& [account, rights] : missing) {
    out.push_back(
        {Grade::kFault, account + " may not: " + text::Join(rights, ", "),
         std::string("its ClusterRole, Role or their bindings were changed: ") + kReinstall});
  }
  return out;
}

Findings LookAtGuard(const Installation& installation) {
  Findings out;
  AddUnseen(installation.guards, "validatingadmissionpolicies", out);
  AddUnseen(installation.guard_bindings, "validatingadmissionpolicybindings", out);
  if (!out.empty()) return out;
  const std::string name = installation.name + "-guard";
  const std::string risk =
      ": whoever may create ImageScans could have another tenant's pull secret used";
  if (Named(installation.guards, name) == nullptr) {
    out.push_back(
        {Grade::kFault, "ValidatingAdmissionPolicy " + name + " is not there" + risk, kReinstall});
    return out;
  }
  const bool bound =
      std::any_of(installation.guard_bindings.items.begin(),
                  installation.guard_bindings.items.end(), [&](const json& binding) {
                    const json& actions = At(binding, {"spec", "validationActions"});
                    return TextAt(binding, {"spec", "policyName"}) == name &&
                           std::find(actions.begin(), actions.end(), json("Deny")) != actions.end();
                  });
  if (!bound) {
    out.push_back(
        {Grade::kFault,
         "ValidatingAdmissionPolicy " + name + " is bound by no binding that denies" + risk,
         kReinstall});
  }
  return out;
}

}  // namespace landwaiter::doctor
