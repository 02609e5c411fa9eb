#include "lib/kube/informer.h"

#include <gtest/gtest.h>

#include <mutex>

#include "lib/base/guarded.h"
#include "lib/kube/client.h"
#include "tests/support/fake_kube.h"
#include "tests/support/loopback_server.h"

namespace landwaiter::kube {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::FakeKube;

constexpr std::chrono::seconds kLimit{20};

struct Thing {
  std::string value;
};

Result<Thing> Project(const json& object) {
  if (object.contains("bad")) return InvalidArgument("bad");
  return Thing{object.value("value", "")};
}

json Make(const std::string& name, const std::string& value) {
  return json{{"metadata", {{"namespace", "ns"}, {"name", name}}}, {"value", value}};
}

ReflectorOptions Quick() {
  return {.resource = kPods, .backoff_min = milliseconds(1), .backoff_max = milliseconds(10)};
}

class InformerTest : public ::testing::Test {
 protected:
  void Start() {
    informer_.AddHandler([this](const auto& change) {
      log_.With([&](auto& log) {
        log.push_back(std::string(change.before ? (change.after ? "~" : "-") : "+") +
                      change.key.name);
      });
    });
    informer_.Start();
    ASSERT_TRUE(informer_.WaitForSync(Cancellation{}.Within(kLimit)));
  }
  std::vector<std::string> Log() {
    return log_.With([](const auto& log) { return log; });
  }
  bool Becomes(const std::string& name, const std::string& value) {
    return api_.WaitUntil([&] {
      const auto thing = informer_.Get(ObjectKey{"ns", name});
      return value.empty() ? thing == nullptr : thing && thing->value == value;
    });
  }

  FakeKube api_;
  landwaiter::Guarded<std::vector<std::string>> log_;
  Informer<Thing> informer_{api_, Quick(), Project};
};

TEST_F(InformerTest, ListsThenFollowsChanges) {
  api_.Put(kPods, Make("a", "1"));
  Start();
  EXPECT_TRUE(Becomes("a", "1"));
  api_.Put(kPods, Make("a", "2"));
  api_.Put(kPods, Make("b", "1"));
  EXPECT_TRUE(Becomes("a", "2"));
  EXPECT_TRUE(Becomes("b", "1"));
  api_.Remove(kPods, {"ns", "a"});
  EXPECT_TRUE(Becomes("a", ""));
  EXPECT_EQ(informer_.size(), 1u);
  ASSERT_TRUE(api_.WaitUntil([&] { return Log().size() == 4; }));
  EXPECT_EQ(Log(), (std::vector<std::string>{"+a", "~a", "+b", "-a"}));
}

TEST_F(InformerTest, TellsWhenTheServerWasHeardLast) {
  EXPECT_EQ(informer_.HeardAt(), 0);
  Start();
  const double listed = informer_.HeardAt();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_NEAR(listed, std::chrono::duration<double>(now).count(), 600);
  api_.Put(kPods, Make("a", "1"));
  EXPECT_TRUE(Becomes("a", "1"));
  EXPECT_GT(informer_.HeardAt(), listed);
  metrics::Registry metrics;
  informer_.Measure(metrics);
  EXPECT_NE(metrics.RenderPrometheus().find(
                "landwaiter_informer_heard_timestamp_seconds{resource=\"pods\"} 1"),
            std::string::npos);
}

TEST_F(InformerTest, SurvivesACutWatchWithoutListingAgain) {
  Start();
  api_.Cut();
  api_.Put(kPods, Make("a", "1"));
  EXPECT_TRUE(Becomes("a", "1"));
  EXPECT_EQ(informer_.Lists(), 1u);
}

// Admission pitfalls 16 and 89.
TEST_F(InformerTest, ListsAgainWhenItsVersionIsGoneAndFindsWhatItMissed) {
  api_.Put(kPods, Make("gone", "1"));
  api_.Put(kPods, Make("kept", "1"));
  Start();
  api_.SetFault([](const std::string& verb, const Resource&, const ObjectKey&) {
    return verb == "list" ? std::optional<Error>(Unavailable("down")) : std::nullopt;
  });
  api_.Remove(kPods, {"ns", "gone"});
  api_.Put(kPods, Make("new", "1"));
  api_.Forget();
  api_.Cut();
  ASSERT_TRUE(api_.WaitUntil([&] { return informer_.Lists() > 2; }));
  EXPECT_NE(informer_.Get(ObjectKey{"ns", "kept"}), nullptr) << "kept while the server is away";
  api_.SetFault(nullptr);
  EXPECT_TRUE(Becomes("new", "1"));
  EXPECT_TRUE(Becomes("gone", ""));
  EXPECT_TRUE(api_.WaitUntil([&] { return informer_.Connected(); }));
}

TEST_F(InformerTest, TellsNothingOfObjectsThatARelistShowsUnchanged) {
  api_.Put(kPods, Make("a", "1"));
  Start();
  api_.Forget();
  api_.Cut();
  ASSERT_TRUE(api_.WaitUntil([&] { return api_.Lists(kPods) == 2; }));
  api_.Put(kPods, Make("b", "1"));
  EXPECT_TRUE(Becomes("b", "1"));
  ASSERT_TRUE(api_.WaitUntil([&] { return Log().size() == 2; }));
  EXPECT_EQ(Log(), (std::vector<std::string>{"+a", "+b"}));
}

// Admission pitfall 22.
TEST_F(InformerTest, LeavesOutWhatItsProjectionRefuses) {
  json bad = Make("a", "1");
  bad["bad"] = true;
  api_.Put(kPods, bad);
  Start();
  EXPECT_EQ(informer_.size(), 0u);
  api_.Put(kPods, Make("a", "2"));
  EXPECT_TRUE(Becomes("a", "2"));
}

TEST_F(InformerTest, WaitsForSyncNoLongerThanItMay) {
  api_.SetFault([](const std::string&, const Resource&, const ObjectKey&) {
    return std::optional<Error>(Unavailable("down"));
  });
  informer_.Start();
  EXPECT_FALSE(informer_.WaitForSync(Cancellation{}.Within(milliseconds(20))));
  EXPECT_FALSE(informer_.HasSynced());
  api_.SetFault(nullptr);
  EXPECT_TRUE(informer_.WaitForSync(Cancellation{}.Within(kLimit)));
}

// Admission pitfalls 89 and 90.
/// Over HTTP: a server whose watches misbehave in every way in turn, and which always tells the
/// truth when listed.
TEST(InformerOverHttp, FindsTheTruthBehindEveryMisbehaviour) {
  std::atomic<int> watches{0};
  std::atomic<int> lists{0};
  testing::LoopbackServer server([&](const testing::SeenRequest& request, testing::Connection& c) {
    const std::vector<std::pair<std::string, std::string>> type = {
        {"Content-Type", "application/json"}};
    if (request.target.find("watch=true") == std::string::npos) {
      const int round = ++lists;
      const json list{
          {"metadata", {{"resourceVersion", std::to_string(round * 100)}}},
          {"items",
           json::array(
               {{{"metadata",
                  {{"namespace", "ns"}, {"name", "a"}, {"resourceVersion", std::to_string(round)}}},
                 {"value", std::to_string(round)}}})}};
      return c.Reply(200, type, list.dump());
    }
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    switch (watches++) {
      case 0:
        return c.Reply(410, type, R"({"reason":"Expired"})") && false;
      case 1:
        c.Send(head + "garbage\n");
        return false;
      case 2:
        c.Send(head + R"({"type":"ADDED","object":{"metadata")");
        return false;
      case 3:
        return c.Reply(500, type, "<html>") && false;
      case 4:
        return false;  // not a byte
      case 5:
        c.Send(head + R"({"type":"ERROR","object":{"code":410,"reason":"Expired"}})"
                      "\n");
        return false;
      case 6:
        c.Send(head + R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"777"}}})"
                      "\n");
        return false;
      case 7:
        EXPECT_NE(request.target.find("resourceVersion=777"), std::string::npos)
            << "resumes from the bookmark: " << request.target;
        c.Send(head + R"({"type":"MODIFIED","object":{"metadata":{"namespace":"ns","name":"a",)"
                      R"("resourceVersion":"778"},"value":"last"}})"
                      "\n");
        c.WaitForClose();
        return false;
      default:
        c.WaitForClose();
        return false;
    }
  });
  ClusterConfig config;
  config.server = "http://" + server.Host();
  auto client = Client::Create(config);
  ASSERT_TRUE(client);
  Informer<Thing> informer(**client, Quick(), Project);
  informer.Start();
  FakeKube clock;  // only for its patient wait
  EXPECT_TRUE(clock.WaitUntil([&] {
    const auto thing = informer.Get(ObjectKey{"ns", "a"});
    return thing && thing->value == "last";
  }));
  EXPECT_EQ(lists, 4) << "at the start, after 410, after garbage, after 410 as an event";
  informer.Stop();
}

}  // namespace
}  // namespace landwaiter::kube
