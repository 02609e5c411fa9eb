#include "lib/http/server.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/lib/http/raw_client.h"
#include "tests/unit/lib/http/small_server.h"

namespace landwaiter::http {
namespace {

struct RawCase {
  const char* name;
  std::string bytes;
  const char* status;
  const char* body;  // nullptr: any
};

const RawCase kRawCases[] = {
    {"a request is answered", "GET /hello?name=a%20b HTTP/1.1\r\n" + kEnd, "HTTP/1.1 200 OK",
     "hello a b"},
    {"HTTP/1.0 is answered and closed", "GET /hello HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK",
     "hello nobody"},
    {"a body with a length", "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n" + kEnd + "abc",
     "HTTP/1.1 200 OK", "abc"},
    {"a chunked body",
     "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kEnd +
         "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
     "HTTP/1.1 200 OK", "abc"},
    {"a negative chunk size",
     "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kEnd + "-2\r\nab\r\n0\r\n\r\n",
     "HTTP/1.1 400 Bad Request", nullptr},
    {"a chunk size beyond 64 bits",
     "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kEnd + "fffffffffffffffff\r\n",
     "HTTP/1.1 400 Bad Request", nullptr},
    {"a chunk size just under 64 bits",
     "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kEnd + "ffffffffffffffff\r\nab",
     "HTTP/1.1 413 Payload Too Large", nullptr},
    {"length and chunked together (request smuggling)",
     "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n" + kEnd + "abc",
     "HTTP/1.1 400 Bad Request", nullptr},
    {"two lengths",
     "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n" + kEnd + "abcd",
     "HTTP/1.1 400 Bad Request", nullptr},
    {"a negative length", "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n" + kEnd,
     "HTTP/1.1 400 Bad Request", nullptr},
    {"a length above the route's limit",
     "POST /echo HTTP/1.1\r\nContent-Length: 1001\r\n" + kEnd + std::string(1001, 'a'),
     "HTTP/1.1 413 Payload Too Large", "request body too large: the limit is 1000 bytes\n"},
    {"a length far above the route's limit",
     "POST /echo HTTP/1.1\r\nContent-Length: 999999999999999\r\n" + kEnd,
     "HTTP/1.1 413 Payload Too Large", nullptr},
    {"a chunked body above the route's limit",
     "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + kEnd + "3e9\r\n" +
         std::string(1001, 'a') + "\r\n0\r\n\r\n",
     "HTTP/1.1 413 Payload Too Large", nullptr},
    {"a header above 16 KiB",
     "GET /hello HTTP/1.1\r\nX: " + std::string(17000, 'a') + "\r\n" + kEnd,
     "HTTP/1.1 431 Request Header Fields Too Large", nullptr},
    {"a header of 64 MiB",
     "GET /hello HTTP/1.1\r\nX: " + std::string(std::size_t{64} << 20, 'a') + "\r\n" + kEnd,
     "HTTP/1.1 431 Request Header Fields Too Large", nullptr},
    {"a target above 16 KiB", "GET /" + std::string(20000, 'a') + " HTTP/1.1\r\n" + kEnd,
     "HTTP/1.1 431 Request Header Fields Too Large", nullptr},
    {"an unknown path", "GET /nowhere HTTP/1.1\r\n" + kEnd, "HTTP/1.1 404 Not Found",
     "not found\n"},
    {"another method", "PUT /hello HTTP/1.1\r\n" + kEnd, "HTTP/1.1 405 Method Not Allowed",
     "method not allowed\n"},
    {"a path below", "GET /below/a/b HTTP/1.1\r\n" + kEnd, "HTTP/1.1 200 OK", "/below/a/b"},
    {"no Host", "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 Bad Request",
     nullptr},
    {"an absolute target", "GET http://x/hello HTTP/1.1\r\n" + kEnd, "HTTP/1.1 400 Bad Request",
     nullptr},
    {"no HTTP at all", "\x16\x03\x01 what is this\r\n\r\n", "HTTP/1.1 400 Bad Request", nullptr},
    {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 Bad Request", nullptr},
    {"a handler that throws says nothing internal", "GET /throws HTTP/1.1\r\n" + kEnd,
     "HTTP/1.1 500 Internal Server Error", "internal error\n"},
    {"a handler that forgets its answer", "GET /forgets HTTP/1.1\r\n" + kEnd,
     "HTTP/1.1 500 Internal Server Error", "internal error\n"},
    {"an answer from another thread, once", "GET /later HTTP/1.1\r\n" + kEnd, "HTTP/1.1 200 OK",
     "later"},
    {"line ends in a field value do not make a field", "GET /split HTTP/1.1\r\n" + kEnd,
     "HTTP/1.1 200 OK", "x"},
};

TEST(Server, AnswersRawRequestsAsTheTableSays) {
  auto server = MakeServer();
  ASSERT_TRUE(server->Start().has_value());
  for (const RawCase& c : kRawCases) {
    SCOPED_TRACE(c.name);
    const std::string answer = Exchange(server->Port(), c.bytes);
    EXPECT_EQ(Status(answer), c.status);
    EXPECT_EQ(answer.find("\r\nSet-Cookie"), std::string::npos);
    if (c.body != nullptr) {
      EXPECT_EQ(Body(answer), c.body);
    }
  }
}

TEST(Server, AnswersPipelinedRequestsInOrderOnOneConnection) {
  auto server = MakeServer();
  ASSERT_TRUE(server->Start().has_value());
  std::string bytes;
  for (int i = 0; i < 50; ++i) {
    const std::string text = "n" + std::to_string(i);
    bytes += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(text.size()) +
             "\r\n\r\n" + text;
  }
  const std::string answer = Exchange(server->Port(), bytes + "GET /hello HTTP/1.1\r\n" + kEnd);
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = answer.find("\r\n\r\nn" + std::to_string(i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_NE(answer.find("hello nobody", at), std::string::npos);
}

TEST(Server, KeepsAConnectionOpenAcrossRequestsAndRefusals) {
  auto server = MakeServer();
  ASSERT_TRUE(server->Start().has_value());
  const FileDescriptor fd = ConnectTo(server->Port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(SendAll(fd.get(), "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(Status(ReadUntil(fd.get(), "hello nobody")), "HTTP/1.1 200 OK");
    ASSERT_TRUE(SendAll(fd.get(), "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(Status(ReadUntil(fd.get(), "not found")), "HTTP/1.1 404 Not Found");
  }
}

TEST(Server, EndsTheConnectionWithAnAnswerThatSaysSo) {
  auto server = MakeServer();
  server->Route("GET", "/elsewhere", [](ServerRequest&&, Responder responder) {
    ServerResponse response = TextResponse(503, "ask another one\n");
    response.close = true;
    responder(std::move(response));
  });
  ASSERT_TRUE(server->Start().has_value());
  const FileDescriptor fd = ConnectTo(server->Port());
  ASSERT_TRUE(SendAll(fd.get(), "GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n"));
  const std::string answer = ReadToEnd(fd.get());
  EXPECT_EQ(Body(answer), "ask another one\n");
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST(Server, TellsAWaitingClientToGoOnWithItsBody) {
  auto server = MakeServer();
  ASSERT_TRUE(server->Start().has_value());
  const FileDescriptor fd = ConnectTo(server->Port());
  SendAll(fd.get(), "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + kEnd);
  EXPECT_EQ(Status(ReadUntil(fd.get(), "\r\n\r\n")), "HTTP/1.1 100 Continue");
  SendAll(fd.get(), "ab");
  EXPECT_EQ(Body(ReadToEnd(fd.get())), "ab");
}

struct SlowCase {
  const char* name;
  std::string sent;
  const char* status;
};

const SlowCase kSlowCases[] = {
    {"silence is closed without a word", "", ""},
    {"a header that stops", "GET /hello HT", "HTTP/1.1 408 Request Timeout"},
    {"a body that stops", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
     "HTTP/1.1 408 Request Timeout"},
    {"a chunked body that stops",
     "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
     "HTTP/1.1 408 Request Timeout"},
    {"a kept connection that falls idle", "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
     "HTTP/1.1 200 OK"},
};

TEST(Server, ClosesClientsThatStall) {
  ServerOptions options;
  options.limits.header_timeout = milliseconds(150);
  options.limits.body_timeout = milliseconds(150);
  options.limits.idle_timeout = milliseconds(150);
  auto server = MakeServer(options);
  ASSERT_TRUE(server->Start().has_value());
  for (const SlowCase& c : kSlowCases) {
    SCOPED_TRACE(c.name);
    const std::string answer = Exchange(server->Port(), c.sent);
    EXPECT_EQ(Status(answer), c.status);
    EXPECT_EQ(answer.find("TIMEOUT"), std::string::npos);
  }
}

TEST(Server, ClosesAClientThatDoesNotReadItsAnswer) {
  ServerOptions options;
  options.limits.write_timeout = milliseconds(200);
  options.limits.slowest_write_bytes_per_second = std::size_t{1} << 30;
  metrics::Registry registry;
  options.metrics = &registry;
  auto server = MakeServer(options);
  server->Route("GET", "/large", [](ServerRequest&&, Responder respond) {
    respond(TextResponse(200, std::string(24 << 20, 'a')));
  });
  ASSERT_TRUE(server->Start().has_value());
  const FileDescriptor fd = ConnectTo(server->Port());
  SendAll(fd.get(), "GET /large HTTP/1.1\r\n" + kEnd);
  ReadUntil(fd.get(), "HTTP/1.1 200 OK");
  // Stop returns only when the connection has gone: by its own deadline, not by the drain's.
  const auto begin = std::chrono::steady_clock::now();
  while (registry.RenderPrometheus().find("event=\"timeout\"} 1") == std::string::npos &&
         std::chrono::steady_clock::now() - begin < std::chrono::seconds(40)) {
    std::this_thread::yield();
  }
  EXPECT_LT(ReadToEnd(fd.get()).size(), std::size_t{24} << 20);
}

TEST(Server, BytesOfABodyCountAsTheyComeAndNotWhenItIsWhole) {
  ServerOptions options;
  options.limits.max_total_body_bytes = 900;
  auto server = MakeServer(options);
  ASSERT_TRUE(server->Start().has_value());
  const FileDescriptor fd = ConnectTo(server->Port());
  SendAll(fd.get(),
          "POST /echo HTTP/1.1\r\nContent-Length: 1000\r\n" + kEnd + std::string(901, 'a'));
  EXPECT_EQ(Status(ReadToEnd(fd.get())), "HTTP/1.1 503 Service Unavailable");
}

// Admission pitfall 91.
TEST(Server, HealthRoutesSayWhatIsMissing) {
  metrics::Registry registry;
  registry.AddCounter("a_total", "A.");
  std::string missing = "informers not synced";
  auto server = MakeServer();
  AddHealthRoutes(
      *server, [&] { return missing; }, &registry);
  ASSERT_TRUE(server->Start().has_value());
  EXPECT_EQ(Status(Exchange(server->Port(), "GET /healthz HTTP/1.1\r\n" + kEnd)),
            "HTTP/1.1 200 OK");
  const std::string answer = Exchange(server->Port(), "GET /readyz HTTP/1.1\r\n" + kEnd);
  EXPECT_EQ(Status(answer), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(Body(answer), "not ready: informers not synced\n");
  EXPECT_NE(Exchange(server->Port(), "GET /metrics HTTP/1.1\r\n" + kEnd).find("a_total 0"),
            std::string::npos);
}

// Admission pitfall 100: clusters of one family and of both; IPv4 is served where the kernel has no
// IPv6.
TEST(Server, OfAllAddressesServesBothFamiliesByOnePort) {
  auto server = MakeServer({.listen = "[::]:0"});
  ASSERT_TRUE(server->Start().has_value());
  EXPECT_EQ(Status(Exchange(server->Port(), "GET /hello HTTP/1.1\r\n" + kEnd)), "HTTP/1.1 200 OK");
  FileDescriptor six(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  address.sin6_port = 0;
  if (!six || ::bind(six.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  address.sin6_port = htons(server->Port());
  ASSERT_EQ(::connect(six.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_TRUE(SendAll(six.get(), "GET /hello HTTP/1.1\r\n" + kEnd));
  EXPECT_EQ(Status(ReadToEnd(six.get())), "HTTP/1.1 200 OK");
}

TEST(Server, NamesAnAddressThatCannotBeServed) {
  for (const char* address : {"nonsense", "127.0.0.1:99999", "127.0.0.1:", "a:b:1", "[::1:1"}) {
    auto server = Server::Create({.listen = address});
    ASSERT_FALSE(server.has_value()) << address;
    EXPECT_NE(server.error().message.find(address), std::string::npos);
  }
  auto first = MakeServer();
  ASSERT_TRUE(first->Start().has_value());
  auto second = MakeServer({.listen = "127.0.0.1:" + std::to_string(first->Port())});
  const auto started = second->Start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace landwaiter::http
