// Arms the webhook once it answers and disarms it when it is told to (configuration.h says when):
// one look at a time, by the leader.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/trust/configuration.h"
#include "controller/trust/webhook_file.h"
#include "lib/base/metrics.h"
#include "lib/kube/event_recorder.h"

namespace landwaiter::controller {

using ProbeFunction = std::function<Status(const std::string& url, const std::string& ca_pem,
                                           const Cancellation& cancel)>;

struct ArmerOptions {
  std::string ns;
  std::string ca_file;  // what becomes caBundle
  std::vector<WebhookTemplate> configurations;
  std::string webhook_url;
  std::optional<std::chrono::milliseconds> when_down;  // nullopt: Keep
};

class Armer {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  /// `events` and `metrics` outlive the armer.
  Armer(ArmerOptions options, ProbeFunction probe, kube::EventRecorder& events,
        metrics::Registry& metrics);

  /// True where every configuration is as it should be for good; false where it is worth looking
  /// again soon. Errors: those of the API and of the file.
  Result<bool> Step(kube::Api& api, SteadyTime now, const Cancellation& cancel);
  /// This replica leads no more: the silence that it has counted is old.
  void Forget();

 private:
  struct Look {
    kube::Api& api;
    const Cancellation& cancel;
    std::string bundle;
    Status answer;  // of the webhook
    std::chrono::milliseconds silent_for{0};
  };

  struct State {
    bool settled = false;
    bool armed = false;
  };

  Status Ask(const std::string& bundle, const Cancellation& cancel) const;
  Result<State> StepOne(const Look& look, const WebhookTemplate& configuration);
  Status Apply(const Look& look, const WebhookTemplate& configuration, const nlohmann::json& object,
               const nlohmann::json& webhooks);
  Status Empty(const Look& look, const WebhookTemplate& configuration,
               const nlohmann::json& object);
  Result<std::string> NamespaceUid(const Look& look);
  void Say(const std::string& name, const std::string& state, const Status& answer);

  const ArmerOptions options_;
  const ProbeFunction probe_;
  kube::EventRecorder& events_;
  metrics::Gauge& armed_;
  std::optional<SteadyTime> answered_;  // or began to look
  std::string namespace_uid_;
  std::map<std::string, std::string> applied_;  // by name: what this process applied last
  std::map<std::string, std::string> said_;
};

}  // namespace landwaiter::controller
