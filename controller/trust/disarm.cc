#include "controller/trust/disarm.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>

#include "controller/trust/configuration.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kPause{500};

void Pause(const Cancellation& cancel) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, cancel.stop, std::min(kPause, cancel.Left()), [] { return false; });
}

/// Reads, and writes the patch that `change` makes of what was read (null: nothing to do).
Status Change(kube::Api& api, const ConfigurationRef& configuration,
              const std::function<json(const json&)>& change, const Cancellation& cancel) {
  const kube::ObjectKey key{"", configuration.name};
  while (true) {
    auto object = api.Get(configuration.resource, key, cancel);
    if (!object && object.error().code == Code::kNotFound) return Ok();
    Error failed;
    if (object) {
      const json patch = change(*object);
      if (patch.is_null()) return Ok();
      const kube::PatchOptions options{.field_manager = "landwaiter-disarm"};
      auto patched = api.Patch(configuration.resource, key, options, patch, cancel);
      if (patched) return Ok();
      failed = std::move(patched).error();
    } else {
      failed = std::move(object).error();
    }
    if (!IsRetryable(failed.code) || cancel.Stopped() || cancel.Expired()) return failed;
    Pause(cancel);
  }
}

}  // namespace

Status Disarm(kube::Api& api, const ConfigurationRef& configuration, const std::string& time,
              const Cancellation& cancel) {
  return Change(
      api, configuration,
      [&](const json& object) {
        const bool done = IsMarkedDisarmed(object) && !HasWebhooks(object);
        return done ? json() : MarkingPatch(object, time);
      },
      cancel);
}

Status AllowArming(kube::Api& api, const ConfigurationRef& configuration,
                   const Cancellation& cancel) {
  return Change(
      api, configuration,
      [](const json& object) { return IsMarkedDisarmed(object) ? UnmarkingPatch(object) : json(); },
      cancel);
}

}  // namespace landwaiter::controller
