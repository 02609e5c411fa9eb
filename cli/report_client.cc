#include "cli/report_client.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/http/client.h"
#include "lib/http/url.h"
#include "lib/kube/config.h"
#include "lib/kube/credentials.h"
#include "model/image_reference.h"
#include "scanner/updates/fetch.h"

namespace landwaiter::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxAnswerBytes = 80u << 20;
constexpr std::size_t kMaxTokenBytes = 8 * 1024;
constexpr std::size_t kMaxItems = 200'000;
/// The leader is one of two or three replicas, and a proxy takes any.
constexpr int kTries = 12;
constexpr std::chrono::milliseconds kPause{250};

Result<Secret> TokenFrom(const ReportFlags& flags, const kube::ClusterConfig* config) {
  if (!flags.token_file.empty()) {
    auto text = ReadFile(flags.token_file, kMaxTokenBytes);
    if (!text) return std::move(text).error().Context("--token-file");
    return Secret(std::string(text::Trim(*text)));
  }
  if (const char* given = std::getenv("LANDWAITER_TOKEN"); given != nullptr && *given != '\0') {
    return Secret(given);
  }
  if (config != nullptr) {
    if (Secret token = kube::TokenSource(*config).Token(); !token.empty()) return token;
  }
  return InvalidArgument(
      "the report API takes bearer tokens, and there is none: set LANDWAITER_TOKEN or --token-file "
      "(kubectl create token NAME -n NAMESPACE makes one)");
}

Code CodeOf(int status) {
  switch (status) {
    case 400:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 429:
      return Code::kResourceExhausted;
    case 503:
      return Code::kUnavailable;
    default:
      return Code::kInternal;
  }
}

/// A problem of the report API (RFC 9457) or a Status of the API server before it.
Error ErrorOf(int status, const std::string& body) {
  Error error{CodeOf(status), "the report API answered " + std::to_string(status)};
  const auto parsed = ParseJson(body, {.max_bytes = 64 * 1024, .max_depth = 16});
  if (!parsed || !parsed->is_object()) return error;
  const char* text = parsed->contains("detail") ? "detail" : "message";
  if (const auto found = parsed->find(text); found != parsed->end() && found->is_string()) {
    error.message += ": " + found->get<std::string>();
  }
  if (const auto found = parsed->find("reason"); found != parsed->end() && found->is_string()) {
    error.reason = found->get<std::string>();
  }
  return error;
}

bool IsWorthAnother(const Error& error) {
  return error.code == Code::kResourceExhausted ||
         (error.code == Code::kUnavailable && error.reason != "ReviewFailed");
}

}  // namespace

struct ReportClient::Door {
  std::unique_ptr<http::Client> http;
  std::string base;    // before "/v1/…"
  Secret proxy_token;  // of the API server, for its proxy; empty without one
  bool through_proxy = false;
  Secret token;
};

ReportClient::ReportClient(std::unique_ptr<Door> door) : door_(std::move(door)) {}
ReportClient::~ReportClient() = default;

void AddReportFlags(CLI::App& app, ReportFlags& flags) {
  app.add_option("--kubeconfig", flags.kubeconfig,
                 "Kubeconfig file (default: $KUBECONFIG, ~/.kube/config, else the mounted service "
                 "account)");
  app.add_option("-n,--namespace", flags.ns, "Namespace of the installation")
      ->capture_default_str();
  app.add_option("--name", flags.name, "What the names of its objects begin with")
      ->capture_default_str();
  app.add_option("--server", flags.server,
                 "URL of the report API, in place of the API server's proxy for Services");
  app.add_option("--ca-file", flags.ca_file, "PEM file of the authority of --server");
  app.add_option("--token-file", flags.token_file,
                 "File with the bearer token (default: $LANDWAITER_TOKEN, else the kubeconfig's)");
  app.add_option("-o,--format", flags.format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--timeout", flags.timeout, "How long to wait for all answers")
      ->capture_default_str();
}

namespace {

/// As kubectl finds it; "" for what a pod is given.
std::string Kubeconfig(const ReportFlags& flags) {
  if (!flags.kubeconfig.empty()) return flags.kubeconfig;
  if (const char* named = std::getenv("KUBECONFIG"); named != nullptr && *named != '\0') {
    return named;
  }
  if (std::getenv("KUBERNETES_SERVICE_HOST") != nullptr) return "";
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.kube/config";
}

http::ClientOptions OptionsOf(const kube::ClusterConfig& config) {
  http::ClientOptions options;
  options.ca_file = config.ca_file;
  options.ca_pem = config.ca_pem;
  options.client_cert_file = config.client_cert_file;
  options.client_key_file = config.client_key_file;
  options.client_cert_pem = config.client_cert_pem;
  options.client_key_pem = config.client_key_pem;
  options.insecure = config.insecure;
  return options;
}

}  // namespace

Result<std::unique_ptr<ReportClient>> ReportClient::Create(const ReportFlags& flags) {
  auto door = std::make_unique<Door>();
  http::ClientOptions options;
  if (flags.server.empty()) {
    auto config = kube::LoadConfig(Kubeconfig(flags));
    if (!config) return std::move(config).error();
    options = OptionsOf(*config);
    door->through_proxy = true;
    door->proxy_token = kube::TokenSource(*config).Token();
    door->base = config->server + "/api/v1/namespaces/" + http::PercentEncode(flags.ns) +
                 "/services/https:" + http::PercentEncode(flags.name + "-controller") +
                 ":reports/proxy";
    auto token = TokenFrom(flags, &*config);
    if (!token) return std::move(token).error();
    door->token = *std::move(token);
  } else {
    auto url = http::Url::Parse(flags.server);
    if (!url) return std::move(url).error().Context("--server");
    auto token = TokenFrom(flags, nullptr);
    if (!token) return std::move(token).error();
    if (url->scheme != "https") {
      return InvalidArgument("--server: a token travels by https alone");
    }
    options.ca_file = flags.ca_file;
    door->base = flags.server;
    while (door->base.ends_with('/')) door->base.pop_back();
    door->token = *std::move(token);
  }
  options.use_environment_proxies = true;
  options.user_agent = "landwaiter-cli";
  auto client = http::Client::Create(std::move(options));
  if (!client) return std::move(client).error();
  door->http = *std::move(client);
  return std::unique_ptr<ReportClient>(new ReportClient(std::move(door)));
}

http::Request ReportClient::RequestTo(const std::string& path) const {
  http::Request request;
  request.url = door_->base + path;
  request.headers.push_back({"Accept", "application/json"});
  const std::string bearer = "Bearer " + door_->token.Reveal();
  if (door_->through_proxy) {
    request.headers.push_back({"Landwaiter-Authorization", bearer});
    if (!door_->proxy_token.empty()) {
      request.headers.push_back({"Authorization", "Bearer " + door_->proxy_token.Reveal()});
    }
  } else {
    request.headers.push_back({"Authorization", bearer});
    // The next try is another connection, so that it may reach another replica.
    request.headers.push_back({"Connection", "close"});
  }
  request.max_body_bytes = kMaxAnswerBytes;
  request.trusted_address = true;
  return request;
}

Result<json> ReportClient::Send(const http::Request& request, const Cancellation& cancel) const {
  for (int attempt = 1;; ++attempt) {
    auto response = door_->http->Send(request, cancel);
    if (!response) return std::move(response).error().Context("report API");
    if (response->status < 300) {
      auto parsed = ParseJson(response->body, {.max_bytes = kMaxAnswerBytes, .max_depth = 64});
      if (!parsed || !parsed->is_object()) return DataLoss("the report API's answer is no JSON");
      return parsed;
    }
    Error error = ErrorOf(response->status, response->body);
    if (!IsWorthAnother(error) || attempt == kTries) return error;
    const auto pause = error.code == Code::kResourceExhausted ? 4 * kPause : kPause;
    if (!updates::WaitFor(pause, "", cancel)) return error;
  }
}

Result<json> ReportClient::Get(const std::string& path, const QueryList& query,
                               const Cancellation& cancel) const {
  std::string target = path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    target += separator + name + "=" + http::PercentEncode(value);
    separator = '&';
  }
  return Send(RequestTo(target), cancel);
}

Result<json> ReportClient::Post(const std::string& path, const json& body,
                                const Cancellation& cancel) const {
  http::Request request = RequestTo(path);
  request.method = "POST";
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = DumpJson(body);
  return Send(request, cancel);
}

Result<json> ReportClient::List(const std::string& path, QueryList query,
                                const Cancellation& cancel) const {
  json items = json::array();
  query.emplace_back("continue", "");
  while (true) {
    auto page = Get(path, query, cancel);
    if (!page) return std::move(page).error();
    const auto found = page->find("items");
    if (found == page->end() || !found->is_array()) return DataLoss(path + ": no list");
    for (json& item : *found) {
      if (item.is_object()) items.push_back(std::move(item));
    }
    const auto next = page->find("continue");
    if (next == page->end() || !next->is_string()) return items;
    if (items.size() > kMaxItems) return ResourceExhausted(path + ": too many items");
    query.back().second = next->get<std::string>();
  }
}

Result<std::vector<std::string>> ReportClient::DigestsOf(const std::string& image,
                                                         const Cancellation& cancel) const {
  if (auto digest = Digest::Parse(image)) return std::vector{digest->ToString()};
  auto reference = ImageReference::Parse(image);
  if (!reference) return std::move(reference).error();
  if (reference->digest) return std::vector{reference->digest->ToString()};
  const std::string name = reference->ToString();
  auto seen = List("/v1/images", {{"text", name}, {"limit", "500"}}, cancel);
  if (!seen) return std::move(seen).error();
  std::vector<std::pair<std::string, std::string>> found;  // when it was scanned, its digest
  for (const json& item : *seen) {
    const auto references = item.value("references", json::array());
    if (std::find(references.begin(), references.end(), json(name)) == references.end()) continue;
    const auto digest = item.find("digest");
    if (digest == item.end() || !digest->is_string()) continue;
    found.emplace_back(Field(item, "scannedAt"), digest->get<std::string>());
  }
  if (found.empty()) {
    return NotFound("the cluster knows no image as " + name + ": landwaiter request " + name +
                    " has it scanned");
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> digests;
  digests.reserve(found.size());
  for (auto& [scanned, digest] : found) digests.push_back(std::move(digest));
  if (digests.size() > 1) {
    std::fprintf(stderr, "landwaiter: %zu images have been %s; this is of %s, scanned last\n",
                 digests.size(), text::Printable(name).c_str(),
                 text::Printable(digests.front()).c_str());
  }
  return digests;
}

Result<std::string> ReportClient::DigestOf(const std::string& image,
                                           const Cancellation& cancel) const {
  auto digests = DigestsOf(image, cancel);
  if (!digests) return std::move(digests).error();
  return std::move(digests->front());
}

int RunReportCommand(
    const char* command, const ReportFlags& flags,
    const std::function<Result<int>(const ReportClient&, const Cancellation&)>& run) {
  const auto complain = [&](const Error& error) {
    std::fprintf(stderr, "landwaiter: %s: %s%s%s\n", command,
                 text::Printable(error.message).c_str(), error.reason.empty() ? "" : " — reason ",
                 text::Printable(error.reason).c_str());
    return error.code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
  };
  const auto timeout = ParseDuration(flags.timeout);
  if (!timeout) return complain(timeout.error().Context("--timeout"));
  const auto client = ReportClient::Create(flags);
  if (!client) return complain(client.error());
  const Interrupt interrupt;
  const auto code = run(**client, Cancellation{interrupt.Token()}.Within(*timeout));
  return code ? *code : complain(code.error());
}

}  // namespace landwaiter::cli
