#include "lib/kube/client.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/http/client.h"
#include "lib/kube/answer.h"
#include "lib/kube/credentials.h"
#include "lib/kube/paths.h"

namespace landwaiter::kube {
namespace {

using nlohmann::json;

constexpr int kMaxThrottledTries = 3;

/// False where the cancellation came first.
bool Sleep(std::chrono::milliseconds time, const Cancellation& cancel) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  const auto wait = std::min(time, cancel.Left());
  never.wait_for(lock, cancel.stop, wait, [] { return false; });
  // What is left is rounded down: awake a moment before the deadline is still a pause cut short.
  return !cancel.Stopped() && wait == time && !cancel.Expired();
}

std::chrono::milliseconds RetryAfter(const http::Response& response) {
  const std::string_view value = response.HeaderValue("Retry-After");
  std::int64_t seconds = 1;
  if (!value.empty() && value.size() <= 6 &&
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    seconds = std::stoll(std::string(value));
  }
  return std::min<std::chrono::milliseconds>(
      std::chrono::seconds(std::max<std::int64_t>(1, seconds)), kMaxRetryAfter);
}

std::string_view ContentType(PatchType type) {
  switch (type) {
    case PatchType::kJson:
      return "application/json-patch+json";
    case PatchType::kMerge:
      return "application/merge-patch+json";
    case PatchType::kApply:
      return "application/apply-patch+yaml";
  }
  return "";
}

Error Stopped(const std::string& what, const Cancellation& cancel) {
  if (cancel.Stopped()) return Error{Code::kCancelled, what + ": cancelled"};
  return Error{Code::kDeadlineExceeded, what + ": deadline exceeded"};
}

}  // namespace

struct Client::Impl {
  Impl(const ClusterConfig& config, ClientOptions client_options,
       std::unique_ptr<http::Client> client)
      : server(config.server),
        options(std::move(client_options)),
        http(std::move(client)),
        tokens(config),
        limiter(options.writes_per_second, options.write_burst) {}

  struct Call {
    std::string what;  // for errors: "get pods \"shop/cart\""
    std::string method = "GET";
    std::string path;
    std::string body = {};
    std::string_view content_type = "application/json";
    std::size_t max_bytes = kMaxObjectBytes;
  };

  http::Request MakeRequest(const Call& call) {
    http::Request request;
    request.method = call.method;
    request.url = server + call.path;
    request.headers.push_back({"Accept", "application/json"});
    if (!call.body.empty()) {
      request.headers.push_back({"Content-Type", std::string(call.content_type)});
    }
    const Secret token = tokens.Token();
    if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token.Reveal()});
    request.body = call.body;
    request.timeout = options.timeout;
    request.stall_timeout = options.timeout;
    request.max_body_bytes = call.max_bytes;
    request.trusted_address = true;
    return request;
  }

  /// Throttling is waited out and a refused token read anew, once.
  Result<std::string> Do(const Call& call, const Cancellation& cancel) {
    bool reread = false;
    for (int attempt = 1;; ++attempt) {
      if (call.method != "GET") {
        const auto wait = limiter.Take(std::chrono::steady_clock::now());
        if (wait.count() > 0 && !Sleep(wait, cancel)) return Stopped(call.what, cancel);
      }
      auto response = http->Send(MakeRequest(call), cancel);
      if (!response) return std::move(response).error().Context(call.what);
      if (response->status < 300) return std::move(response->body);
      if (response->status == 429 && attempt <= kMaxThrottledTries) {
        if (!Sleep(RetryAfter(*response), cancel)) return Stopped(call.what, cancel);
        continue;
      }
      if (response->status == 401 && !reread) {
        reread = true;
        tokens.Expire();
        continue;
      }
      return ErrorOfAnswer(response->status, response->body, call.what);
    }
  }

  Result<json> DoJson(const Call& call, const Cancellation& cancel) {
    auto body = Do(call, cancel);
    if (!body) return std::move(body).error();
    auto parsed = ParseJson(*body, {.max_bytes = call.max_bytes, .max_depth = kMaxAnswerDepth});
    if (!parsed || !parsed->is_object()) {
      return DataLoss(call.what + ": the answer is no JSON object" +
                      (parsed ? "" : ": " + parsed.error().message));
    }
    return parsed;
  }

  const std::string server;
  const ClientOptions options;
  const std::unique_ptr<http::Client> http;
  TokenSource tokens;
  WriteLimiter limiter;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Create(const ClusterConfig& config, ClientOptions options) {
  http::ClientOptions http_options;
  http_options.ca_file = config.ca_file;
  http_options.ca_pem = config.ca_pem;
  http_options.client_cert_file = config.client_cert_file;
  http_options.client_key_file = config.client_key_file;
  http_options.client_cert_pem = config.client_cert_pem;
  http_options.client_key_pem = config.client_key_pem;
  http_options.insecure = config.insecure;
  http_options.use_environment_proxies = true;
  http_options.user_agent = options.user_agent;
  auto http = http::Client::Create(std::move(http_options));
  if (!http) return std::move(http).error().Context("API client");
  return std::unique_ptr<Client>(
      new Client(std::make_unique<Impl>(config, std::move(options), std::move(*http))));
}

Result<json> Client::Get(const Resource& resource, const ObjectKey& key,
                         const Cancellation& cancel) {
  return impl_->DoJson({.what = What("get", resource, key), .path = ObjectPath(resource, key)},
                       cancel);
}

Result<std::string> Client::List(const Resource& resource, const ListOptions& options,
                                 const ItemHandler& on_item, const Cancellation& cancel) {
  const std::string what = What("list", resource, {options.ns, ""});
  std::string next;
  ListOptions asked = options;
  do {
    auto page = impl_->DoJson({.what = what,
                               .path = ListPath(resource, asked, next),
                               .max_bytes = impl_->options.max_page_bytes},
                              cancel);
    if (!page && page.error().code == Code::kResourceExhausted && asked.page_size > 1) {
      asked.page_size /= 2;
      continue;
    }
    if (!page) return std::move(page).error();
    asked.page_size = std::min(options.page_size, asked.page_size * 2);
    auto items = page->find("items");
    const auto metadata = page->find("metadata");
    if (items == page->end() || metadata == page->end() || !metadata->is_object() ||
        !(items->is_array() || items->is_null())) {
      return DataLoss(what + ": the answer is no list");
    }
    for (auto& item : *items) {
      if (!item.is_object()) return DataLoss(what + ": an item is no object");
      if (Status status = on_item(std::move(item)); !status) return std::move(status).error();
    }
    const auto token = metadata->find("continue");
    next = token != metadata->end() && token->is_string() ? token->get<std::string>() : "";
    if (next.empty()) {
      const auto version = metadata->find("resourceVersion");
      if (version == metadata->end() || !version->is_string()) {
        return DataLoss(what + ": the list has no resourceVersion");
      }
      return version->get<std::string>();
    }
  } while (true);
}

Result<json> Client::Create(const Resource& resource, const json& object,
                            const Cancellation& cancel) {
  const ObjectKey key = KeyOf(object);
  return impl_->DoJson({.what = What("create", resource, key),
                        .method = "POST",
                        .path = CollectionPath(resource, key.ns),
                        .body = DumpJson(object)},
                       cancel);
}

Result<json> Client::Update(const Resource& resource, const json& object,
                            const Cancellation& cancel) {
  const ObjectKey key = KeyOf(object);
  return impl_->DoJson({.what = What("update", resource, key),
                        .method = "PUT",
                        .path = ObjectPath(resource, key),
                        .body = DumpJson(object)},
                       cancel);
}

Result<json> Client::UpdateStatus(const Resource& resource, const json& object,
                                  const Cancellation& cancel) {
  const ObjectKey key = KeyOf(object);
  return impl_->DoJson({.what = What("update status of", resource, key),
                        .method = "PUT",
                        .path = ObjectPath(resource, key, "status"),
                        .body = DumpJson(object)},
                       cancel);
}

Result<json> Client::Patch(const Resource& resource, const ObjectKey& key,
                           const PatchOptions& options, const json& patch,
                           const Cancellation& cancel) {
  return impl_->DoJson({.what = What("patch", resource, key),
                        .method = "PATCH",
                        .path = PatchPath(resource, key, options),
                        .body = DumpJson(patch),
                        .content_type = ContentType(options.type)},
                       cancel);
}

Status Client::Delete(const Resource& resource, const ObjectKey& key, const DeleteOptions& options,
                      const Cancellation& cancel) {
  json preconditions = json::object();
  if (!options.uid.empty()) preconditions["uid"] = options.uid;
  if (!options.resource_version.empty()) {
    preconditions["resourceVersion"] = options.resource_version;
  }
  json body{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!preconditions.empty()) body["preconditions"] = std::move(preconditions);
  auto answer = impl_->Do({.what = What("delete", resource, key),
                           .method = "DELETE",
                           .path = ObjectPath(resource, key),
                           .body = DumpJson(body)},
                          cancel);
  if (!answer) return std::move(answer).error();
  return Ok();
}

Status Client::Watch(const Resource& resource, const WatchOptions& options,
                     const EventHandler& on_event, const Cancellation& cancel) {
  const std::string what = What("watch", resource, {options.ns, ""});
  http::Request request = impl_->MakeRequest({.what = what, .path = WatchPath(resource, options)});
  request.timeout = std::chrono::milliseconds(0);
  request.stall_timeout = options.stall_timeout;
  request.max_body_bytes = 0;  // a watch is endless; each line is bounded
  WatchDecoder decoder(kMaxObjectBytes);
  Status failed;
  int http_status = 0;
  std::string error_body;
  auto response = impl_->http->Stream(
      request, cancel,
      [&](const http::Response& head) {
        http_status = head.status;
        return true;
      },
      [&](std::string_view bytes) {
        if (http_status >= 300) {
          error_body.append(
              bytes.substr(0, (1u << 20) - std::min<std::size_t>(error_body.size(), 1u << 20)));
          return error_body.size() < (1u << 20);
        }
        failed = decoder.Feed(bytes, on_event);
        return failed.has_value();
      });
  if (http_status == 401) impl_->tokens.Expire();
  if (http_status >= 300) return ErrorOfAnswer(http_status, error_body, what);
  if (!failed) return std::move(failed).error();
  if (!response) return std::move(response).error().Context(what);
  if (decoder.HasPartialLine()) return Unavailable(what + ": the stream broke off inside an event");
  return Ok();
}

}  // namespace landwaiter::kube
