// The client against a server that misbehaves.
#include "lib/http/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

#include "tests/support/loopback_server.h"
#include "tests/unit/lib/http/made_client.h"

namespace landwaiter::http {
namespace {

using namespace std::chrono_literals;
using testing::Connection;
using testing::LoopbackServer;
using testing::SeenRequest;

TEST(Client, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  LoopbackServer server([](const SeenRequest&, Connection& c) {
    return c.Reply(201, {{"X-One", "a"}, {"x-ONE", "b"}, {"Empty", ""}}, "created");
  });
  auto client = MakeClient();
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    Request request;
    request.method = method;
    request.url = server.Url("/v2/x?y=z");
    request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
    request.body = "{}";
    const auto response = client->Send(request, {});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->HeaderValue("x-one"), "a");
    EXPECT_EQ(response->HeaderValues("X-One").size(), 2u);
    EXPECT_EQ(response->body, "created");
    const auto seen = server.Seen().back();
    EXPECT_EQ(seen.method, method);
    EXPECT_EQ(seen.target, "/v2/x?y=z");
    EXPECT_EQ(seen.Header("content-type"), "application/json");
    EXPECT_EQ(seen.body, "{}");
    EXPECT_EQ(seen.Header("expect"), "");
    EXPECT_EQ(seen.Header("accept-encoding"), "");
  }
  EXPECT_EQ(server.Connections(), 1u) << "the connection is reused";
}

TEST(Client, HandsOnFailureStatusesAndRedirectsAsTheyAre) {
  LoopbackServer server([](const SeenRequest& r, Connection& c) {
    return c.Reply(std::atoi(r.target.c_str() + 1), {{"Location", "/elsewhere"}}, "why");
  });
  auto client = MakeClient();
  for (const int status : {200, 204, 301, 307, 401, 403, 404, 429, 500, 503}) {
    Request request;
    request.url = server.Url("/" + std::to_string(status));
    const auto response = client->Send(request, {});
    ASSERT_TRUE(response) << status;
    EXPECT_EQ(response->status, status);
  }
}

struct Misbehaviour {
  const char* name;
  std::function<bool(Connection&)> act;
  Code code;
  const char* reason;
};

TEST(Client, TellsOfEachExchangeOnceAndOfItsStatus) {
  LoopbackServer server([](const SeenRequest& r, Connection& c) {
    if (r.target == "/0") return false;  // hung up on
    return c.Reply(std::atoi(r.target.c_str() + 1), {}, "x");
  });
  std::vector<int> told;
  auto client = MakeClient({.on_answer = [&](int status) { told.push_back(status); }});
  for (const char* path : {"/200", "/404", "/503", "/0"}) {
    Request request;
    request.url = server.Url(path);
    (void)client->Send(request, {});
    (void)client->Open(request, {});
  }
  EXPECT_EQ(told, (std::vector<int>{200, 200, 404, 404, 503, 503, 0, 0}));
}

// Admission pitfall 104.
TEST(Client, NamesEachMisbehaviour) {
  const Misbehaviour cases[] = {
      {"says nothing and closes", [](Connection&) { return false; }, Code::kUnavailable, ""},
      {"half a body",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
         return false;
       },
       Code::kUnavailable, ""},
      {"a chunk that breaks off",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf");
         return false;
       },
       Code::kUnavailable, ""},
      {"a negative chunk size",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nx");
         return false;
       },
       Code::kUnavailable, ""},
      {"no HTTP",
       [](Connection& c) {
         c.Send("SSH-2.0-OpenSSH_9.2\r\n");
         return false;
       },
       Code::kUnavailable, ""},
      {"an endless body",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\n\r\n");
         const std::string block(65536, 'x');
         while (c.Send(block)) {
         }
         return false;
       },
       Code::kResourceExhausted, "TooLarge"},
      {"endless headers",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\n");
         while (c.Send("X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")) {
         }
         return false;
       },
       Code::kResourceExhausted, "TooLarge"},
      {"one endless header",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nX-Filler: ");
         while (c.Send("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")) {
         }
         return false;
       },
       Code::kResourceExhausted, "TooLarge"},
      {"a body that stalls",
       [](Connection& c) {
         c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
         c.WaitForClose();
         return false;
       },
       Code::kDeadlineExceeded, ""},
      {"no answer at all",
       [](Connection& c) {
         c.WaitForClose();
         return false;
       },
       Code::kDeadlineExceeded, ""},
  };
  for (const Misbehaviour& c : cases) {
    LoopbackServer server(
        [&](const SeenRequest&, Connection& connection) { return c.act(connection); });
    auto client = MakeClient();
    Request request;
    request.url = server.Url("/");
    request.stall_timeout = 200ms;
    request.max_body_bytes = 1 << 20;
    const auto response = client->Send(request, {});
    ASSERT_FALSE(response) << c.name;
    EXPECT_EQ(response.error().code, c.code) << c.name << ": " << response.error().message;
    EXPECT_EQ(response.error().reason, c.reason) << c.name;
    EXPECT_NE(response.error().message.find("GET http://127.0.0.1"), std::string::npos)
        << response.error().message;
  }
}

// Admission pitfall 104.
TEST(Client, GivesUpAtTheRequestsTimeAndAtTheDeadline) {
  LoopbackServer server([](const SeenRequest&, Connection& c) {
    c.WaitForClose();
    return false;
  });
  auto client = MakeClient();
  Request request;
  request.url = server.Url("/");
  request.timeout = 50ms;
  auto response = client->Send(request, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kDeadlineExceeded);
  request.timeout = 0ms;
  response = client->Send(request, Cancellation().Within(50ms));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kDeadlineExceeded);
}

TEST(Client, SendsNothingAfterTheDeadlineThoughAConnectionIsOpen) {
  LoopbackServer server([](const SeenRequest&, Connection& c) { return c.Reply(200, {}, "well"); });
  auto client = MakeClient();
  Request request;
  request.url = server.Url("/");
  ASSERT_TRUE(client->Send(request, {}));
  request.method = "PUT";
  const auto late = client->Send(request, Cancellation().Within(-1ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded);
  EXPECT_NE(late.error().message.find("not finished within its time"), std::string::npos);
  EXPECT_EQ(server.Seen().size(), 1u) << "the late one was not sent";
}

TEST(Client, RefusedConnectionIsUnavailable) {
  int port = 0;
  {
    LoopbackServer server([](const SeenRequest&, Connection&) { return false; });
    port = server.port();
  }
  Request request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  const auto response = MakeClient()->Send(request, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
}

TEST(Client, RefusesAddressesAfterTheNameIsResolved) {
  LoopbackServer server([](const SeenRequest&, Connection& c) { return c.Reply(200, {}, ""); });
  ClientOptions options;
  options.address_policy = AddressPolicy();
  auto client = MakeClient(std::move(options));
  for (const char* host :
       {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"}) {
    Request request;
    request.url = std::string("http://") + host + ":" + std::to_string(server.port()) + "/";
    const auto response = client->Send(request, {});
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().code, Code::kPermissionDenied) << response.error().message;
    EXPECT_EQ(response.error().reason, "AddressRefused") << host;
  }
  EXPECT_EQ(server.Connections(), 0u);
  Request trusted;
  trusted.url = server.Url("/");
  trusted.trusted_address = true;
  EXPECT_TRUE(client->Send(trusted, {}));
  // The connection that trust opened is not lent to a request without it.
  trusted.trusted_address = false;
  EXPECT_FALSE(client->Send(trusted, {}));
}

TEST(Client, GoesThroughTheProxyOfTheEnvironment) {
  LoopbackServer proxy(
      [](const SeenRequest&, Connection& c) { return c.Reply(200, {}, "from the proxy"); });
  ASSERT_EQ(setenv("HTTP_PROXY", proxy.Url("").c_str(), 1), 0);
  ClientOptions options;
  options.use_environment_proxies = true;
  options.address_policy = AddressPolicy();
  auto client = MakeClient(options);
  unsetenv("HTTP_PROXY");
  Request request;
  request.url = "http://registry.invalid/v2/";
  const auto response = client->Send(request, {});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "from the proxy");
  EXPECT_EQ(proxy.Seen().back().target, "http://registry.invalid/v2/");
  request.url = "http://169.254.169.254/latest/meta-data";
  const auto refused = client->Send(request, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "AddressRefused");
}

TEST(Client, RefusesRequestsThatAreNone) {
  auto client = MakeClient();
  const auto code = [&](Request request) {
    const auto response = client->Send(request, {});
    return response ? Code::kInternal : response.error().code;
  };
  EXPECT_EQ(code({.url = "ftp://a/"}), Code::kInvalidArgument);
  EXPECT_EQ(code({.method = "GET /x", .url = "http://127.0.0.1/"}), Code::kInvalidArgument);
  EXPECT_EQ(code({.url = "http://127.0.0.1/", .headers = {{"A", "b\r\nC: d"}}}),
            Code::kInvalidArgument);
  EXPECT_EQ(code({.url = "http://127.0.0.1/", .headers = {{"A b", "c"}}}), Code::kInvalidArgument);
  const auto leak = client->Send(
      {.url = "http://127.0.0.1/", .headers = {{"Authorization", "Bearer secret\n"}}}, {});
  ASSERT_FALSE(leak);
  EXPECT_EQ(leak.error().message.find("secret"), std::string::npos);
}

TEST(Client, RefusesOptionsThatContradict) {
  EXPECT_FALSE(Client::Create({.ca_file = "/dev/null", .ca_pem = "x"}));
  EXPECT_FALSE(Client::Create({.ca_file = "/nowhere/ca.pem"}));
  EXPECT_FALSE(Client::Create({.ca_pem = "no pem"}));
  EXPECT_FALSE(Client::Create({.client_cert_pem = "-----BEGIN CERTIFICATE-----"}));
}

}  // namespace
}  // namespace landwaiter::http
