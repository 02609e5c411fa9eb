#include "controller/held_release.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "controller/names.h"
#include "resources/pod_images.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

// In a row, each with a pod that could not be released: then the reason is told.
constexpr int kMostLooks = 8;

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

/// False where the cancellation came first.
bool Pause(std::chrono::milliseconds time, const Cancellation& cancel) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, cancel.stop, std::min(time, cancel.Left()), [] { return false; });
  return !cancel.Stopped() && !cancel.Expired();
}

}  // namespace

Result<std::size_t> ReleaseAllHeldPods(kube::Api& api, const Cancellation& cancel,
                                       const ReleasePauses& pauses) {
  const auto late = std::chrono::steady_clock::now() + pauses.late;
  std::size_t released = 0;
  int empty = 0;
  int failing = 0;
  while (true) {
    auto held = FindHeldPods(api, cancel);
    if (!held) return std::move(held).error();
    Status failed;
    for (const HeldPod& pod : *held) {
      Status one = ReleaseOne(api, pod, cancel);
      if (one) ++released;
      if (!one && failed) failed = std::move(one);
    }
    failing = failed ? 0 : failing + 1;
    if (failing == kMostLooks) return std::move(failed).error();
    empty = held->empty() ? empty + 1 : 0;
    if (empty >= 2 && std::chrono::steady_clock::now() >= late) return released;
    if (!Pause(pauses.between, cancel)) {
      return Error{Code::kDeadlineExceeded, "pods were still held when the time was over"};
    }
  }
}

}  // namespace landwaiter::controller
