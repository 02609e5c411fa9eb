// The client and bodies that come piece by piece.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

#include "lib/http/client.h"
#include "tests/support/loopback_server.h"
#include "tests/unit/lib/http/made_client.h"

namespace landwaiter::http {
namespace {

using namespace std::chrono_literals;
using testing::Connection;
using testing::LoopbackServer;
using testing::SeenRequest;

TEST(Client, StopsAStreamAtOnceWhileNoByteFlows) {
  LoopbackServer server([](const SeenRequest&, Connection& c) {
    c.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n");
    c.WaitForClose();
    return false;
  });
  auto client = MakeClient();
  constexpr int kStreams = 8;
  std::stop_source stop;
  std::atomic<int> heads = 0;
  std::vector<std::promise<void>> events(kStreams);
  std::vector<std::future<Result<Response>>> streams;
  for (int i = 0; i < kStreams; ++i) {
    streams.push_back(std::async(std::launch::async, [&, i] {
      Request request;
      request.url = server.Url("/watch");
      request.stall_timeout = 0ms;
      return client->Stream(
          request, Cancellation{stop.get_token()},
          [&](const Response& head) {
            heads += head.status == 200;
            return true;
          },
          [&](std::string_view bytes) {
            EXPECT_EQ(bytes, "event");
            events[static_cast<std::size_t>(i)].set_value();
            return true;
          });
    }));
  }
  for (auto& event : events) event.get_future().wait();
  EXPECT_EQ(heads, kStreams);
  stop.request_stop();
  for (auto& stream : streams) {
    const auto result = stream.get();  // hangs if the stop does not wake it
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kCancelled);
  }
}

TEST(Client, ReaderEndsAStream) {
  LoopbackServer server([](const SeenRequest&, Connection& c) {
    c.Reply(200, {}, "some bytes");
    return true;
  });
  auto client = MakeClient();
  Request request;
  request.url = server.Url("/");
  const auto by_head = client->Stream(
      request, {}, [](const Response&) { return false; }, nullptr);
  ASSERT_FALSE(by_head);
  EXPECT_EQ(by_head.error().code, Code::kCancelled);
  const auto by_data = client->Stream(request, {}, nullptr, [](std::string_view) { return false; });
  ASSERT_FALSE(by_data);
  EXPECT_EQ(by_data.error().code, Code::kCancelled);
}

TEST(Client, PulledBodyComesWholeAndNotFasterThanItIsRead) {
  const std::size_t kSize = 64u << 20;
  std::atomic<std::size_t> sent = 0;
  LoopbackServer server([&](const SeenRequest&, Connection& c) {
    c.Send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    std::string block(65536, '\0');
    for (std::size_t at = 0; at < kSize; at += block.size()) {
      for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>((at + i) % 251);
      if (!c.Send(block)) return false;
      sent += block.size();
    }
    return true;
  });
  auto client = MakeClient();
  Request request;
  request.url = server.Url("/blob");
  request.max_body_bytes = 0;
  auto body = client->Open(request, {});
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ((*body)->Head().status, 200);
  std::vector<char> buffer(100'000);
  std::size_t at = 0;
  for (;;) {
    const auto got = (*body)->Read(buffer.data(), buffer.size());
    ASSERT_TRUE(got) << got.error().message;
    if (*got == 0) break;
    for (std::size_t i = 0; i < *got; ++i) {
      ASSERT_EQ(buffer[i], static_cast<char>((at + i) % 251)) << at + i;
    }
    at += *got;
    // What is ahead of the reader is in buffers: ours and the kernel's, far below the whole.
    ASSERT_LT(sent, at + (24u << 20));
  }
  EXPECT_EQ(at, kSize);
}

TEST(Client, PulledBodyThatBreaksOffGivesItsBytesAndThenTheError) {
  LoopbackServer server([](const SeenRequest&, Connection& c) {
    c.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    return false;
  });
  auto client = MakeClient();
  Request request;
  request.url = server.Url("/blob");
  auto body = client->Open(request, {});
  ASSERT_TRUE(body);
  char buffer[64];
  auto got = (*body)->Read(buffer, sizeof buffer);
  ASSERT_TRUE(got);
  EXPECT_EQ(std::string_view(buffer, *got), "half");
  got = (*body)->Read(buffer, sizeof buffer);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace landwaiter::http
