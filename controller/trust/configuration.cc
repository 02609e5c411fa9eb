#include "controller/trust/configuration.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/trust/webhook_file.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

const json* Find(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

/// Recursion as deep as `wanted`, which is the installer's own file.
bool Covers(const json& live, const json& wanted) {
  if (wanted.is_object()) {
    for (auto field = wanted.begin(); field != wanted.end(); ++field) {
      const json* found = Find(live, field.key().c_str());
      if (found == nullptr ? !field->is_null() : !Covers(*found, *field)) return false;
    }
    return live.is_object();
  }
  if (wanted.is_array()) {
    return live.is_array() && live.size() == wanted.size() &&
           std::equal(live.begin(), live.end(), wanted.begin(), Covers);
  }
  return live == wanted;
}

json Conditional(const json& object) {
  return {{"metadata", {{"resourceVersion", kube::ResourceVersionOf(object)}}}};
}

}  // namespace

bool HasWebhooks(const json& object) {
  const json* webhooks = Find(object, "webhooks");
  return webhooks != nullptr && webhooks->is_array() && !webhooks->empty();
}

bool IsMarkedDisarmed(const json& object) {
  const json* metadata = Find(object, "metadata");
  const json* annotations = metadata == nullptr ? nullptr : Find(*metadata, "annotations");
  return annotations != nullptr && Find(*annotations, kDisarmedAnnotation) != nullptr;
}

bool IsArmedWith(const json& object, const json& wanted) {
  if (!HasWebhooks(object)) return false;
  const json& live = object["webhooks"];
  return std::all_of(wanted.begin(), wanted.end(), [&](const json& webhook) {
    return std::any_of(live.begin(), live.end(),
                       [&](const json& candidate) { return Covers(candidate, webhook); });
  });
}

json ArmingBody(const WebhookTemplate& configuration, const json& object, const json& webhooks,
                const NamespaceOwner& owner) {
  json body = Conditional(object);
  body["apiVersion"] = configuration.resource.ApiVersion();
  body["kind"] = configuration.resource.kind;
  body["metadata"]["name"] = configuration.name;
  body["webhooks"] = webhooks;
  const json reference{
      {"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", owner.name}, {"uid", owner.uid}};
  body["metadata"]["ownerReferences"] = json::array({reference});
  return body;
}

json EmptyingPatch(const json& object) {
  json patch = Conditional(object);
  patch["webhooks"] = nullptr;
  return patch;
}

json MarkingPatch(const json& object, const std::string& time) {
  json patch = EmptyingPatch(object);
  patch["metadata"]["annotations"] = {{kDisarmedAnnotation, time}};
  return patch;
}

json UnmarkingPatch(const json& object) {
  json patch = Conditional(object);
  patch["metadata"]["annotations"] = {{kDisarmedAnnotation, nullptr}};
  return patch;
}

ArmingAction DecideArming(const ArmingFacts& facts,
                          std::optional<std::chrono::milliseconds> when_down) {
  if (facts.marked_disarmed) return facts.armed ? ArmingAction::kEmpty : ArmingAction::kNone;
  if (facts.answers) return facts.as_wanted ? ArmingAction::kNone : ArmingAction::kApply;
  const bool gone = when_down && facts.silent_for >= *when_down;
  return facts.armed && gone ? ArmingAction::kEmpty : ArmingAction::kNone;
}

}  // namespace landwaiter::controller
