#include "controller/trust/probe.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/http/client.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

/// Half of what the API server waits by default (10 s): who is slower is of no use to it.
constexpr std::chrono::milliseconds kProbeTimeout{5'000};
constexpr std::size_t kMaxAnswerBytes = 64u << 10;  // a denial's message is under 2 KiB
constexpr const char* kUid = "4c616e64-7761-6974-6572-0070726f6265";

std::string Review() {
  const json kind{{"group", "landwaiter.io"}, {"version", "v1alpha1"}, {"kind", "Probe"}};
  const json resource{{"group", "landwaiter.io"}, {"version", "v1alpha1"}, {"resource", "probes"}};
  return DumpJson({{"apiVersion", "admission.k8s.io/v1"},
                   {"kind", "AdmissionReview"},
                   {"request",
                    {{"uid", kUid},
                     {"kind", kind},
                     {"resource", resource},
                     {"name", "probe"},
                     {"operation", "CREATE"},
                     {"dryRun", true},
                     {"userInfo", {{"username", "landwaiter-controller"}}},
                     {"object", {{"metadata", {{"name", "probe"}}}}},
                     {"oldObject", nullptr}}}});
}

Status CheckAnswer(const http::Response& answer) {
  if (answer.status != 200) {
    return Unavailable("answered " + std::to_string(answer.status));
  }
  const auto parsed = ParseJson(answer.body, {.max_bytes = kMaxAnswerBytes, .max_depth = 16});
  if (!parsed || !parsed->is_object()) return Unavailable("answered no JSON object");
  const auto response = parsed->find("response");
  const bool sound = response != parsed->end() && response->is_object() &&
                     response->value("uid", json()) == kUid &&
                     response->value("allowed", json()) == true;
  return sound ? Ok() : Unavailable("answered no AdmissionReview to the one it was sent");
}

}  // namespace

Status ProbeWebhook(const std::string& url, const std::string& ca_pem, const Cancellation& cancel) {
  // A client of its own, so that no connection is left over from before the certificate changed.
  auto client = http::Client::Create(
      {.ca_pem = ca_pem, .user_agent = "landwaiter-controller", .max_idle = 0});
  if (!client) return std::move(client).error();
  http::Request request;
  request.method = "POST";
  request.url = url + "?timeout=" + std::to_string(kProbeTimeout.count() / 1000) + "s";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = Review();
  request.timeout = kProbeTimeout;
  request.connect_timeout = kProbeTimeout;
  request.max_body_bytes = kMaxAnswerBytes;
  request.trusted_address = true;
  auto answer = (*client)->Send(request, cancel);
  if (!answer) return std::move(answer).error().Context(url);
  if (Status checked = CheckAnswer(*answer); !checked) return checked.error().Context(url);
  return Ok();
}

}  // namespace landwaiter::controller
