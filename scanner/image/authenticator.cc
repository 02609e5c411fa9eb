#include "scanner/image/authenticator.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/digest.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "scanner/image/failure.h"
#include "scanner/image/registry_errors.h"

namespace landwaiter::image {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxTokenResponse = 256u << 10;  // tokens are 1–8 KiB
constexpr std::size_t kMaxKept = 4096;                 // repositories × credentials
constexpr std::int64_t kDefaultLifeSeconds = 60;       // token.md, where expires_in is absent
constexpr std::int64_t kLongestLifeSeconds = 3600;
constexpr std::int64_t kMarginSeconds = 5;  // on the way and on two clocks
constexpr std::size_t kMaxScope = 1024;
constexpr std::string_view kClientId = "landwaiter";

std::string KeyOf(const AuthScope& scope, const RegistryCredential& credential) {
  return scope.registry.scheme + "://" + scope.registry.HostPort() + "/" + scope.repository +
         (scope.push ? "#push#" : "#") + LoginKey(credential);
}

Error Unauthorized(const AuthScope& scope, std::string_view why) {
  return Failure(Code::kUnauthenticated, scan_reason::kPullUnauthorized,
                 "registry " + scope.registry.host + ": " + std::string(why));
}

std::string BasicValue(const RegistryCredential& credential) {
  return "Basic " + text::Base64Encode(credential.username + ":" + credential.password.Reveal());
}

http::Request TokenRequest(const http::Url& realm, const Challenge& challenge,
                           const AuthScope& scope, const RegistryCredential& credential) {
  const auto parameter = [&](const char* name) {
    const auto found = challenge.parameters.find(name);
    return found == challenge.parameters.end() ? std::string() : found->second;
  };
  const std::string service = parameter("service");
  std::string asked = parameter("scope");
  // Some registries leave the scope out of their challenge (Quay, GCR on /v2/). Whoever is going to
  // write asks for that at once, whatever the first request, which only reads, is challenged for.
  if (scope.repository.empty()) {
    asked = "registry:catalog:*";
  } else if (scope.push || asked.empty() || asked.size() > kMaxScope ||
             asked.find("repository") != 0) {
    asked = "repository:" + scope.repository + (scope.push ? ":pull,push" : ":pull");
  }
  std::string query = "service=" + http::PercentEncode(service) +
                      "&scope=" + http::PercentEncode(asked) +
                      "&client_id=" + std::string(kClientId);
  if (service.empty()) query.erase(0, query.find('&') + 1);
  http::Request request;
  request.max_body_bytes = kMaxTokenResponse;
  if (!credential.identity_token.empty()) {
    request.method = "POST";
    request.url = realm.ToString();
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = "grant_type=refresh_token&refresh_token=" +
                   http::PercentEncode(credential.identity_token.Reveal()) + "&" + query;
    return request;
  }
  const bool has_query = realm.target.find('?') != std::string::npos;
  request.url = realm.ToString() + (has_query ? "&" : "?") + query;
  if (!credential.empty()) request.headers.push_back({"Authorization", BasicValue(credential)});
  return request;
}

}  // namespace

std::string LoginKey(const RegistryCredential& credential) {
  // Hashed, so that no credential lies in a map's keys; lengths, so that no two run together.
  std::string text;
  for (const std::string* part :
       {&credential.username, &credential.password.Reveal(), &credential.identity_token.Reveal()}) {
    text += std::to_string(part->size()) + ":" + *part;
  }
  return Sha256::Of(text).ToString();
}

std::optional<Secret> Authenticator::Kept(const AuthScope& scope,
                                          const RegistryCredential& credential) {
  const std::string key = KeyOf(scope, credential);
  return kept_.With([&](auto& kept) -> std::optional<Secret> {
    const auto found = kept.find(key);
    if (found == kept.end()) return std::nullopt;
    if (found->second.ends <= steady_clock::now()) {
      kept.erase(found);
      return std::nullopt;
    }
    return found->second.authorization;
  });
}

void Authenticator::Forget(const AuthScope& scope, const RegistryCredential& credential) {
  const std::string key = KeyOf(scope, credential);
  kept_.With([&](auto& kept) { kept.erase(key); });
}

void Authenticator::Keep(const std::string& key, const Entry& entry) {
  kept_.With([&](auto& kept) {
    if (kept.size() >= kMaxKept) {
      const auto now = steady_clock::now();
      std::erase_if(kept, [&](const auto& item) { return item.second.ends <= now; });
      if (kept.size() >= kMaxKept) kept.clear();  // tokens can be had again
    }
    kept[key] = entry;
  });
}

Result<http::Url> Authenticator::CheckRealm(const std::string& realm,
                                            const AuthScope& scope) const {
  auto url = http::Url::Parse(realm);
  if (!url) {
    return Failure(
        Code::kUnavailable, scan_reason::kRegistryUnavailable,
        "registry " + scope.registry.host + ": its token realm is no URL: " + url.error().message);
  }
  // Credentials go there: in clear only to the host that was listed as plain HTTP itself.
  if (url->scheme != "https" && !url->SameOrigin(scope.registry)) {
    return Failure(Code::kPermissionDenied, scan_reason::kAddressRefused,
                   "registry " + scope.registry.host + ": its token realm " + url->ForMessages() +
                       " is plain HTTP");
  }
  return url;
}

Result<Authenticator::Entry> Authenticator::FetchToken(const Challenge& challenge,
                                                       const AuthScope& scope,
                                                       const RegistryCredential& credential,
                                                       const Cancellation& cancel) {
  const auto realm_text = challenge.parameters.find("realm");
  if (realm_text == challenge.parameters.end()) {
    return Failure(Code::kUnavailable, scan_reason::kRegistryUnavailable,
                   "registry " + scope.registry.host + ": its challenge names no token realm");
  }
  auto realm = CheckRealm(realm_text->second, scope);
  if (!realm) return std::move(realm).error();
  http::Request request = TokenRequest(*realm, challenge, scope, credential);
  request.stall_timeout = options_.stall_timeout;
  request.trusted_address =
      options_.trust_reference_host && realm->HostPort() == scope.registry.HostPort();
  http::Client& client = scope.client != nullptr ? *scope.client : client_;
  const std::string login = LoginKey(credential);
  auto turn = pace_.Enter(realm->HostPort(), login, scope.patience, cancel);
  if (!turn) return std::move(turn).error();
  const auto response = client.Send(request, cancel);
  if (!response) return FromTransport(response.error(), cancel);
  pace_.Heard(realm->HostPort(), login, *response, options_.first_backoff);
  if (response->status != 200) {
    Error error = FromStatus("token realm " + realm->ForMessages(), *response);
    // OAuth2 (RFC 6749, 5.2) says 400 where a refresh token no longer holds.
    if (response->status == 400 && !credential.identity_token.empty()) {
      return Unauthorized(scope, "the token realm refused the identity token");
    }
    // The realm is missing, not the image.
    if (error.reason == scan_reason::kNotFound) {
      return Failure(Code::kUnsupported, scan_reason::kRegistryUnavailable, error.message);
    }
    return error;
  }
  auto json = ParseJson(response->body, {kMaxTokenResponse, 16});
  std::string token;
  std::string access_token;
  std::int64_t life = kDefaultLifeSeconds;
  if (json) {
    JsonFields fields(*json, "");
    fields.String("token", token, kMaxTokenResponse);
    fields.String("access_token", access_token, kMaxTokenResponse);
    fields.Int("expires_in", life);
    if (token.empty()) token = access_token;
  }
  if (token.empty()) {
    return Failure(Code::kUnavailable, scan_reason::kRegistryUnavailable,
                   "token realm " + realm->ForMessages() + ": its answer holds no token");
  }
  life = std::clamp<std::int64_t>(life, 0, kLongestLifeSeconds) - kMarginSeconds;
  return Entry{Secret("Bearer " + token),
               steady_clock::now() + seconds(std::max<std::int64_t>(life, 1))};
}

Result<Secret> Authenticator::Answer(const std::vector<Challenge>& challenges,
                                     const AuthScope& scope, const RegistryCredential& credential,
                                     const Cancellation& cancel) {
  const auto find = [&](std::string_view scheme) -> const Challenge* {
    const auto found =
        std::find_if(challenges.begin(), challenges.end(),
                     [&](const Challenge& challenge) { return challenge.scheme == scheme; });
    return found == challenges.end() ? nullptr : &*found;
  };
  if (const Challenge* bearer = find("bearer")) {
    auto entry = FetchToken(*bearer, scope, credential, cancel);
    if (!entry) return std::move(entry).error();
    Keep(KeyOf(scope, credential), *entry);
    return entry->authorization;
  }
  if (find("basic") != nullptr) {
    if (credential.username.empty() && credential.password.empty()) {
      return Unauthorized(scope, "needs a user name and a password, and there are none for it");
    }
    const Entry entry{Secret(BasicValue(credential)),
                      steady_clock::now() + seconds(kLongestLifeSeconds)};
    Keep(KeyOf(scope, credential), entry);
    return entry.authorization;
  }
  return Unauthorized(scope, challenges.empty()
                                 ? "answered 401 without a challenge"
                                 : "asks for '" + text::Printable(challenges.front().scheme) +
                                       "', only Bearer and Basic are known");
}

}  // namespace landwaiter::image
