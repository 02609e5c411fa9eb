// Requests that wait for their answer: at the end, when the client hangs up, and what they hold.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "lib/http/server.h"
#include "tests/unit/lib/http/raw_client.h"
#include "tests/unit/lib/http/small_server.h"

namespace landwaiter::http {
namespace {

/// Holds responders until the test lets them go.
struct Holder {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Responder> held;
  std::stop_token disconnected;

  Handler MakeHandler() {
    return [this](ServerRequest&& request, Responder respond) {
      const std::lock_guard lock(mutex);
      disconnected = request.disconnected;
      held.push_back(std::move(respond));
      changed.notify_all();
    };
  }
  void WaitFor(std::size_t count) {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(
        changed.wait_for(lock, std::chrono::seconds(30), [&] { return held.size() >= count; }));
  }
};

TEST(Server, RefusesBodiesBeyondTheBudgetOfAllAndGivesItBack) {
  ServerOptions options;
  options.limits.max_total_body_bytes = 1500;
  auto server = MakeServer(options);
  Holder holder;
  std::vector<ServerRequest> requests;  // each keeps its body, and so its share of the budget
  server->Route("POST", "/hold",
                [&, hold = holder.MakeHandler()](ServerRequest&& request, Responder respond) {
                  requests.push_back(std::move(request));
                  hold(ServerRequest{}, std::move(respond));
                });
  ASSERT_TRUE(server->Start().has_value());
  const std::string length = " HTTP/1.1\r\nContent-Length: 1000\r\n" + kEnd;
  const std::string request = "POST /echo" + length + std::string(1000, 'b');
  for (std::size_t round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    const FileDescriptor first = ConnectTo(server->Port());
    SendAll(first.get(), "POST /hold" + length + std::string(1000, 'a'));
    holder.WaitFor(round + 1);
    const std::string refused = Exchange(server->Port(), request);
    EXPECT_EQ(Status(refused), "HTTP/1.1 503 Service Unavailable");
    EXPECT_NE(refused.find("Retry-After: 1"), std::string::npos);
    requests.clear();
    EXPECT_EQ(Status(Exchange(server->Port(), request)), "HTTP/1.1 200 OK");
    holder.held[round](TextResponse(200, "done"));
    EXPECT_EQ(Body(ReadToEnd(first.get())), "done");
  }
}

// Admission pitfall 15.
TEST(Server, StopLetsRequestsInHandFinishAndRefusesNewOnes) {
  Holder holder;
  auto server = MakeServer();
  server->Route("GET", "/hold", holder.MakeHandler());
  ASSERT_TRUE(server->Start().has_value());
  const FileDescriptor busy = ConnectTo(server->Port());
  const FileDescriptor idle = ConnectTo(server->Port());
  SendAll(busy.get(), "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  holder.WaitFor(1);
  std::jthread stopper([&] { server->Stop(); });
  EXPECT_EQ(ReadToEnd(idle.get()), "");  // closed at once
  holder.held[0](TextResponse(200, "done"));
  // And closed then. The header says so only where the busy connection heard of the end before its
  // answer: each hears of it on a thread of its own.
  EXPECT_EQ(Body(ReadToEnd(busy.get())), "done");
  stopper.join();
  EXPECT_FALSE(ConnectTo(server->Port()));
}

TEST(Server, StopEndsRequestsThatNobodyAnswersAndALateAnswerIsDropped) {
  Holder holder;
  ServerOptions options;
  options.limits.drain_timeout = milliseconds(50);
  auto server = MakeServer(options);
  server->Route("GET", "/hold", holder.MakeHandler());
  ASSERT_TRUE(server->Start().has_value());
  const FileDescriptor busy = ConnectTo(server->Port());
  SendAll(busy.get(), "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  holder.WaitFor(1);
  server->Stop();
  EXPECT_EQ(ReadToEnd(busy.get()), "");
  server.reset();
  holder.held[0](TextResponse(200, "too late"));
}

TEST(Server, TellsTheHandlerWhenTheClientHangsUp) {
  Holder holder;
  auto server = MakeServer();
  server->Route("GET", "/hold", holder.MakeHandler());
  ASSERT_TRUE(server->Start().has_value());
  std::mutex mutex;
  std::condition_variable_any gone;
  {
    const FileDescriptor fd = ConnectTo(server->Port());
    SendAll(fd.get(), "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    holder.WaitFor(1);
    EXPECT_FALSE(holder.disconnected.stop_requested());
  }
  std::unique_lock lock(mutex);
  gone.wait_for(lock, holder.disconnected, std::chrono::seconds(30), [] { return false; });
  EXPECT_TRUE(holder.disconnected.stop_requested());
  holder.held.clear();
}

}  // namespace
}  // namespace landwaiter::http
