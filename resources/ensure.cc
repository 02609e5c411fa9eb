#include "resources/ensure.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"

namespace landwaiter::resources {

using nlohmann::json;

std::string ToJson(const EnsureRequest& request) {
  json out{{"references", request.references},
           {"namespace", request.ns},
           {"serviceAccount", request.service_account},
           {"imagePullSecrets", request.pull_secrets}};
  const OwnerRef& owner = request.denied_owner;
  if (!owner.kind.empty()) {
    out["deniedOwner"] = {{"apiVersion", owner.api_version},
                          {"kind", owner.kind},
                          {"name", owner.name},
                          {"uid", owner.uid}};
  }
  return DumpJson(out);
}

std::string ToJson(const EnsureResponse& response) {
  json images = json::array();
  for (const EnsuredImage& image : response.images) {
    json item{{"reference", image.reference}};
    if (image.error_reason.empty()) {
      item["digest"] = image.digest;
      item["scan"] = image.scan;
    } else {
      item["error"] = {{"reason", image.error_reason}, {"message", image.error_message}};
    }
    images.push_back(std::move(item));
  }
  return DumpJson(json{{"images", std::move(images)}});
}

Result<EnsureRequest> EnsureRequestFromJson(std::string_view text) {
  auto document = ParseJson(text, {kMaxEnsureBytes, 8});
  if (!document) return std::move(document).error().Context("ensure request");
  EnsureRequest request;
  JsonFields fields(*document, "");
  fields.Strings("references", request.references, kMaxEnsureImages);
  fields.String("namespace", request.ns, 63);
  fields.String("serviceAccount", request.service_account, 253);
  fields.Strings("imagePullSecrets", request.pull_secrets, kMaxEnsureSecrets, kMaxSecretName);
  fields.Object("deniedOwner", [&](JsonFields& owner) {
    owner.String("apiVersion", request.denied_owner.api_version, 253);
    owner.String("kind", request.denied_owner.kind, 63);
    owner.String("name", request.denied_owner.name, 253);
    owner.String("uid", request.denied_owner.uid, 128);
    return owner.Done();
  });
  if (request.references.empty()) fields.Fail("references", "is missing or empty");
  if (request.ns.empty()) fields.Fail("namespace", "is missing");
  if (Status done = fields.Done(); !done) return std::move(done).error().Context("ensure request");
  return request;
}

Result<EnsureResponse> EnsureResponseFromJson(std::string_view text) {
  auto document = ParseJson(text, {4 * kMaxEnsureBytes, 8});
  if (!document) return std::move(document).error().Context("ensure response");
  EnsureResponse response;
  JsonFields fields(*document, "");
  if (!fields.Has("images")) fields.Fail("images", "is missing");
  fields.Objects("images", kMaxEnsureImages, [&](JsonFields& item) {
    EnsuredImage& image = response.images.emplace_back();
    item.String("reference", image.reference);
    item.String("digest", image.digest, 160);
    item.String("scan", image.scan, 253);
    item.Object("error", [&](JsonFields& error) {
      error.String("reason", image.error_reason);
      error.String("message", image.error_message, 1u << 16);
      if (image.error_reason.empty()) error.Fail("reason", "is missing");
      return error.Done();
    });
    if (image.error_reason.empty() && (image.digest.empty() || image.scan.empty())) {
      item.Fail("scan", "neither a scan nor an error was given");
    }
    return item.Done();
  });
  if (Status done = fields.Done(); !done) return std::move(done).error().Context("ensure response");
  return response;
}

}  // namespace landwaiter::resources
