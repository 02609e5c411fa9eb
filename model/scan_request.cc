#include "model/scan_request.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"

namespace landwaiter {
namespace {

constexpr std::size_t kMaxCredentials = 64;      // pull secrets of a pod and its account, flattened
constexpr std::size_t kMaxCredential = 1 << 16;  // cloud tokens reach some kilobytes
constexpr std::size_t kMaxHost = 512;            // as a reference is bounded
constexpr std::size_t kMaxPlatforms = 64;

}  // namespace

std::string ToJson(const ScanRequest& request) {
  nlohmann::json json{{"image", request.image.ToString()},
                      {"platforms", nlohmann::json::array()},
                      {"credentials", nlohmann::json::array()}};
  for (const Platform& platform : request.platforms) {
    json["platforms"].push_back(platform.ToString());
  }
  for (const RegistryCredential& credential : request.credentials) {
    json["credentials"].push_back({{"username", credential.username},
                                   {"password", credential.password.Reveal()},
                                   {"identityToken", credential.identity_token.Reveal()}});
    if (!credential.host.empty()) json["credentials"].back()["host"] = credential.host;
  }
  if (!request.collection.empty()) json["collection"] = ToJson(request.collection);
  return DumpJson(json);
}

Result<ScanRequest> ScanRequestFromJson(std::string_view text) {
  auto json = ParseJson(text, {8u << 20, 8});
  if (!json) return std::move(json).error().Context("scan request");
  ScanRequest request;
  std::string image;
  std::vector<std::string> platforms;
  std::string collection;
  JsonFields fields(*json, "");
  fields.String("image", image, 1024);
  fields.Strings("platforms", platforms, kMaxPlatforms, 128);
  fields.String("collection", collection, kMaxCollectionBytes);
  fields.Objects("credentials", kMaxCredentials, [&](JsonFields& item) {
    RegistryCredential& credential = request.credentials.emplace_back();
    std::string password, token;
    item.String("username", credential.username, kMaxCredential);
    item.String("password", password, kMaxCredential);
    item.String("identityToken", token, kMaxCredential);
    item.String("host", credential.host, kMaxHost);
    credential.password = Secret(std::move(password));
    credential.identity_token = Secret(std::move(token));
    return item.Done();
  });
  if (Status done = fields.Done(); !done) return std::move(done).error().Context("scan request");
  auto reference = ImageReference::Parse(image);
  if (!reference) return std::move(reference).error().Context("scan request: image");
  if (!reference->digest) {
    return InvalidArgument("scan request: image '" + image + "' must be given by digest");
  }
  request.image = std::move(*reference);
  auto collected = CollectionFromJson(collection);
  if (!collected) return std::move(collected).error().Context("scan request");
  request.collection = *std::move(collected);
  for (const std::string& name : platforms) {
    auto platform = Platform::Parse(name);
    if (!platform) return std::move(platform).error().Context("scan request: platforms");
    request.platforms.push_back(std::move(*platform));
  }
  return request;
}

}  // namespace landwaiter
