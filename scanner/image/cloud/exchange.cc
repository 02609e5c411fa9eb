#include "scanner/image/cloud/exchange.h"

#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/http/url.h"

namespace landwaiter::image::cloud {
namespace {

constexpr std::chrono::seconds kTimeout{10};
constexpr std::size_t kMaxWords = 200;

/// The service's own words for a refusal: Amazon's "message", OAuth2's "error_description" (RFC
/// 6749, 5.2). They name the identity, not its secret.
std::string OwnWords(const std::string& body) {
  const auto json = ParseJson(body, {kMaxAnswer, 8, 1000});
  if (!json || !json->is_object()) return "";
  for (const char* name : {"error_description", "message", "Message", "error"}) {
    const auto found = json->find(name);
    if (found != json->end() && found->is_string()) {
      return ": " + text::Printable(text::Truncate(found->get<std::string>(), kMaxWords));
    }
  }
  return "";
}

}  // namespace

Result<std::string> Ask(http::Client& client, http::Request request, const std::string& what,
                        const Cancellation& cancel) {
  request.timeout = kTimeout;
  request.max_body_bytes = kMaxAnswer;
  auto response = client.Send(request, cancel);
  if (!response) return std::move(response).error().Context(what);
  const int status = response->status;
  if (status == 200) return std::move(response->body);
  const std::string message =
      what + ": answered " + std::to_string(status) + OwnWords(response->body);
  if (status == 403) return Error{Code::kPermissionDenied, message, ""};
  if (status == 400 || status == 401) return Error{Code::kUnauthenticated, message, ""};
  return Unavailable(message);
}

std::string Form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    form += (form.empty() ? "" : "&") + name + "=" + http::PercentEncode(value);
  }
  return form;
}

http::Request PostForm(const std::string& url,
                       const std::vector<std::pair<std::string, std::string>>& fields) {
  http::Request request;
  request.method = "POST";
  request.url = url;
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.body = Form(fields);
  return request;
}

Result<std::string> ReadSecretFile(const std::string& path) {
  auto text = ReadFile(path, kMaxSecretFile);
  if (!text) return std::move(text).error();
  return std::string(text::Trim(*text));
}

}  // namespace landwaiter::image::cloud
