// Which images a Kubernetes object would run: Pods and the workload kinds that carry a pod
// template.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::resources {

enum class ContainerKind { kContainer, kInitContainer, kEphemeralContainer, kImageVolume };
std::string_view ContainerKindName(ContainerKind kind);  // "container", "init container", …

/// The scheduling gate (pod.spec.schedulingGates) behind which a pod waits for its verdict.
inline constexpr std::string_view kScanGate = "landwaiter.io/scan";

struct PodImage {
  std::string reference;  // as written
  std::string container;  // name of the container or volume
  ContainerKind kind = ContainerKind::kContainer;
  std::size_t index = 0;  // in its list
  friend bool operator==(const PodImage&, const PodImage&) = default;
};

/// Where the reference stands in the pod, as a JSON pointer: "/spec/containers/0/image".
std::string PointerTo(const PodImage& image);

struct OwnerRef {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  friend bool operator==(const OwnerRef&, const OwnerRef&) = default;
};

/// What of a pod matters to us; small, because an informer keeps one for each pod.
struct PodImages {
  std::string ns;
  std::string name;
  std::string uid;
  std::string service_account;  // "default" where not written
  std::string node_name;
  std::vector<std::string> pull_secrets;
  std::vector<PodImage> images;
  /// Container name → status.containerStatuses[].imageID (all three lists), where it holds a
  /// digest.
  std::map<std::string, std::string> image_ids;
  std::vector<OwnerRef> owners;
  std::optional<std::size_t> controller;  // which of them says controller: true
  bool deleting = false;
  bool finished = false;                 // phase Succeeded or Failed
  bool mirror = false;                   // carries kubernetes.io/config.mirror
  bool has_gates = false;                // there is a list of scheduling gates
  std::optional<std::size_t> scan_gate;  // where kScanGate stands in it
};

/// Errors: InvalidArgument naming the field of another type than Kubernetes'.
Result<PodImages> PodImagesFromPod(const nlohmann::json& pod);
/// Of the pod template of Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob,
/// ReplicationController, PodTemplate. Errors: Unsupported for other kinds, InvalidArgument.
Result<PodImages> PodImagesFromWorkload(std::string_view kind, const nlohmann::json& object);

}  // namespace landwaiter::resources
