#include "scanner/image/cloud/aws_keys.h"

#include <string_view>

#include "lib/base/text.h"
#include "lib/http/url.h"
#include "scanner/image/cloud/aws_answers.h"
#include "scanner/image/cloud/exchange.h"

namespace landwaiter::image::cloud {
namespace {

constexpr const char* kInstance = "http://169.254.169.254";
constexpr const char* kInstanceRole = "/latest/meta-data/iam/security-credentials/";
constexpr const char* kSessionSeconds = "21600";
constexpr std::size_t kMaxRoleName = 256;

/// STS AssumeRoleWithWebIdentity (AWS Security Token Service API Reference): unsigned, the token is
/// the proof.
Result<AwsKeys> ByWebIdentity(const CloudPorts& ports, const std::string& sts,
                              const Cancellation& cancel) {
  auto token = ReadSecretFile(ports.environment("AWS_WEB_IDENTITY_TOKEN_FILE"));
  if (!token) return std::move(token).error().Context("AWS_WEB_IDENTITY_TOKEN_FILE");
  std::string session = ports.environment("AWS_ROLE_SESSION_NAME");
  if (session.empty()) session = "landwaiter";
  const std::string what = "STS " + sts;
  auto body = Ask(*ports.client,
                  PostForm("https://" + sts + "/", {{"Action", "AssumeRoleWithWebIdentity"},
                                                    {"Version", "2011-06-15"},
                                                    {"RoleArn", ports.environment("AWS_ROLE_ARN")},
                                                    {"RoleSessionName", session},
                                                    {"WebIdentityToken", *token}}),
                  what, cancel);
  if (!body) return std::move(body).error();
  return KeysOfSts(*body, what);
}

/// The container credentials provider: over plain HTTP only Amazon's own addresses are asked, which
/// is all that ports.metadata reaches.
Result<AwsKeys> OfContainer(const CloudPorts& ports, const std::string& uri,
                            const Cancellation& cancel) {
  auto url = http::Url::Parse(uri);
  if (!url) return InvalidArgument("AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL");
  http::Request request;
  request.url = uri;
  std::string token = ports.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string file = ports.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) {
    auto read = ReadSecretFile(file);
    if (!read) return std::move(read).error().Context("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    token = *std::move(read);
  }
  if (!token.empty()) request.headers.push_back({"Authorization", token});
  const std::string what = "container credentials of " + url->host;
  http::Client& client = url->scheme == "https" ? *ports.client : *ports.metadata;
  auto body = Ask(client, std::move(request), what, cancel);
  if (!body) return std::move(body).error();
  return KeysOfMetadata(*body, what);
}

/// Instance metadata, version 2 (Amazon EC2 User Guide): a session by PUT, then the role and its
/// keys.
Result<AwsKeys> OfInstance(const CloudPorts& ports, const Cancellation& cancel) {
  const std::string what = "instance metadata";
  http::Request session;
  session.method = "PUT";
  session.url = std::string(kInstance) + "/latest/api/token";
  session.headers.push_back({"X-aws-ec2-metadata-token-ttl-seconds", kSessionSeconds});
  auto token = Ask(*ports.metadata, std::move(session), what, cancel);
  if (!token) return std::move(token).error();
  const auto get = [&](const std::string& path) {
    http::Request request;
    request.url = kInstance + path;
    request.headers.push_back({"X-aws-ec2-metadata-token", *token});
    return Ask(*ports.metadata, std::move(request), what, cancel);
  };
  auto role = get(kInstanceRole);
  if (!role) return std::move(role).error();
  const std::string name(text::Trim(role->substr(0, role->find('\n'))));
  if (name.empty() || name.size() > kMaxRoleName) return Unavailable(what + ": names no role");
  auto body = get(kInstanceRole + http::PercentEncode(name));
  if (!body) return std::move(body).error();
  return KeysOfMetadata(*body, what);
}

}  // namespace

Result<AwsKeys> FindAwsKeys(const CloudPorts& ports, const std::string& sts,
                            const Cancellation& cancel) {
  const auto& environment = ports.environment;
  AwsKeys keys;
  keys.id = environment("AWS_ACCESS_KEY_ID");
  keys.secret = Secret(environment("AWS_SECRET_ACCESS_KEY"));
  keys.session_token = Secret(environment("AWS_SESSION_TOKEN"));
  if (!keys.id.empty() && !keys.secret.empty()) return keys;
  if (!environment("AWS_WEB_IDENTITY_TOKEN_FILE").empty() && !environment("AWS_ROLE_ARN").empty()) {
    return ByWebIdentity(ports, sts, cancel);
  }
  const std::string container = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!container.empty()) return OfContainer(ports, container, cancel);
  if (ports.instance_metadata) return OfInstance(ports, cancel);
  return NotFound(
      "no identity at Amazon: neither keys, nor a web identity token, nor container credentials "
      "in the environment");
}

}  // namespace landwaiter::image::cloud
