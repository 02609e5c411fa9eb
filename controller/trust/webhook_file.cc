#include "controller/trust/webhook_file.h"

#include <algorithm>

#include "lib/base/text.h"
#include "policy/text_input.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

constexpr const kube::Resource* kKinds[] = {&kValidatingWebhooks, &kMutatingWebhooks};

/// The text of a field, "" where there is none.
std::string TextOf(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json& Member(const json& object, const char* key) {
  static const json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

Status CheckClientConfig(const json& config, const std::string& where) {
  if (!config.is_object()) return InvalidArgument(where + ": is missing");
  if (config.contains("caBundle")) {
    return InvalidArgument(where + ".caBundle: is filled in by the controller, leave it out");
  }
  if (config.contains("service") == config.contains("url")) {
    return InvalidArgument(where + ": needs a service or a url, and not both");
  }
  if (config.contains("url")) {
    const bool https = TextOf(config, "url").starts_with("https://");
    return https ? Ok() : InvalidArgument(where + ".url: must begin with https://");
  }
  const json& service = config["service"];
  for (const char* key : {"name", "namespace"}) {
    if (TextOf(service, key).empty()) {
      return InvalidArgument(where + ".service." + key + ": is missing");
    }
  }
  const json& port = Member(service, "port");
  if (!port.is_null() && !port.is_number_integer()) {
    return InvalidArgument(where + ".service.port: must be a number");
  }
  return Ok();
}

Result<WebhookTemplate> ReadOne(json document) {
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto* k) {
    return TextOf(document, "kind") == k->kind && TextOf(document, "apiVersion") == k->ApiVersion();
  });
  if (kind == std::end(kKinds)) {
    return InvalidArgument(
        "kind: must be ValidatingWebhookConfiguration or MutatingWebhookConfiguration of "
        "admissionregistration.k8s.io/v1");
  }
  WebhookTemplate read{**kind, kube::KeyOf(document).name, {}};
  if (read.name.empty()) return InvalidArgument("metadata.name: is missing");
  const auto webhooks = document.find("webhooks");
  if (webhooks == document.end() || !webhooks->is_array() || webhooks->empty()) {
    return InvalidArgument(read.name + ": webhooks: at least one is needed");
  }
  for (std::size_t i = 0; i < webhooks->size(); ++i) {
    const json& webhook = (*webhooks)[i];
    const std::string where = read.name + ": webhooks[" + std::to_string(i) + "]";
    if (TextOf(webhook, "name").empty()) return InvalidArgument(where + ".name: is missing");
    Status checked = CheckClientConfig(Member(webhook, "clientConfig"), where + ".clientConfig");
    if (!checked) return std::move(checked).error();
  }
  read.webhooks = std::move(*webhooks);
  return read;
}

std::string AddressOf(const json& config) {
  if (config.contains("url")) return TextOf(config, "url");
  const json& service = config["service"];
  // The API server's own default.
  const auto port = Member(service, "port").is_number() ? service["port"].get<int>() : 443;
  return "https://" + TextOf(service, "name") + "." + TextOf(service, "namespace") +
         ".svc:" + std::to_string(port) + TextOf(service, "path");
}

}  // namespace

Result<std::vector<WebhookTemplate>> ReadWebhookFile(std::string_view yaml) {
  auto documents = policy::ReadYaml(yaml);
  if (!documents) return std::move(documents).error();
  std::vector<WebhookTemplate> out;
  for (auto& document : *documents) {
    auto read = ReadOne(std::move(document));
    if (!read) return std::move(read).error();
    out.push_back(*std::move(read));
  }
  if (out.empty()) return InvalidArgument("holds no webhook configuration");
  return out;
}

json WebhooksToArm(const WebhookTemplate& wanted, const std::string& bundle_pem,
                   const std::string& url) {
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  json webhooks = wanted.webhooks;
  for (auto& webhook : webhooks) {
    json& config = webhook["clientConfig"];
    if (!base.empty() && config.contains("service")) {
      config = {{"url", base + TextOf(config["service"], "path")}};
    }
    config["caBundle"] = text::Base64Encode(bundle_pem);
  }
  return webhooks;
}

std::vector<std::string> AddressesOf(const json& webhooks) {
  std::vector<std::string> out;
  for (const auto& webhook : webhooks) {
    std::string address = AddressOf(webhook["clientConfig"]);
    if (std::find(out.begin(), out.end(), address) == out.end()) out.push_back(std::move(address));
  }
  return out;
}

}  // namespace landwaiter::controller
