// What passes between the server and its handlers: request look-ups, answers, the Responder.
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/http/server.h"

namespace landwaiter::http {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// application/x-www-form-urlencoded; a '%' without two digits stays as it is.
std::string Decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
               HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

int StatusOf(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return 400;
    case Code::kNotFound:
      return 404;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kConflict:
      return 409;
    case Code::kResourceExhausted:
      return 429;
    case Code::kDeadlineExceeded:
      return 504;
    case Code::kCancelled:
      return 499;
    case Code::kUnavailable:
      return 503;
    case Code::kDataLoss:
      return 502;
    case Code::kUnsupported:
      return 422;
    case Code::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace

std::string_view ServerRequest::HeaderValue(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (text::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

std::optional<std::string> ServerRequest::QueryValue(std::string_view name) const {
  for (const std::string_view pair : text::Split(query, '&')) {
    const std::size_t equals = pair.find('=');
    if (Decoded(pair.substr(0, equals)) != name) continue;
    return equals == std::string_view::npos ? std::string() : Decoded(pair.substr(equals + 1));
  }
  return std::nullopt;
}

void ServerRequest::DropBody() {
  std::string().swap(body);
  body_lease.reset();
}

ServerResponse ErrorResponse(const Error& error) {
  const nlohmann::json json = {
      {"error",
       {{"code", CodeName(error.code)}, {"reason", error.reason}, {"message", error.message}}}};
  // A message may quote what somebody else wrote: bytes that are no UTF-8 are replaced.
  return {.status = StatusOf(error.code),
          .body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

ServerResponse TextResponse(int status, std::string text) {
  return {.status = status, .body = std::move(text), .content_type = "text/plain; charset=utf-8"};
}

Responder::~Responder() {
  if (sink_) (*this)(TextResponse(500, "internal error\n"));
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    if (sink_) (*this)(TextResponse(500, "internal error\n"));
    sink_ = std::exchange(other.sink_, nullptr);
  }
  return *this;
}

void Responder::operator()(ServerResponse response) {
  const Sink sink = std::exchange(sink_, nullptr);
  if (!sink) return;
  try {
    sink(std::move(response));
  } catch (const std::exception& error) {
    // Out of memory while the answer is queued: the connection's deadline closes it.
    log::Error("answer could not be queued", {{"error", error.what()}});
  }
}

void AddHealthRoutes(Server& server, std::function<std::string()> not_ready,
                     const metrics::Registry* registry) {
  server.Route("GET", "/healthz",
               [](ServerRequest&&, Responder respond) { respond(TextResponse(200, "ok\n")); });
  server.Route("GET", "/readyz",
               [not_ready = std::move(not_ready)](ServerRequest&&, Responder respond) {
                 const std::string missing = not_ready ? not_ready() : std::string();
                 respond(missing.empty() ? TextResponse(200, "ok\n")
                                         : TextResponse(503, "not ready: " + missing + "\n"));
               });
  if (registry == nullptr) return;
  server.Route("GET", "/metrics", [registry](ServerRequest&&, Responder respond) {
    respond({.body = registry->RenderPrometheus(),
             .content_type = "text/plain; version=0.0.4; charset=utf-8"});
  });
}

}  // namespace landwaiter::http
