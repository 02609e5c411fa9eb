#include "lib/http/client.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "lib/http/curl_session.h"
#include "lib/http/proxy.h"
#include "lib/http/transfer.h"

namespace landwaiter::http {
namespace {

constexpr std::size_t kMaxPemBytes = 4u << 20;  // the system's bundle is 220 KiB

Status CheckPem(std::string_view what, std::string_view bytes) {
  if (bytes.find("-----BEGIN ") != std::string_view::npos) return Ok();
  return InvalidArgument(std::string(what) + ": no PEM block in it");
}

Status CheckPemFile(std::string_view what, const std::string& path) {
  if (path.empty()) return Ok();
  auto bytes = ReadFile(path, kMaxPemBytes);
  if (!bytes) return std::move(bytes).error().Context(what);
  return CheckPem(std::string(what) + " '" + path + "'", *bytes);
}

Status CheckOptions(const ClientOptions& options) {
  if (!options.ca_file.empty() && !options.ca_pem.empty()) {
    return InvalidArgument("http client: both a file and PEM bytes of authorities are given");
  }
  if (options.client_cert_file.empty() != options.client_key_file.empty() ||
      options.client_cert_pem.empty() != options.client_key_pem.empty()) {
    return InvalidArgument(
        "http client: a client certificate needs its key, and a key its "
        "certificate");
  }
  if (!options.client_cert_file.empty() && !options.client_cert_pem.empty()) {
    return InvalidArgument(
        "http client: both files and PEM bytes of a client certificate are given");
  }
  if (auto status = CheckPemFile("certificate authorities", options.ca_file); !status)
    return status;
  if (auto status = CheckPemFile("client certificate", options.client_cert_file); !status) {
    return status;
  }
  if (auto status = CheckPemFile("client key", options.client_key_file); !status) return status;
  if (!options.ca_pem.empty()) {
    if (auto status = CheckPem("certificate authorities", options.ca_pem); !status) return status;
  }
  if (!options.client_cert_pem.empty()) {
    if (auto s = CheckPem("client certificate", options.client_cert_pem); !s) return s;
    if (auto s = CheckPem("client key", options.client_key_pem.Reveal()); !s) return s;
  }
  return Ok();
}

std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class CurlClient final : public Client {
 public:
  CurlClient(ClientOptions options, ProxyRules proxies)
      : options_(std::move(options)), proxies_(std::move(proxies)), pool_(options_.max_idle) {}

  Result<Response> Send(const Request& request, const Cancellation& cancel) override {
    std::string body;
    auto head = Stream(request, cancel, nullptr, [&](std::string_view bytes) {
      body.append(bytes);
      return true;
    });
    if (head) head->body = std::move(body);
    return head;
  }

  Result<Response> Stream(const Request& request, const Cancellation& cancel,
                          std::function<bool(const Response&)> on_head,
                          std::function<bool(std::string_view)> on_data) override {
    auto transfer = Start(request, cancel);
    if (!transfer) return std::move(transfer).error();
    if (!on_data) on_data = [](std::string_view) { return true; };
    int answered = 0;
    const auto take_head = [&](const Response& head) {
      answered = head.status;
      return !on_head || on_head(head);
    };
    const Status status = (*transfer)->Run(take_head, std::move(on_data));
    Tell(answered);
    if (!status) return status.error();
    return (*transfer)->TakeHead();
  }

  Result<std::unique_ptr<ResponseBody>> Open(const Request& request,
                                             const Cancellation& cancel) override {
    auto transfer = Start(request, cancel);
    if (!transfer) return std::move(transfer).error();
    const Status status = (*transfer)->AwaitHead();
    Tell(status ? (*transfer)->Head().status : 0);
    if (!status) return status.error();
    return std::unique_ptr<ResponseBody>(std::move(*transfer));
  }

 private:
  void Tell(int status) const {
    if (options_.on_answer) options_.on_answer(status);
  }

  Result<std::unique_ptr<Transfer>> Start(const Request& request, const Cancellation& cancel) {
    auto url = Url::Parse(request.url);
    if (!url) return std::move(url).error();
    Transfer::Plan plan;
    plan.options = &options_;
    plan.pool = &pool_;
    plan.proxy = proxies_.For(*url);
    plan.url = std::move(*url);
    plan.request = request;
    plan.cancel = cancel;
    return Transfer::Start(std::move(plan));
  }

  const ClientOptions options_;
  const ProxyRules proxies_;
  SessionPool pool_;
};

}  // namespace

std::string_view Response::HeaderValue(std::string_view name) const {
  const auto values = HeaderValues(name);
  return values.empty() ? std::string_view() : values.front();
}

std::vector<std::string_view> Response::HeaderValues(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Header& header : headers) {
    if (text::EqualsIgnoreCase(header.name, name)) values.emplace_back(header.value);
  }
  return values;
}

Result<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  if (auto status = InitCurl(); !status) return std::move(status).error();
  if (auto status = CheckOptions(options); !status) return std::move(status).error();
  ProxyRules proxies;
  if (options.use_environment_proxies) proxies = ProxyRules::FromEnvironment(EnvironmentVariable);
  return std::unique_ptr<Client>(
      std::make_unique<CurlClient>(std::move(options), std::move(proxies)));
}

}  // namespace landwaiter::http
