#include "controller/held_release.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "controller/names.h"
#include "resources/pod_images.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

// A pod whose gates others change all the time is told as an error after so many looks.
constexpr int kMostLooks = 5;

struct HeldPod {
  kube::ObjectKey key;
  std::size_t gate = 0;
};

Result<std::vector<HeldPod>> FindHeldPods(kube::Api& api, const Cancellation& cancel) {
  std::vector<HeldPod> out;
  auto listed = api.List(
      kube::kPods, {},
      [&](json&& pod) {
        const auto images = resources::PodImagesFromPod(pod);
        if (images && images->scan_gate) out.push_back({kube::KeyOf(pod), *images->scan_gate});
        return Ok();
      },
      cancel);
  if (!listed) return std::move(listed).error();
  return out;
}

Status ReleaseOne(kube::Api& api, const HeldPod& pod, const Cancellation& cancel) {
  const std::string path = "/spec/schedulingGates/" + std::to_string(pod.gate);
  const json patch =
      json::array({{{"op", "test"}, {"path", path + "/name"}, {"value", resources::kScanGate}},
                   {{"op", "remove"}, {"path", path}}});
  auto released = api.Patch(
      kube::kPods, pod.key,
      {.type = kube::PatchType::kJson, .field_manager = std::string(kFieldManager)}, patch, cancel);
  if (released || released.error().code == Code::kNotFound) return Ok();
  return std::move(released).error().Context("pod " + pod.key.ToString());
}

}  // namespace

Result<std::size_t> ReleaseAllHeldPods(kube::Api& api, const Cancellation& cancel) {
  std::size_t released = 0;
  Status failed;
  for (int look = 0; look < kMostLooks; ++look) {
    auto held = FindHeldPods(api, cancel);
    if (!held) return std::move(held).error();
    if (held->empty()) return released;
    failed = Ok();
    for (const HeldPod& pod : *held) {
      Status one = ReleaseOne(api, pod, cancel);
      if (one) ++released;
      if (!one && failed) failed = std::move(one);
    }
  }
  if (!failed) return std::move(failed).error();
  return released;
}

}  // namespace landwaiter::controller
