// A server with a few routes.
#pragma once

#include <gtest/gtest.h>

#include <thread>

#include "lib/http/server.h"
#include "tests/unit/lib/http/raw_client.h"

namespace landwaiter::http {

using std::chrono::milliseconds;
using testing::ConnectTo;
using testing::Exchange;
using testing::ReadToEnd;
using testing::ReadUntil;
using testing::SendAll;

/// What ends the head of a request.
inline const std::string kEnd = "Host: x\r\nConnection: close\r\n\r\n";

inline std::unique_ptr<Server> MakeServer(ServerOptions options = {}) {
  auto server = Server::Create(std::move(options));
  EXPECT_TRUE(server.has_value());
  (*server)->Route("GET", "/hello", [](ServerRequest&& request, Responder respond) {
    respond(TextResponse(200, "hello " + request.QueryValue("name").value_or("nobody")));
  });
  (*server)->Route("POST", "/echo",
                   [](ServerRequest&& request, Responder respond) {
                     respond(TextResponse(200, std::move(request.body)));
                   },
                   {.max_body_bytes = 1000});
  (*server)->Route("GET", "/throws",
                   [](ServerRequest&&, Responder) { throw std::runtime_error("secret inside"); });
  (*server)->Route("GET", "/forgets", [](ServerRequest&&, Responder) {});
  (*server)->Route("GET", "/later", [](ServerRequest&&, Responder respond) {
    std::thread([respond = std::move(respond)]() mutable {
      respond(TextResponse(200, "later"));
      respond(TextResponse(500, "never seen"));
    }).detach();
  });
  (*server)->Route("GET", "/below/", [](ServerRequest&& request, Responder respond) {
    respond(TextResponse(200, request.path));
  });
  (*server)->Route("GET", "/split", [](ServerRequest&&, Responder respond) {
    respond({.body = "x", .headers = {{"X-Quote", "a\r\nSet-Cookie: b"}}});
  });
  return *std::move(server);
}

inline std::string Status(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}
inline std::string Body(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

}  // namespace landwaiter::http
