// What runs: pods, their addresses, who leads, which versions.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "doctor/checks.h"
#include "doctor/json_path.h"
#include "lib/base/text.h"

namespace landwaiter::doctor {
namespace {

using nlohmann::json;

constexpr const char* kComponent = "app.kubernetes.io/component";
constexpr const char* kVersionLabel = "app.kubernetes.io/version";

bool IsReady(const json& pod) {
  const json& conditions = At(pod, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [](const json& each) {
    return TextAt(each, {"type"}) == "Ready" && TextAt(each, {"status"}) == "True";
  });
}

bool IsGoing(const json& pod) { return !At(pod, {"metadata", "deletionTimestamp"}).is_null(); }

/// Why a container does not run, and what to do; "" where it does.
std::pair<std::string, std::string> Trouble(const json& status, const std::string& ns,
                                            const std::string& pod) {
  const std::string name = TextAt(status, {"name"});
  const std::string waiting = TextAt(status, {"state", "waiting", "reason"});
  const std::string ended = TextAt(status, {"lastState", "terminated", "reason"});
  const std::string message = TextAt(status, {"state", "waiting", "message"});
  const std::string says = message.empty() ? "" : ": " + message;
  if (waiting == "ImagePullBackOff" || waiting == "ErrImagePull" || waiting == "InvalidImageName") {
    return {waiting + " of " + TextAt(status, {"image"}) + says,
            "set image.repository and image.tag to your copy of the image, or imagePullSecrets"};
  }
  if (ended == "OOMKilled") {
    return {"container " + name + " was OOMKilled",
            "raise its memory limit (values: ROLE.resources.limits.memory)"};
  }
  if (!waiting.empty() && waiting != "ContainerCreating" && waiting != "PodInitializing") {
    return {waiting + " of container " + name + says,
            "kubectl -n " + ns + " logs --previous " + pod + " -c " + name};
  }
  return {};
}

Finding WhyNotReady(const json& pod, const std::string& ns) {
  const std::string name = NameOf(pod);
  const std::string object = "pod " + ns + "/" + name;
  for (const json& each : At(pod, {"status", "conditions"})) {
    if (TextAt(each, {"type"}) == "PodScheduled" && TextAt(each, {"status"}) == "False") {
      return {Grade::kWarning, object + " has no node: " + TextAt(each, {"message"}),
              "make room, or change nodeSelector, tolerations or resources of the role"};
    }
  }
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const json& status : At(pod, {"status", list})) {
      auto [what, todo] = Trouble(status, ns, name);
      if (!what.empty()) return {Grade::kWarning, what.insert(0, object + ": "), todo};
    }
  }
  return {Grade::kWarning, object + " is not ready", "kubectl -n " + ns + " describe pod " + name};
}

std::size_t ReadyAddresses(const Seen& slices, const std::string& service) {
  std::size_t count = 0;
  for (const json& slice : slices.items) {
    if (LabelOf(slice, "kubernetes.io/service-name") != service) continue;
    for (const json& endpoint : At(slice, {"endpoints"})) {
      // discovery.k8s.io/v1: unknown counts as ready.
      count += At(endpoint, {"conditions", "ready"}) != json(false) ? 1 : 0;
    }
  }
  return count;
}

bool HasService(const Seen& services, const std::string& name) {
  return std::any_of(services.items.begin(), services.items.end(),
                     [&](const json& each) { return NameOf(each) == name; });
}

}  // namespace

Findings LookAtPods(const Installation& installation) {
  Findings out;
  AddUnseen(installation.pods, "pods", out);
  if (!out.empty()) return out;
  for (const auto role : kRoles) {
    std::size_t ready = 0;
    Findings reasons;
    for (const json& pod : installation.pods.items) {
      if (LabelOf(pod, kComponent) != role || IsGoing(pod)) continue;
      if (IsReady(pod)) {
        ++ready;
      } else {
        reasons.push_back(WhyNotReady(pod, installation.ns));
      }
    }
    if (ready == 0) {
      const std::string none = "no pod of the " + std::string(role) + " is ready";
      if (reasons.empty()) {
        out.push_back({Grade::kFault, none + ": there is none in namespace " + installation.ns,
                       "see the events of its Deployment or StatefulSet: kubectl -n " +
                           installation.ns + " get events"});
      }
      for (auto& reason : reasons) reason.grade = Grade::kFault;
    }
    out.insert(out.end(), reasons.begin(), reasons.end());
  }
  return out;
}

Findings LookAtEndpoints(const Installation& installation) {
  Findings out;
  AddUnseen(installation.services, "services", out);
  AddUnseen(installation.slices, "endpointslices", out);
  if (!out.empty()) return out;
  for (const auto role : kRoles) {
    const std::string name = installation.name + "-" + std::string(role);
    const std::string object = "Service " + installation.ns + "/" + name;
    if (!HasService(installation.services, name)) {
      out.push_back({Grade::kFault, object + " is not there", "install it again (helm upgrade)"});
    } else if (ReadyAddresses(installation.slices, name) == 0) {
      out.push_back({Grade::kFault, object + " leads to no ready pod",
                     "see the check \"pods\"; where they are ready, compare the Service's selector "
                     "with their labels"});
    }
  }
  return out;
}

Findings LookAtLeader(const Installation& installation) {
  Findings out;
  AddUnseen(installation.leases, "leases", out);
  if (!out.empty()) return out;
  const std::string object = "Lease " + installation.ns + "/landwaiter-controller";
  const std::string effect = ": no scan is made and no verdict changes";
  const std::string todo =
      "kubectl -n " + installation.ns + " logs -l app.kubernetes.io/component=controller";
  const auto& items = installation.leases.items;
  const std::string holder = items.empty() ? "" : TextAt(items[0], {"spec", "holderIdentity"});
  if (holder.empty()) {
    out.push_back({Grade::kFault, object + " has no holder" + effect, todo});
    return out;
  }
  const auto renewed = ParseTime(TextAt(items[0], {"spec", "renewTime"}));
  const json& seconds = At(items[0], {"spec", "leaseDurationSeconds"});
  const std::chrono::seconds life{seconds.is_number_integer() ? seconds.get<int>() : 15};
  if (!renewed || *renewed + life < installation.now) {
    out.push_back({Grade::kFault,
                   object + " was last renewed at " + TextAt(items[0], {"spec", "renewTime"}) +
                       " by " + holder + effect,
                   todo});
  }
  return out;
}

Findings LookAtVersions(const Installation& installation) {
  Findings out;
  std::set<std::string> images;
  for (const json& pod : installation.pods.items) {
    if (IsGoing(pod) || LabelOf(pod, kComponent).empty()) continue;
    for (const json& container : At(pod, {"spec", "containers"})) {
      // Others are a mesh's.
      if (TextAt(container, {"name"}) != LabelOf(pod, kComponent)) continue;
      images.insert(TextAt(container, {"image"}));
    }
  }
  const auto listed = [](const std::set<std::string>& each) {
    return text::Join({each.begin(), each.end()}, ", ");
  };
  const std::string wait =
      "during an upgrade wait for kubectl rollout status; else set one image for all roles";
  if (images.size() > 1) {
    out.push_back({Grade::kWarning, "the roles run different images: " + listed(images), wait});
  }
  std::set<std::string> versions;
  for (const json& service : installation.services.items) {
    if (auto version = LabelOf(service, kVersionLabel); !version.empty()) versions.insert(version);
  }
  if (!versions.empty() && !versions.contains(installation.version)) {
    out.push_back({Grade::kWarning,
                   "the installation is " + listed(versions) + ", this program is " +
                       installation.version + ": what it looks for may differ",
                   "run the installation's own: kubectl -n " + installation.ns + " exec deploy/" +
                       installation.name + "-webhook -- landwaiter doctor"});
  }
  return out;
}

}  // namespace landwaiter::doctor
