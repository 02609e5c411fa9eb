// Azure Container Registry (Azure/acr docs/AAD-OAuth.md; Microsoft identity platform, "client
// credentials flow", with a federated credential): the workload's token is exchanged for one of the
// directory, that at the registry for a refresh token, which the registry's token realm takes as
// any identity token (authenticator.h does that last step).
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/http/url.h"
#include "scanner/image/cloud/cloud.h"
#include "scanner/image/cloud/exchange.h"
#include "scanner/image/cloud/jwt.h"

namespace landwaiter::image::cloud {
namespace {

/// A national cloud's names.
struct National {
  std::string_view registries;  // behind the registry's own name
  std::string_view directory;
  std::string_view scope;
};
constexpr std::array<National, 3> kNational = {{
    {".azurecr.io", "https://login.microsoftonline.com", "https://management.azure.com/.default"},
    {".azurecr.cn", "https://login.chinacloudapi.cn",
     "https://management.chinacloudapi.cn/.default"},
    {".azurecr.us", "https://login.microsoftonline.us",
     "https://management.usgovcloudapi.net/.default"},
}};
// Refresh tokens are of three hours, and say so; where one does not, it is used for a short time.
constexpr std::chrono::minutes kUnknownLife{15};

const National* NationalOf(std::string_view host) {
  for (const National& national : kNational) {
    if (!host.ends_with(national.registries)) continue;
    host.remove_suffix(national.registries.size());
    // One label, or the registry's name with its location's (NAME.LOCATION.geo). None is empty.
    const auto labels = text::Split(host, '.');
    const bool named = std::none_of(labels.begin(), labels.end(),
                                    [](std::string_view label) { return label.empty(); });
    return named && (labels.size() == 1 || (labels.size() == 3 && labels[2] == "geo")) ? &national
                                                                                       : nullptr;
  }
  return nullptr;
}

std::string Identity(const std::string& host) { return NationalOf(host) != nullptr ? host : ""; }

Result<std::string> TokenIn(const std::string& body, const char* field, const std::string& what) {
  auto json = ParseJson(body, {kMaxAnswer, 8, 1000});
  std::string token;
  if (json) {
    JsonFields fields(*json, "");
    fields.String(field, token, kMaxToken);
  }
  if (token.empty()) return Unavailable(what + ": its answer holds no token");
  return token;
}

Result<std::string> DirectoryToken(const National& national, const CloudPorts& ports,
                                   const Cancellation& cancel) {
  const std::string client = ports.environment("AZURE_CLIENT_ID");
  const std::string tenant = ports.environment("AZURE_TENANT_ID");
  const std::string file = ports.environment("AZURE_FEDERATED_TOKEN_FILE");
  if (client.empty() || tenant.empty() || file.empty()) {
    return NotFound(
        "no identity at Azure: AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE "
        "are not all set");
  }
  auto assertion = ReadSecretFile(file);
  if (!assertion) return std::move(assertion).error().Context("AZURE_FEDERATED_TOKEN_FILE");
  std::string directory = ports.environment("AZURE_AUTHORITY_HOST");
  if (directory.empty()) directory = national.directory;
  while (!directory.empty() && directory.back() == '/') directory.pop_back();
  const auto url = http::Url::Parse(directory);
  if (!url || url->scheme != "https") return InvalidArgument("AZURE_AUTHORITY_HOST is not https");
  const std::string what = "directory " + url->host;
  auto body = Ask(
      *ports.client,
      PostForm(directory + "/" + http::PercentEncode(tenant) + "/oauth2/v2.0/token",
               {{"client_id", client},
                {"scope", std::string(national.scope)},
                {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                {"client_assertion", *assertion},
                {"grant_type", "client_credentials"}}),
      what, cancel);
  if (!body) return std::move(body).error();
  return TokenIn(*body, "access_token", what);
}

Result<Login> LogIn(const std::string& host, const CloudPorts& ports, const Cancellation& cancel) {
  const National* national = NationalOf(host);
  if (national == nullptr) return Internal(host + " is no registry of Azure's");
  auto token = DirectoryToken(*national, ports, cancel);
  if (!token) return std::move(token).error();
  const std::string what = "exchange of " + host;
  auto body = Ask(*ports.client,
                  PostForm("https://" + host + "/oauth2/exchange",
                           {{"grant_type", "access_token"},
                            {"service", host},
                            {"tenant", ports.environment("AZURE_TENANT_ID")},
                            {"access_token", *token}}),
                  what, cancel);
  if (!body) return std::move(body).error();
  auto refresh = TokenIn(*body, "refresh_token", what);
  if (!refresh) return std::move(refresh).error();
  Login login;
  login.ends = JwtExpiry(*refresh).value_or(ports.clock->Now() + kUnknownLife);
  login.credential.identity_token = Secret(*std::move(refresh));
  return login;
}

}  // namespace

Cloud Acr() { return {.name = "acr", .identity = Identity, .log_in = LogIn}; }

}  // namespace landwaiter::image::cloud
