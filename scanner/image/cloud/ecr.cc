// Amazon Elastic Container Registry (Amazon ECR API Reference, GetAuthorizationToken): a password
// of 12 hours for every registry of a region that the identity may pull from.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "scanner/image/cloud/aws_keys.h"
#include "scanner/image/cloud/cloud.h"
#include "scanner/image/cloud/exchange.h"

namespace landwaiter::image::cloud {
namespace {

constexpr std::size_t kAccountDigits = 12;
constexpr std::size_t kMaxRegion = 32;

/// A partition's names: ACCOUNT.dkr.ecr.REGION.<registry>, and where its services are.
struct Partition {
  std::string_view registry;
  std::string_view ecr;  // before REGION
  std::string_view sts;
  std::string_view services;  // behind REGION
};
constexpr std::array<Partition, 9> kPartitions = {{
    {"amazonaws.com", "api.ecr", "sts", "amazonaws.com"},
    {"amazonaws.com.cn", "api.ecr", "sts", "amazonaws.com.cn"},
    {"amazonaws.eu", "api.ecr", "sts", "amazonaws.eu"},
    {"on.aws", "ecr", "sts", "api.aws"},
    {"on.amazonwebservices.com.cn", "ecr", "sts", "api.amazonwebservices.com.cn"},
    {"sc2s.sgov.gov", "api.ecr", "sts", "sc2s.sgov.gov"},
    {"c2s.ic.gov", "api.ecr", "sts", "c2s.ic.gov"},
    {"cloud.adc-e.uk", "api.ecr", "sts", "cloud.adc-e.uk"},
    {"csp.hci.ic.gov", "api.ecr", "sts", "csp.hci.ic.gov"},
}};

struct EcrHost {
  std::string region;
  bool fips = false;
  const Partition* partition = nullptr;
};

bool Take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// ACCOUNT.dkr.ecr[-fips].REGION.PARTITION, or ACCOUNT.dkr-ecr… of the dual-stack names.
std::optional<EcrHost> ParseHost(std::string_view host) {
  const auto digits = host.find_first_not_of("0123456789");
  if (digits != kAccountDigits) return std::nullopt;
  host.remove_prefix(digits);
  EcrHost out;
  if (!Take(host, ".dkr.ecr") && !Take(host, ".dkr-ecr")) return std::nullopt;
  out.fips = Take(host, "-fips");
  if (!Take(host, ".")) return std::nullopt;
  const auto dot = host.find('.');
  out.region = host.substr(0, dot);
  const bool named = dot != std::string_view::npos && !out.region.empty() &&
                     out.region.size() <= kMaxRegion &&
                     std::all_of(out.region.begin(), out.region.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                     });
  if (!named) return std::nullopt;
  host.remove_prefix(dot + 1);
  for (const Partition& partition : kPartitions) {
    if (partition.registry == host) out.partition = &partition;
  }
  if (out.partition == nullptr) return std::nullopt;
  return out;
}

std::string Identity(const std::string& host) {
  const auto parsed = ParseHost(host);
  if (!parsed) return "";
  return parsed->region + (parsed->fips ? " fips " : " ") +
         std::string(parsed->partition->registry);
}

std::string Service(std::string_view name, const EcrHost& host) {
  return std::string(name) + "." + host.region + "." + std::string(host.partition->services);
}

/// {"authorizationData":[{"authorizationToken":base64("AWS:password"),"expiresAt":1.7e9,…}]}
Result<Login> ReadToken(const std::string& body, const std::string& what) {
  auto json = ParseJson(body, {kMaxAnswer, 8, 1000});
  if (!json) return Unavailable(what + ": its answer is no JSON");
  std::string token;
  double ends = 0;
  JsonFields fields(*json, "");
  fields.Objects("authorizationData", 16, [&](JsonFields& item) {
    if (!token.empty()) return Ok();
    item.String("authorizationToken", token, kMaxToken);
    item.Number("expiresAt", ends);
    return item.Done();
  });
  const auto pair = text::Base64Decode(token);
  const auto colon = pair ? pair->find(':') : std::string::npos;
  const bool sane = ends > 0 && ends < 1e11;  // seconds, before the year 5138
  if (!fields.Done() || colon == std::string::npos || !sane) {
    return Unavailable(what + ": its answer holds no token");
  }
  Login login;
  login.credential.username = pair->substr(0, colon);
  login.credential.password = Secret(pair->substr(colon + 1));
  login.ends = TimePoint(std::chrono::seconds(static_cast<std::int64_t>(ends)));
  return login;
}

Result<Login> LogIn(const std::string& name, const CloudPorts& ports, const Cancellation& cancel) {
  const auto host = ParseHost(name);
  if (!host) return Internal(name + " is no registry of Amazon's");
  auto keys = FindAwsKeys(ports, Service(host->partition->sts, *host), cancel);
  if (!keys) return std::move(keys).error();
  const std::string endpoint =
      Service(host->fips ? std::string_view("ecr-fips") : host->partition->ecr, *host);
  http::Request request;
  request.method = "POST";
  request.url = "https://" + endpoint + "/";
  request.headers = {
      {"Content-Type", "application/x-amz-json-1.1"},
      {"X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"}};
  request.body = "{}";
  if (Status done = Sign(request, *keys, {host->region, "ecr"}, ports.clock->Now()); !done) {
    return done.error();
  }
  const std::string what = "ECR " + endpoint;
  auto body = Ask(*ports.client, std::move(request), what, cancel);
  if (!body) return std::move(body).error();
  return ReadToken(*body, what);
}

}  // namespace

Cloud Ecr() { return {.name = "ecr", .identity = Identity, .log_in = LogIn}; }

}  // namespace landwaiter::image::cloud
