// Google Artifact Registry and Container Registry (Artifact Registry documentation, "Access token";
// Google Identity, "Using OAuth 2.0 for Server to Server Applications"): an access token, of the
// workload (metadata server) or for a service account's key, is the password of oauth2accesstoken.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/http/url.h"
#include "scanner/image/cloud/cloud.h"
#include "scanner/image/cloud/exchange.h"
#include "scanner/image/cloud/jwt.h"

namespace landwaiter::image::cloud {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 4> kContainerRegistry = {"gcr.io", "us.gcr.io", "eu.gcr.io",
                                                                "asia.gcr.io"};
constexpr std::string_view kArtifactRegistry = "-docker.pkg.dev";  // behind the location
constexpr const char* kMetadata =
    "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";
constexpr const char* kScope = "https://www.googleapis.com/auth/cloud-platform.read-only";
constexpr std::int64_t kLongestLife = 3600;  // seconds; Google's own limit

std::string Identity(const std::string& host) {
  for (const std::string_view name : kContainerRegistry) {
    if (host == name) return "token";
  }
  const bool location = host.size() > kArtifactRegistry.size() && host.ends_with(kArtifactRegistry);
  const auto first = host.substr(0, host.size() - (location ? kArtifactRegistry.size() : 0));
  return location && first.find('.') == std::string::npos ? "token" : "";
}

/// {"access_token","expires_in","token_type"} (RFC 6749, 5.1)
Result<Login> ReadToken(const std::string& body, const CloudPorts& ports, const std::string& what) {
  auto json = ParseJson(body, {kMaxAnswer, 8, 1000});
  std::string token;
  std::int64_t life = 0;
  if (json) {
    JsonFields fields(*json, "");
    fields.String("access_token", token, kMaxToken);
    fields.Int("expires_in", life);
  }
  if (token.empty() || life <= 0) return Unavailable(what + ": its answer holds no token");
  Login login;
  login.credential.username = "oauth2accesstoken";
  login.credential.password = Secret(std::move(token));
  login.ends = ports.clock->Now() + seconds(std::min(life, kLongestLife));
  return login;
}

/// RFC 7523, 2.1 with the key's own account.
Result<Login> ByKey(const std::string& file, const CloudPorts& ports, const Cancellation& cancel) {
  const std::string what = "GOOGLE_APPLICATION_CREDENTIALS";
  auto text = ReadSecretFile(file);
  if (!text) return std::move(text).error().Context(what);
  auto json = ParseJson(*text, {kMaxSecretFile, 8, 1000});
  if (!json) return InvalidArgument(what + ": is no JSON");
  std::string type, email, key, uri = "https://oauth2.googleapis.com/token";
  JsonFields fields(*json, "");
  fields.String("type", type);
  fields.String("client_email", email);
  fields.String("private_key", key, kMaxSecretFile);
  fields.String("token_uri", uri);
  if (type != "service_account" || email.empty() || key.empty()) {
    return InvalidArgument(what + ": is no key of a service account");
  }
  const auto url = http::Url::Parse(uri);
  if (!url || url->scheme != "https") return InvalidArgument(what + ": token_uri is not https");
  const auto now =
      std::chrono::duration_cast<seconds>(ports.clock->Now().time_since_epoch()).count();
  const nlohmann::json claims{
      {"iss", email}, {"scope", kScope}, {"aud", uri}, {"iat", now}, {"exp", now + kLongestLife}};
  auto assertion = SignJwt(DumpJson(claims), Secret(std::move(key)));
  if (!assertion) return std::move(assertion).error().Context(what);
  const std::string step = "token service " + url->host;
  auto body = Ask(*ports.client,
                  PostForm(uri, {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                 {"assertion", *assertion}}),
                  step, cancel);
  if (!body) return std::move(body).error();
  return ReadToken(*body, ports, step);
}

Result<Login> LogIn(const std::string& /*host*/, const CloudPorts& ports,
                    const Cancellation& cancel) {
  const std::string file = ports.environment("GOOGLE_APPLICATION_CREDENTIALS");
  if (!file.empty()) return ByKey(file, ports, cancel);
  http::Request request;
  request.url = kMetadata;
  request.headers.push_back({"Metadata-Flavor", "Google"});
  const std::string what = "metadata server";
  auto body = Ask(*ports.metadata, std::move(request), what, cancel);
  if (!body) return std::move(body).error();
  return ReadToken(*body, ports, what);
}

}  // namespace

Cloud Gar() { return {.name = "gar", .identity = Identity, .log_in = LogIn}; }

}  // namespace landwaiter::image::cloud
