#include "controller/report_api/access.h"

#include <gtest/gtest.h>

#include "lib/base/log.h"
#include "tests/support/fake_kube.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Answers reviews as an API server: by tables of tokens and rights.
class Reviewer final : public testing::FakeKube {
 public:
  Result<json> Create(const kube::Resource& resource, const json& object,
                      const Cancellation&) override {
    if (away) return Unavailable("the API server is away");
    json answer = object;
    if (resource.plural == "tokenreviews") {
      ++tokens_asked;
      asked_audiences = object["spec"].value("audiences", json::array());
      const std::string token = object["spec"]["token"];
      if (users.contains(token)) {
        answer["status"] = {{"authenticated", true},
                            {"user", {{"username", users[token]}, {"groups", {"dev"}}}},
                            {"audiences", audiences}};
      } else {
        answer["status"] = {{"authenticated", false}, {"error", "no such token"}};
      }
    } else {
      ++rights_asked;
      last_review = object;
      const json& wanted = object["spec"]["resourceAttributes"];
      const std::string verb = wanted["verb"];
      answer["status"] = {{"allowed", verb == "list" && object["spec"]["user"] == "alice"}};
    }
    return answer;
  }

  std::map<std::string, std::string> users = {{"good", "alice"}, {"other", "bob"}};
  json audiences = json::array();
  json asked_audiences;
  json last_review;
  bool away = false;
  int tokens_asked = 0;
  int rights_asked = 0;
};

class AccessTest : public ::testing::Test {
 protected:
  Access Make(AccessOptions options = {}) {
    options.now = [this] { return now_; };
    return Access(api_, options);
  }
  Reviewer api_;
  std::chrono::steady_clock::time_point now_{1h};
};

constexpr Right kList{"list", "imagescans"};
constexpr Right kCreate{"create", "imagescans"};

TEST_F(AccessTest, TheApiServerSaysWhoItIs) {
  Access access = Make();
  const auto caller = access.Authenticate(Secret("good"), {});
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->name, "alice");
  EXPECT_EQ(caller->groups, std::vector<std::string>{"dev"});
  const auto stranger = access.Authenticate(Secret("bad"), {});
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, Code::kUnauthenticated);
  EXPECT_EQ(stranger.error().message.find("bad"), std::string::npos) << "no token in a message";
}

TEST_F(AccessTest, AnAnswerIsKeptForAWhileAndNoLonger) {
  Access access = Make();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(access.Authenticate(Secret("good"), {}));
  EXPECT_EQ(api_.tokens_asked, 1);
  api_.users.clear();  // revoked
  now_ += 29s;
  EXPECT_TRUE(access.Authenticate(Secret("good"), {}));
  now_ += 2s;
  EXPECT_FALSE(access.Authenticate(Secret("good"), {}));
}

TEST_F(AccessTest, ARefusalIsKeptShorter) {
  Access access = Make();
  EXPECT_FALSE(access.Authenticate(Secret("new"), {}));
  api_.users["new"] = "carol";
  EXPECT_FALSE(access.Authenticate(Secret("new"), {}));
  now_ += 11s;
  EXPECT_TRUE(access.Authenticate(Secret("new"), {}));
}

TEST_F(AccessTest, AnOutageIsKeptNotAtAll) {
  Access access = Make();
  api_.away = true;
  const auto caller = access.Authenticate(Secret("good"), {});
  ASSERT_FALSE(caller);
  EXPECT_EQ(caller.error().code, Code::kUnavailable) << "and nobody is let in";
  api_.away = false;
  EXPECT_TRUE(access.Authenticate(Secret("good"), {}));
}

TEST_F(AccessTest, ATokenForSomebodyElseIsRefused) {
  Access access = Make({.audiences = {"landwaiter"}});
  api_.audiences = {"https://kubernetes.default.svc"};
  EXPECT_FALSE(access.Authenticate(Secret("good"), {}));
  EXPECT_EQ(api_.asked_audiences, json({"landwaiter"}));
  api_.audiences = {"landwaiter"};
  now_ += 11s;
  EXPECT_TRUE(access.Authenticate(Secret("good"), {}));
}

TEST_F(AccessTest, AFloodOfUnknownTokensIsStoppedAndWhoIsKnownGoesOn) {
  Access access = Make({.reviews_per_second = 1, .review_burst = 5});
  ASSERT_TRUE(access.Authenticate(Secret("good"), {}));
  Code last = Code::kInternal;
  for (int i = 0; i < 100; ++i) {
    last = access.Authenticate(Secret("bad-" + std::to_string(i)), {}).error().code;
  }
  EXPECT_EQ(last, Code::kResourceExhausted);
  EXPECT_EQ(api_.tokens_asked, 5);
  EXPECT_TRUE(access.Authenticate(Secret("good"), {}));
}

TEST_F(AccessTest, NoMoreIsKeptThanTheBound) {
  Access access = Make({.max_kept = 4, .reviews_per_second = 1000, .review_burst = 1000});
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(access.Authenticate(Secret("bad-" + std::to_string(i)), {}));
  }
  EXPECT_TRUE(access.Authenticate(Secret("good"), {}));
}

TEST_F(AccessTest, ARightIsOfTheCallerAndTheVerb) {
  Access access = Make();
  const Caller alice{"alice", "u-1", {"dev"}, {{"scopes", {"a"}}}};
  EXPECT_TRUE(access.Check(alice, kList, {}));
  EXPECT_EQ(api_.last_review["spec"], json({{"user", "alice"},
                                            {"uid", "u-1"},
                                            {"groups", {"dev"}},
                                            {"extra", {{"scopes", {"a"}}}},
                                            {"resourceAttributes",
                                             {{"group", "landwaiter.io"},
                                              {"version", "v1alpha1"},
                                              {"resource", "imagescans"},
                                              {"verb", "list"}}}}));
  const Status create = access.Check(alice, kCreate, {});
  ASSERT_FALSE(create);
  EXPECT_EQ(create.error().code, Code::kPermissionDenied);
  EXPECT_FALSE(access.Check({"bob", "", {}, {}}, kList, {})) << "nobody else's answer is taken";
  const int asked = api_.rights_asked;
  EXPECT_TRUE(access.Check(alice, kList, {}));
  EXPECT_EQ(api_.rights_asked, asked);
  now_ += 31s;
  EXPECT_TRUE(access.Check(alice, kList, {}));
  EXPECT_EQ(api_.rights_asked, asked + 1);
}

TEST_F(AccessTest, AnAnswerThatIsNoneLetsNobodyIn) {
  class Odd final : public testing::FakeKube {
   public:
    Result<json> Create(const kube::Resource&, const json&, const Cancellation&) override {
      return answer;
    }
    json answer;
  };
  const json answers[] = {
      json::object(),
      {{"status", nullptr}},
      {{"status", {{"authenticated", "true"}}}},
      {{"status", {{"authenticated", true}}}},
      {{"status", {{"authenticated", true}, {"user", {{"username", ""}}}}}},
      {{"status", {{"authenticated", true}, {"user", {{"username", 7}}}}}},
      {{"status", {{"allowed", "yes"}}}},
      json::array(),
  };
  for (const json& answer : answers) {
    Odd api;
    api.answer = answer;
    Access access(api, {});
    EXPECT_FALSE(access.Authenticate(Secret("good"), {})) << answer;
    EXPECT_FALSE(access.Check({"alice", "", {}, {}}, kList, {})) << answer;
  }
}

struct HeaderCase {
  const char* name;
  std::string header;
  std::string token;  // "": refused
};

TEST(BearerTokens, AreTakenAsTheyAreWritten) {
  const HeaderCase cases[] = {
      {"a token", "Bearer abc.DEF-1_2~3+4/5==", "abc.DEF-1_2~3+4/5=="},
      {"another case", "bearer abc", "abc"},
      {"none", "", ""},
      {"another scheme", "Basic YTpi", ""},
      {"no token", "Bearer ", ""},
      {"two words", "Bearer abc def", ""},
      {"a line break", "Bearer abc\r\nX: y", ""},
      {"not ASCII", "Bearer äöü", ""},
      {"as long as no token is", "Bearer " + std::string(9000, 'a'), ""},
  };
  for (const auto& c : cases) {
    const auto token = BearerToken(c.header);
    EXPECT_EQ(token.has_value(), !c.token.empty()) << c.name;
    if (token) {
      EXPECT_EQ(token->Reveal(), c.token) << c.name;
    }
  }
}

TEST(RateLimits, AreOfEachKeyAndFillUpAgain) {
  RateLimiter limiter(2, 3);
  const RateLimiter::SteadyTime now{1h};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.Take("a", now));
  EXPECT_FALSE(limiter.Take("a", now));
  EXPECT_TRUE(limiter.Take("b", now));
  EXPECT_TRUE(limiter.Take("a", now + 500ms));
  EXPECT_FALSE(limiter.Take("a", now + 500ms));
}

TEST(RateLimits, KeysAreBounded) {
  RateLimiter limiter(1, 2);
  const RateLimiter::SteadyTime now{1h};
  for (int i = 0; i < 4096; ++i) ASSERT_TRUE(limiter.Take(std::to_string(i), now));
  EXPECT_FALSE(limiter.Take("one more", now));
  EXPECT_TRUE(limiter.Take("one more", now + 2s)) << "those that are full again were forgotten";
}

}  // namespace
}  // namespace landwaiter::controller::report_api
