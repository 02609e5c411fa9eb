// The page's files, and what the API says for its sake: history, the worst first, what policies
// would deny.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controller/report_api/service.h"
#include "controller/report_api/web_page.h"
#include "tests/support/fake_kube.h"
#include "tests/unit/controller/report_api/fake_source.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

/// Knows everybody and lets them do everything.
class OpenDoor final : public testing::FakeKube {
 public:
  Result<json> Create(const kube::Resource& resource, const json& object,
                      const Cancellation&) override {
    ++asked;
    json answer = object;
    if (resource.plural == "tokenreviews") {
      answer["status"] = {{"authenticated", true}, {"user", {{"username", "reader"}}}};
    } else {
      answer["status"] = {{"allowed", true}};
    }
    return answer;
  }
  int asked = 0;
};

class ReportPage : public ::testing::Test {
 protected:
  http::ServerResponse Ask(const std::string& target, bool with_token,
                           const std::string& method = "GET") {
    http::ServerRequest request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (const auto at = target.find('?'); at != std::string::npos) {
      request.query = target.substr(at + 1);
    }
    if (with_token) request.headers.emplace_back("Landwaiter-Authorization", "Bearer reader");
    return service_.Answer(request, Cancellation{}.Within(std::chrono::seconds(60)));
  }
  json Read(const std::string& target) {
    const auto answer = Ask(target, true);
    EXPECT_EQ(answer.status, 200) << target << " " << answer.body;
    return json::parse(answer.body);
  }
  static std::string Header(const http::ServerResponse& answer, const std::string& name) {
    std::string out;
    for (const auto& [key, value] : answer.headers) {
      if (key == name) out += out.empty() ? value : " and " + value;
    }
    return out;
  }

  FakeSource source_;
  OpenDoor api_;
  Service service_{source_, api_, {.requests_per_second = 1e6, .request_burst = 1e6}};
};

TEST_F(ReportPage, FilesAreOpenAndKeepToTheirOrigin) {
  source_.Add("cart", {}, "Fail");
  for (const char* path :
       {"/", "/page/main.js", "/page/api.js", "/page/page.css", "/page/report.css"}) {
    const auto answer = Ask(path, false);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_FALSE(answer.body.empty()) << path;
    EXPECT_EQ(answer.body.find("cart"), std::string::npos) << path << " holds data";
    const std::string policy = Header(answer, "Content-Security-Policy");
    EXPECT_EQ(policy.find(" and "), std::string::npos) << path << " has two policies";
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << path;
    EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self';")) << path;
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos) << path;
    EXPECT_EQ(Header(answer, "X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(Header(answer, "Referrer-Policy"), "no-referrer") << path;
    EXPECT_EQ(Header(answer, "Cache-Control"), "no-store") << path;
  }
  EXPECT_EQ(Ask("/", false, "HEAD").body, "");
  EXPECT_EQ(api_.asked, 0) << "nobody has to be asked for them";
}

TEST_F(ReportPage, NothingElseIsOpen) {
  for (const char* path : {"/page", "/page/", "/page/web_page.cc", "/page/../v1/images", "//",
                           "/index.html", "/page/main.js/", "/v1/history"}) {
    EXPECT_EQ(Ask(path, false).status, 401) << path;
  }
  EXPECT_EQ(Ask("/", false, "POST").status, 405);
  EXPECT_EQ(Header(Ask("/", false, "POST"), "Allow"), "GET, HEAD");
}

TEST_F(ReportPage, EveryFileThatAnotherNamesIsServed) {
  std::string all;
  for (const char* path :
       {"/", "/page/main.js", "/page/overview.js", "/page/images.js", "/page/image.js",
        "/page/policies.js", "/page/query.js", "/page/history.js", "/page/parts.js"}) {
    all += Ask(path, false).body;
  }
  std::size_t named = 0;
  for (const std::string& before : std::vector<std::string>{"\"page/", "'./"}) {
    for (std::size_t at = all.find(before); at != std::string::npos;
         at = all.find(before, at + 1)) {
      const std::size_t from = at + before.size();
      const std::string file = all.substr(from, all.find_first_of("'\"", from) - from);
      EXPECT_EQ(Ask("/page/" + file, false).status, 200) << file;
      ++named;
    }
  }
  EXPECT_GT(named, 10u);
}

TEST_F(ReportPage, HistoryIsWhatWasKeptAndWhatCountsNow) {
  source_.Add("cart", {}, "Fail").scan.status.used_by_pods = 2;
  source_.Add("web");
  VerdictSample before;
  before.at = *ParseTime("2026-11-23T12:00:00Z");
  before.images.pending = 2;
  source_.history = {before};
  const json answer = Read("/v1/history");
  EXPECT_EQ(answer["now"]["at"], "2026-11-24T13:00:00Z");
  EXPECT_EQ(answer["now"]["images"],
            json({{"pass", 1}, {"warn", 0}, {"unknown", 0}, {"fail", 1}, {"pending", 0}}));
  EXPECT_EQ(answer["now"]["running"]["fail"], 1);
  EXPECT_EQ(answer["now"]["running"]["pass"], 0);
  ASSERT_EQ(answer["items"].size(), 1u);
  EXPECT_EQ(answer["items"][0]["at"], "2026-11-23T12:00:00Z");
  EXPECT_EQ(answer["items"][0]["images"]["pending"], 2);
}

TEST_F(ReportPage, AnotherReplicasAnswerEndsTheConnection) {
  source_.away = true;
  const auto answer = Ask("/v1/history", true);
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.close) << "the next one may meet the leader";
  EXPECT_FALSE(Ask("/v1/images", true).close);
}

std::vector<std::string> Names(const json& page) {
  std::vector<std::string> names;
  for (const json& item : page["items"]) names.push_back(item["displayName"]);
  return names;
}

TEST_F(ReportPage, TheWorstImagesComeFirst) {
  Finding exploited = AFinding("CVE-1", Severity::kLow);
  exploited.known_exploited = true;
  const Finding critical = AFinding("CVE-2", Severity::kCritical);
  source_.Add("clean");
  source_.Add("warned", {critical, critical}, "Warn");
  source_.Add("new").scan.status.verdict = "";
  source_.Add("unread", {}, "Unknown");
  source_.Add("one", {critical}, "Fail");
  source_.Add("two", {critical, critical}, "Fail").scan.status.used_by_pods = 1;
  source_.Add("exploited", {exploited}, "Fail");
  const std::vector<std::string> order = {"shop/exploited:1", "shop/two:1",    "shop/one:1",
                                          "shop/unread:1",    "shop/warned:1", "shop/new:1",
                                          "shop/clean:1"};
  EXPECT_EQ(Names(Read("/v1/images?order=worst")), order);
  EXPECT_EQ(Names(Read("/v1/images?order=worst&running=true")),
            std::vector<std::string>{"shop/two:1"});
  EXPECT_EQ(Names(Read("/v1/images?order=worst&running=false")).size(), 6u);

  std::vector<std::string> paged;
  std::string token;
  do {
    const json page =
        Read("/v1/images?order=worst&limit=2" + (token.empty() ? "" : "&continue=" + token));
    for (auto& name : Names(page)) paged.push_back(std::move(name));
    token = page["continue"].is_null() ? "" : page["continue"].get<std::string>();
  } while (!token.empty());
  EXPECT_EQ(paged, order);
  const std::string other = Read("/v1/images?order=worst&limit=2")["continue"];
  EXPECT_EQ(Ask("/v1/images?limit=2&continue=" + other, true).status, 400)
      << "a token of another order";
  EXPECT_EQ(Ask("/v1/images?order=best", true).status, 400);
}

TEST_F(ReportPage, APolicySaysWhatItWouldDenyOfWhatRuns) {
  auto record = std::make_shared<PolicyRecord>(*Recorded(APolicy("watches", 1, NoCritical())));
  record->running = {1, 3, {{"shop", "ReplicaSet", "cart", "shop/cart:1", "sha256-1", 3}}};
  source_.policies = {record};
  const json effect = Read("/v1/policies")["items"][0]["runningFails"];
  EXPECT_EQ(effect["images"], 1);
  EXPECT_EQ(effect["pods"], 3);
  EXPECT_EQ(effect["workloads"], json::array({{{"namespace", "shop"},
                                               {"kind", "ReplicaSet"},
                                               {"name", "cart"},
                                               {"image", "shop/cart:1"},
                                               {"scan", "sha256-1"},
                                               {"pods", 3}}}));
}

}  // namespace
}  // namespace landwaiter::controller::report_api
