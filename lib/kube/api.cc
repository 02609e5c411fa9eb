#include "lib/kube/api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace landwaiter::kube {
namespace {

std::string MetadataText(const nlohmann::json& object, const char* key) {
  const auto metadata = object.is_object() ? object.find("metadata") : object.end();
  if (!object.is_object() || metadata == object.end() || !metadata->is_object()) return {};
  const auto value = metadata->find(key);
  return value != metadata->end() && value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace

std::string Resource::ApiVersion() const {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

ObjectKey ObjectKey::Parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {"", std::string(text)};
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

ObjectKey KeyOf(const nlohmann::json& object) {
  return {MetadataText(object, "namespace"), MetadataText(object, "name")};
}

std::string ResourceVersionOf(const nlohmann::json& object) {
  return MetadataText(object, "resourceVersion");
}

FencedApi::FencedApi(Api& api, std::function<bool()> may_write,
                     std::function<Cancellation::SteadyTime()> until)
    : api_(api), may_write_(std::move(may_write)), until_(std::move(until)) {}

Result<Cancellation> FencedApi::MayWrite(const Resource& resource,
                                         const Cancellation& cancel) const {
  if (!may_write_()) {
    return Error{Code::kConflict,
                 std::string(resource.plural) + " not written: this replica is not the leader",
                 std::string(kReasonNotLeader)};
  }
  if (!until_) return cancel;
  return Cancellation{cancel.stop, std::min(cancel.deadline, until_())};
}

Result<nlohmann::json> FencedApi::Get(const Resource& resource, const ObjectKey& key,
                                      const Cancellation& cancel) {
  return api_.Get(resource, key, cancel);
}

Result<std::string> FencedApi::List(const Resource& resource, const ListOptions& options,
                                    const ItemHandler& on_item, const Cancellation& cancel) {
  return api_.List(resource, options, on_item, cancel);
}

Result<nlohmann::json> FencedApi::Create(const Resource& resource, const nlohmann::json& object,
                                         const Cancellation& cancel) {
  auto may = MayWrite(resource, cancel);
  if (!may) return std::move(may).error();
  return api_.Create(resource, object, *may);
}

Result<nlohmann::json> FencedApi::Update(const Resource& resource, const nlohmann::json& object,
                                         const Cancellation& cancel) {
  auto may = MayWrite(resource, cancel);
  if (!may) return std::move(may).error();
  return api_.Update(resource, object, *may);
}

Result<nlohmann::json> FencedApi::UpdateStatus(const Resource& resource,
                                               const nlohmann::json& object,
                                               const Cancellation& cancel) {
  auto may = MayWrite(resource, cancel);
  if (!may) return std::move(may).error();
  return api_.UpdateStatus(resource, object, *may);
}

Result<nlohmann::json> FencedApi::Patch(const Resource& resource, const ObjectKey& key,
                                        const PatchOptions& options, const nlohmann::json& patch,
                                        const Cancellation& cancel) {
  auto may = MayWrite(resource, cancel);
  if (!may) return std::move(may).error();
  return api_.Patch(resource, key, options, patch, *may);
}

Status FencedApi::Delete(const Resource& resource, const ObjectKey& key,
                         const DeleteOptions& options, const Cancellation& cancel) {
  auto may = MayWrite(resource, cancel);
  if (!may) return std::move(may).error();
  return api_.Delete(resource, key, options, *may);
}

Status FencedApi::Watch(const Resource& resource, const WatchOptions& options,
                        const EventHandler& on_event, const Cancellation& cancel) {
  return api_.Watch(resource, options, on_event, cancel);
}

}  // namespace landwaiter::kube
