#include "controller/trust/armer.h"

#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/http/certificates.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxPemBytes = 1 << 20;

kube::EventTarget TargetOf(const WebhookTemplate& configuration, const json& object) {
  std::string uid;
  if (const auto metadata = object.find("metadata"); metadata != object.end()) {
    uid = metadata->value("uid", "");
  }
  return {.api_version = configuration.resource.ApiVersion(),
          .kind = std::string(configuration.resource.kind),
          .ns = "",
          .name = configuration.name,
          .uid = std::move(uid)};
}

std::string Seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

Armer::Armer(ArmerOptions options, ProbeFunction probe, kube::EventRecorder& events,
             metrics::Registry& metrics)
    : options_(std::move(options)),
      probe_(std::move(probe)),
      events_(events),
      armed_(metrics.AddGauge("landwaiter_webhook_armed",
                              "1 on the leader while the API server asks the webhook.")) {}

void Armer::Forget() {
  answered_.reset();
  applied_.clear();
  said_.clear();
  armed_.Set(0);
}

void Armer::Say(const std::string& name, const std::string& state, const Status& answer) {
  if (said_[name] == state) return;
  said_[name] = state;
  log::Info("webhook configuration",
            {{"name", name}, {"state", state}, {"answer", answer ? "" : answer.error().message}});
}

Status Armer::Ask(const std::string& bundle, const Cancellation& cancel) const {
  for (const auto& configuration : options_.configurations) {
    for (const auto& url :
         AddressesOf(WebhooksToArm(configuration, bundle, options_.webhook_url))) {
      if (Status answer = probe_(url, bundle, cancel); !answer) return answer;
    }
  }
  return Ok();
}

Result<bool> Armer::Step(kube::Api& api, SteadyTime now, const Cancellation& cancel) {
  auto bundle = ReadFile(options_.ca_file, kMaxPemBytes);
  if (!bundle) return std::move(bundle).error();
  if (http::SplitBundle(*bundle).empty()) {
    return InvalidArgument(options_.ca_file + ": holds no certificate");
  }
  Look look{api, cancel, *bundle, Ask(*bundle, cancel)};
  if (look.answer || !answered_) answered_ = now;
  look.silent_for = std::chrono::floor<std::chrono::milliseconds>(now - *answered_);
  bool settled = true;
  bool armed = true;
  for (const auto& configuration : options_.configurations) {
    auto one = StepOne(look, configuration);
    if (!one) return std::move(one).error().Context(configuration.name);
    settled = settled && one->settled;
    armed = armed && one->armed;
  }
  armed_.Set(armed ? 1 : 0);
  return settled;
}

Result<Armer::State> Armer::StepOne(const Look& look, const WebhookTemplate& configuration) {
  auto object = look.api.Get(configuration.resource, {"", configuration.name}, look.cancel);
  if (!object && object.error().code == Code::kNotFound) {
    Say(configuration.name, "not there, so not armed", look.answer);
    return State{.settled = true, .armed = false};
  }
  if (!object) return std::move(object).error();
  const json webhooks = WebhooksToArm(configuration, look.bundle, options_.webhook_url);
  const bool armed = HasWebhooks(*object);
  ArmingFacts facts{.marked_disarmed = IsMarkedDisarmed(*object),
                    .armed = armed,
                    // Applied once by each leader: what an older version of the file had goes then.
                    .as_wanted = applied_[configuration.name] == DumpJson(webhooks) &&
                                 IsArmedWith(*object, webhooks),
                    .answers = look.answer.has_value(),
                    .silent_for = look.silent_for};
  const auto action = DecideArming(facts, options_.when_down);
  Status done;
  if (action == ArmingAction::kApply) done = Apply(look, configuration, *object, webhooks);
  if (action == ArmingAction::kEmpty) done = Empty(look, configuration, *object);
  if (!done) return std::move(done).error();
  const bool is_armed = action == ArmingAction::kApply || (armed && action == ArmingAction::kNone);
  std::string state = is_armed ? "armed" : "not armed";
  if (facts.marked_disarmed) {
    state = "disarmed on request";
  } else if (!look.answer) {
    state += ", the webhook does not answer";
  }
  Say(configuration.name, state, look.answer);
  return State{.settled = facts.marked_disarmed || facts.answers, .armed = is_armed};
}

Status Armer::Apply(const Look& look, const WebhookTemplate& configuration, const json& object,
                    const json& webhooks) {
  auto uid = NamespaceUid(look);
  if (!uid) return std::move(uid).error();
  const kube::PatchOptions options{
      .type = kube::PatchType::kApply, .field_manager = std::string(kArmingManager), .force = true};
  const json body = ArmingBody(configuration, object, webhooks, {options_.ns, *uid});
  auto applied =
      look.api.Patch(configuration.resource, {"", configuration.name}, options, body, look.cancel);
  if (!applied) return std::move(applied).error();
  applied_[configuration.name] = DumpJson(webhooks);
  if (HasWebhooks(object)) return Ok();
  events_.Record(TargetOf(configuration, object), kube::EventType::kNormal, "Armed",
                 "the webhook answers: pods are judged from now on");
  return Ok();
}

Status Armer::Empty(const Look& look, const WebhookTemplate& configuration, const json& object) {
  const kube::PatchOptions options{.field_manager = std::string(kArmingManager)};
  auto emptied = look.api.Patch(configuration.resource, {"", configuration.name}, options,
                                EmptyingPatch(object), look.cancel);
  if (!emptied) return std::move(emptied).error();
  const std::string why =
      IsMarkedDisarmed(object)
          ? "as was asked for: pods are not judged"
          : "the webhook has not answered for " + Seconds(look.silent_for) +
                ", pods are not judged until it does: " + look.answer.error().message;
  log::Warn("webhook disarmed", {{"name", configuration.name}, {"why", why}});
  events_.Record(TargetOf(configuration, object), kube::EventType::kWarning, "Disarmed", why);
  return Ok();
}

Result<std::string> Armer::NamespaceUid(const Look& look) {
  if (!namespace_uid_.empty()) return namespace_uid_;
  // A list of one: the role may list namespaces, and needs no right to get them besides.
  auto listed = look.api.List(
      kube::kNamespaces, {.field_selector = "metadata.name=" + options_.ns},
      [&](json&& item) {
        const auto metadata = item.find("metadata");
        if (kube::KeyOf(item).name == options_.ns && metadata != item.end()) {
          namespace_uid_ = metadata->value("uid", "");
        }
        return Ok();
      },
      look.cancel);
  if (!listed) return std::move(listed).error();
  if (namespace_uid_.empty()) return NotFound("namespace " + options_.ns + ": is not there");
  return namespace_uid_;
}

}  // namespace landwaiter::controller
