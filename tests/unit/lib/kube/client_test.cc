// The client against an API server on loopback that answers as told.
#include "lib/kube/client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/loopback_server.h"

namespace landwaiter::kube {
namespace {

using nlohmann::json;
using testing::Connection;
using testing::LoopbackServer;
using testing::SeenRequest;

const std::vector<std::pair<std::string, std::string>> kJson = {
    {"Content-Type", "application/json"}};

std::unique_ptr<Client> Connect(const LoopbackServer& server, ClusterConfig config = {}) {
  config.server = "http://" + server.Host();
  auto client = Client::Create(config, {.timeout = std::chrono::seconds(5)});
  EXPECT_TRUE(client) << client.error().message;
  return std::move(*client);
}

TEST(KubeClient, AsksForTheRightPaths) {
  LoopbackServer server([](const SeenRequest&, Connection& connection) {
    return connection.Reply(200, kJson, R"({"metadata":{"name":"x"}})");
  });
  auto client = Connect(server);
  const Resource scans{"landwaiter.io", "v1alpha1", "imagescans", "ImageScan", false};
  ASSERT_TRUE(client->Get(kPods, {"shop", "cart"}, {}));
  ASSERT_TRUE(client->Get(scans, {"", "a b"}, {}));
  ASSERT_TRUE(client->Create(kEvents, json{{"metadata", {{"namespace", "shop"}}}}, {}));
  ASSERT_TRUE(client->UpdateStatus(scans, json{{"metadata", {{"name", "s"}}}}, {}));
  ASSERT_TRUE(client->Patch(scans, {"", "s"},
                            {.type = PatchType::kApply, .field_manager = "me", .force = true},
                            json::object(), {}));
  ASSERT_TRUE(client->Delete(kPods, {"shop", "cart"}, {.uid = "u"}, {}));
  const auto seen = server.Seen();
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(seen[0].target, "/api/v1/namespaces/shop/pods/cart");
  EXPECT_EQ(seen[1].target, "/apis/landwaiter.io/v1alpha1/imagescans/a%20b");
  EXPECT_EQ(seen[2].method + seen[2].target, "POST/api/v1/namespaces/shop/events");
  EXPECT_EQ(seen[3].method + seen[3].target, "PUT/apis/landwaiter.io/v1alpha1/imagescans/s/status");
  EXPECT_EQ(seen[4].method + seen[4].target,
            "PATCH/apis/landwaiter.io/v1alpha1/imagescans/s?fieldManager=me&force=true");
  EXPECT_EQ(seen[4].Header("content-type"), "application/apply-patch+yaml");
  EXPECT_EQ(json::parse(seen[5].body)["preconditions"]["uid"], "u");
}

// Admission pitfall 83.
TEST(KubeClient, FollowsThePagesOfAList) {
  LoopbackServer server([](const SeenRequest& request, Connection& connection) {
    const bool second = request.target.find("continue=next%3D") != std::string::npos;
    const json page{
        {"metadata",
         {{"resourceVersion", second ? "9" : "8"}, {"continue", second ? "" : "next="}}},
        {"items", json::array({{{"metadata", {{"name", second ? "b" : "a"}}}}})}};
    return connection.Reply(200, kJson, page.dump());
  });
  auto client = Connect(server);
  std::string names;
  auto version = client->List(kNodes, {.page_size = 1},
                              [&](json&& item) {
                                names += KeyOf(item).name;
                                return Ok();
                              },
                              {});
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(*version, "9");
  EXPECT_EQ(names, "ab");
  EXPECT_EQ(server.Seen()[0].target, "/api/v1/nodes?limit=1");
}

// Admission pitfall 83.
TEST(KubeClient, AsksForSmallerPagesWhereOneIsTooLarge) {
  // Sixteen objects, of which the first eight are large.
  LoopbackServer server([](const SeenRequest& request, Connection& connection) {
    const auto number = [&](const std::string& name) {
      const auto at = request.target.find(name + "=");
      return at == std::string::npos ? 0 : std::stoi(request.target.substr(at + name.size() + 1));
    };
    const int from = number("continue");
    const int to = std::min(16, from + number("limit"));
    json page{{"metadata", {{"resourceVersion", "9"}}}, {"items", json::array()}};
    if (to < 16) page["metadata"]["continue"] = std::to_string(to);
    for (int i = from; i < to; ++i) {
      page["items"].push_back({{"metadata", {{"name", "n" + std::to_string(i)}}},
                               {"data", std::string(i < 8 ? 800 : 8, 'x')}});
    }
    return connection.Reply(200, kJson, page.dump());
  });
  ClusterConfig config;
  config.server = "http://" + server.Host();
  auto client = Client::Create(config, {.max_page_bytes = 1200});
  ASSERT_TRUE(client);
  std::vector<std::string> names;
  auto version = (*client)->List(kNodes, {.page_size = 16},
                                 [&](json&& item) {
                                   names.push_back(KeyOf(item).name);
                                   return Ok();
                                 },
                                 {});
  ASSERT_TRUE(version) << version.error().message;
  ASSERT_EQ(names.size(), 16u) << "each once";
  for (int i = 0; i < 16; ++i) EXPECT_EQ(names[i], "n" + std::to_string(i));
  EXPECT_NE(server.Seen().back().target.find("limit=8"), std::string::npos)
      << server.Seen().back().target << ": the small ones come in larger pages again";
}

TEST(KubeClient, TellsOfOneObjectThatIsTooLarge) {
  LoopbackServer server([](const SeenRequest&, Connection& connection) {
    return connection.Reply(200, kJson, std::string(5000, ' '));
  });
  ClusterConfig config;
  config.server = "http://" + server.Host();
  auto client = Client::Create(config, {.max_page_bytes = 1200});
  ASSERT_TRUE(client);
  auto version = (*client)->List(kNodes, {.page_size = 16}, [](json&&) { return Ok(); }, {});
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().code, Code::kResourceExhausted);
  EXPECT_EQ(server.Seen().size(), 5u) << "16, 8, 4, 2, 1";
}

TEST(KubeClient, NamesWhatAnAnswerIsNot) {
  const std::pair<const char*, const char*> cases[] = {
      {"half a body", R"({"metadata":{"name")"},
      {"no object", "[]"},
      {"garbage", "\x1f\x8b\x08"},
      {"nothing", ""},
  };
  for (const auto& [name, body] : cases) {
    LoopbackServer server([body = std::string(body)](const SeenRequest&, Connection& connection) {
      return connection.Reply(200, kJson, body);
    });
    auto answer = Connect(server)->Get(kNodes, {"", "n"}, {});
    ASSERT_FALSE(answer) << name;
    EXPECT_EQ(answer.error().code, Code::kDataLoss) << name;
  }
}

// Admission pitfall 53.
TEST(KubeClient, RefusesAListThatIsNone) {
  for (const char* body :
       {R"({"items":3,"metadata":{}})", R"({"items":[]})",
        R"({"items":[3],"metadata":{"resourceVersion":"1"}})", R"({"items":[],"metadata":{}})"}) {
    LoopbackServer server([body](const SeenRequest&, Connection& connection) {
      return connection.Reply(200, kJson, body);
    });
    auto version = Connect(server)->List(kNodes, {}, [](json&&) { return Ok(); }, {});
    ASSERT_FALSE(version) << body;
    EXPECT_EQ(version.error().code, Code::kDataLoss) << body;
  }
}

TEST(KubeClient, WaitsAsLongAsAThrottlingServerAsks) {
  std::atomic<int> calls{0};
  LoopbackServer server([&](const SeenRequest&, Connection& connection) {
    if (calls++ == 0) return connection.Reply(429, {{"Retry-After", "1"}}, "{}");
    return connection.Reply(200, kJson, "{}");
  });
  auto client = Connect(server);
  const auto started = std::chrono::steady_clock::now();
  ASSERT_TRUE(client->Get(kNodes, {"", "n"}, {}));
  EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::seconds(1));
  EXPECT_EQ(calls, 2);
}

TEST(KubeClient, GivesUpWaitingWhenCancelled) {
  LoopbackServer server([](const SeenRequest&, Connection& connection) {
    return connection.Reply(429, {{"Retry-After", "30"}}, "{}");
  });
  auto client = Connect(server);
  auto answer =
      client->Get(kNodes, {"", "n"}, Cancellation{}.Within(std::chrono::milliseconds(50)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kDeadlineExceeded);
}

TEST(KubeClient, AWriteThatWasToWaitIsNotSentWhenTheRightToWriteIsOver) {
  LoopbackServer server([](const SeenRequest&, Connection& connection) {
    return connection.Reply(429, {{"Retry-After", "30"}}, "{}");
  });
  auto client = Connect(server);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  FencedApi fenced(
      *client, [] { return true; }, [end] { return end; });
  const json pod{{"metadata", {{"namespace", "shop"}, {"name", "cart"}}}};
  const auto written = fenced.Update(kPods, pod, {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kDeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - end, std::chrono::seconds(20))
      << "the pause that the server asked for was not waited out";
  EXPECT_EQ(server.Seen().size(), 1u);
  // Where the check was passed and the process slept before it sent: nothing leaves.
  std::this_thread::sleep_until(end);
  EXPECT_FALSE(fenced.Update(kPods, pod, {}));
  EXPECT_FALSE(fenced.Delete(kPods, {"shop", "cart"}, {}, {}));
  EXPECT_EQ(server.Seen().size(), 1u);
}

TEST(KubeClient, ReadsARenewedTokenWhenTheOldOneIsRefused) {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("landwaiter-token-" + std::to_string(getpid())))
          .string();
  std::ofstream(file) << "old";
  LoopbackServer server([&](const SeenRequest& request, Connection& connection) {
    if (request.Header("authorization") == "Bearer new") return connection.Reply(200, kJson, "{}");
    std::ofstream(file) << "new";
    return connection.Reply(401, kJson, "{}");
  });
  ClusterConfig config;
  config.token_file = file;
  auto client = Connect(server, config);
  auto answer = client->Get(kNodes, {"", "n"}, {});
  EXPECT_TRUE(answer) << answer.error().message;
  std::filesystem::remove(file);
}

bool SendChunk(Connection& connection, const std::string& bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return connection.Send(size + bytes + "\r\n");
}

const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

struct WatchRun {
  Status status;
  std::vector<std::string> names;
};

WatchRun Watch(const std::function<bool(Connection&)>& serve,
               std::chrono::milliseconds stall = std::chrono::seconds(5)) {
  LoopbackServer server([&](const SeenRequest&, Connection& c) { return serve(c); });
  auto client = Connect(server);
  WatchRun run;
  run.status = client->Watch(kNodes, {.resource_version = "5", .stall_timeout = stall},
                             [&](WatchEventType, const json& object) {
                               run.names.push_back(KeyOf(object).name);
                               return true;
                             },
                             {});
  EXPECT_NE(server.Seen()[0].target.find("resourceVersion=5"), std::string::npos);
  EXPECT_NE(server.Seen()[0].target.find("allowWatchBookmarks=true"), std::string::npos);
  return run;
}

const std::string kAdded = R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})"
                           "\n";

TEST(KubeWatch, EndsWellWhenTheServerEndsIt) {
  const auto run = Watch([](Connection& c) {
    c.Send(kStreamHead);
    SendChunk(c, kAdded);
    return c.Send("0\r\n\r\n");
  });
  EXPECT_TRUE(run.status) << run.status.error().message;
  EXPECT_EQ(run.names, std::vector<std::string>{"a"});
}

TEST(KubeWatch, TellsABrokenStreamAfterItsEvents) {
  const auto run = Watch([](Connection& c) {
    c.Send(kStreamHead);
    SendChunk(c, kAdded + R"({"type":"ADD)");
    return false;  // closes inside a line
  });
  ASSERT_FALSE(run.status);
  EXPECT_EQ(run.status.error().code, Code::kUnavailable);
  EXPECT_EQ(run.names, std::vector<std::string>{"a"});
}

TEST(KubeWatch, TellsAHalfLineEvenWhenTheStreamEndsInGoodOrder) {
  const auto run = Watch([](Connection& c) {
    c.Send(kStreamHead);
    SendChunk(c, R"({"type":"ADD)");
    return c.Send("0\r\n\r\n");
  });
  ASSERT_FALSE(run.status);
  EXPECT_EQ(run.status.error().code, Code::kUnavailable);
}

// Admission pitfall 89.
TEST(KubeWatch, TellsGoneByStatusAndByEvent) {
  const auto by_status = Watch([](Connection& c) {
    return c.Reply(410, kJson, R"({"reason":"Expired","message":"too old"})");
  });
  ASSERT_FALSE(by_status.status);
  EXPECT_EQ(by_status.status.error().reason, kReasonGone);
  const auto by_event = Watch([](Connection& c) {
    c.Send(kStreamHead);
    SendChunk(c, R"({"type":"ERROR","object":{"code":410,"reason":"Expired"}})"
                 "\n");
    c.WaitForClose();
    return false;
  });
  ASSERT_FALSE(by_event.status);
  EXPECT_EQ(by_event.status.error().reason, kReasonGone);
}

// Admission pitfall 90.
TEST(KubeWatch, DetectsAServerThatSaysNothing) {
  const auto run = Watch(
      [](Connection& c) {
        c.Send(kStreamHead);
        c.WaitForClose();
        return false;
      },
      std::chrono::milliseconds(200));
  ASSERT_FALSE(run.status);
  EXPECT_NE(run.status.error().code, Code::kCancelled) << run.status.error().message;
}

TEST(KubeWatch, StopsAtOnceWhenCancelled) {
  LoopbackServer server([](const SeenRequest&, Connection& c) {
    c.Send(kStreamHead);
    SendChunk(c, kAdded);
    c.WaitForClose();
    return false;
  });
  auto client = Connect(server);
  std::stop_source stop;
  const Status status = client->Watch(kNodes, {.resource_version = "5"},
                                      [&](WatchEventType, const json&) {
                                        stop.request_stop();
                                        return true;
                                      },
                                      {stop.get_token()});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kCancelled);
}

}  // namespace
}  // namespace landwaiter::kube
