// The whole way of a request, without sockets: token, right, route, answer.
#include "controller/report_api/service.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "controller/report_api/routes.h"
#include "tests/support/fake_kube.h"
#include "tests/unit/controller/report_api/fake_source.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

/// The token is the name: "reader" reads, "requester" asks for scans too, "nobody" may nothing.
class Doorkeeper final : public testing::FakeKube {
 public:
  Result<json> Create(const kube::Resource& resource, const json& object,
                      const Cancellation&) override {
    json answer = object;
    if (resource.plural == "tokenreviews") {
      const std::string token = object["spec"]["token"];
      const bool known = token == "reader" || token == "requester" || token == "nobody";
      answer["status"] = {{"authenticated", known}, {"user", {{"username", token}}}};
      return answer;
    }
    const std::string user = object["spec"]["user"];
    const std::string verb = object["spec"]["resourceAttributes"]["verb"];
    answer["status"] = {{"allowed", user == "requester" || (user == "reader" && verb != "create")}};
    return answer;
  }
};

resources::PolicyStatus Judged(const std::string& name, std::int64_t generation,
                               const std::string& verdict) {
  resources::PolicyStatus row;
  row.name = name;
  row.uid = "uid-" + name;
  row.generation = generation;
  row.verdict = verdict;
  return row;
}

class ReportService : public ::testing::Test {
 protected:
  ReportService() : service_(source_, api_, {.requests_per_second = 1e6, .request_burst = 1e6}) {
    source_.Add("cart",
                {AFinding("CVE-2021-44228", Severity::kCritical, "3.0.2"),
                 AFinding("CVE-2", Severity::kLow)},
                "Fail");
    source_.Add("web");
  }

  http::ServerResponse Ask(const std::string& target, const std::string& token = "reader",
                           const std::string& method = "GET", const std::string& body = "") {
    http::ServerRequest request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (const auto at = target.find('?'); at != std::string::npos) {
      request.query = target.substr(at + 1);
    }
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    request.headers.emplace_back("Content-Type", "application/json");
    for (const auto& header : headers_) request.headers.push_back(header);
    request.body = body;
    return service_.Answer(request, Cancellation{}.Within(std::chrono::seconds(60)));
  }
  json Read(const std::string& target) {
    const auto answer = Ask(target);
    EXPECT_EQ(answer.status, 200) << target << " " << answer.body;
    return json::parse(answer.body);
  }
  static std::string Reason(const http::ServerResponse& answer) {
    EXPECT_EQ(answer.content_type, "application/problem+json") << answer.body;
    const json problem = json::parse(answer.body);
    EXPECT_EQ(problem["status"], answer.status);
    return problem["reason"];
  }
  static std::string Header(const http::ServerResponse& answer, const std::string& name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return "";
  }

  FakeSource source_;
  Doorkeeper api_;
  http::HeaderList headers_;
  Service service_;
  const std::string cart_ = DigestOf("cart").ToString();
};

struct RefusalCase {
  const char* name;
  std::string target;
  std::string token;
  std::string method;
  std::string body;
  int status;
  const char* reason;
};

TEST_F(ReportService, RefusesWithAReason) {
  const std::string none = "sha256:" + std::string(64, '0');
  const RefusalCase cases[] = {
      {"no token", "/v1/images", "", "GET", "", 401, "Unauthorized"},
      {"an unknown token", "/v1/images", "forged", "GET", "", 401, "Unauthorized"},
      {"no token for what is not there", "/v9", "", "GET", "", 401, "Unauthorized"},
      {"no right to list", "/v1/images", "nobody", "GET", "", 403, "Forbidden"},
      {"no right to get", "/v1/reports/" + cart_, "nobody", "GET", "", 403, "Forbidden"},
      {"no right to read the description", "/v1/openapi.json", "nobody", "GET", "", 403,
       "Forbidden"},
      {"no right to ask for a scan", "/v1/scans", "reader", "POST", "{}", 403, "Forbidden"},
      {"no such path", "/v1/secrets", "reader", "GET", "", 404, "NotFound"},
      {"a way up", "/v1/images/../../healthz", "reader", "GET", "", 404, "NotFound"},
      {"another method", "/v1/images", "reader", "DELETE", "", 405, "MethodNotAllowed"},
      {"no digest", "/v1/images/latest", "reader", "GET", "", 400, "InvalidDigest"},
      {"a digest in capitals", "/v1/images/SHA256:" + std::string(64, 'A'), "reader", "GET", "",
       400, "InvalidDigest"},
      {"a digest that nobody knows", "/v1/images/" + none, "reader", "GET", "", 404, "NotFound"},
      {"a report that nobody knows", "/v1/reports/" + none, "reader", "GET", "", 404, "NotFound"},
      {"an unknown parameter", "/v1/images?x=1", "reader", "GET", "", 400, "InvalidParameter"},
      {"a verdict that is none", "/v1/images?verdict=Good", "reader", "GET", "", 400,
       "InvalidParameter"},
      {"no id", "/v1/query/vulnerabilities", "reader", "GET", "", 400, "InvalidParameter"},
      {"an id that is none", "/v1/query/vulnerabilities?id=%27%3B--", "reader", "GET", "", 400,
       "InvalidParameter"},
      {"a package without a name", "/v1/query/packages?type=deb", "reader", "GET", "", 400,
       "InvalidParameter"},
      {"a scan's name that is none", "/v1/scans/A_B", "reader", "GET", "", 404, "NotFound"},
      {"a scan that is not there", "/v1/scans/abc", "reader", "GET", "", 404, "NotFound"},
      {"a body that is no JSON", "/v1/scans", "requester", "POST", "{", 400, "InvalidBody"},
      {"a list for a body", "/v1/scans", "requester", "POST", "[]", 400, "InvalidBody"},
      {"a body of nothing", "/v1/scans", "requester", "POST", "{}", 400, "InvalidBody"},
      {"a field too many", "/v1/scans", "requester", "POST",
       R"({"image":"a","pullSecrets":[{"name":"x"}]})", 400, "InvalidBody"},
      {"a number for an image", "/v1/scans", "requester", "POST", R"({"image":1})", 400,
       "InvalidBody"},
      {"a nested body", "/v1/scans", "requester", "POST", std::string(9000, '['), 400,
       "InvalidBody"},
      {"a reference that is none", "/v1/scans", "requester", "POST", R"({"image":"../x"})", 400,
       "InvalidBody"},
  };
  for (const auto& c : cases) {
    const auto answer = Ask(c.target, c.token, c.method, c.body);
    EXPECT_EQ(answer.status, c.status) << c.name << ": " << answer.body;
    EXPECT_EQ(Reason(answer), c.reason) << c.name;
    EXPECT_EQ(answer.body.find("forged"), std::string::npos) << c.name;
  }
  EXPECT_TRUE(source_.asked.empty());
}

TEST_F(ReportService, EveryAnswerKeepsOutOfCachesFramesAndScripts) {
  for (const std::string& target :
       std::vector<std::string>{"/v1/images", "/v1/nowhere", "/v1/openapi.json"}) {
    const auto answer = Ask(target);
    EXPECT_EQ(Header(answer, "Cache-Control"), "no-store") << target;
    EXPECT_EQ(Header(answer, "X-Content-Type-Options"), "nosniff") << target;
    EXPECT_NE(Header(answer, "Content-Security-Policy"), "") << target;
  }
  EXPECT_EQ(Header(Ask("/v1/images", ""), "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(Header(Ask("/v1/images", "reader", "PUT"), "Allow"), "GET");
}

TEST_F(ReportService, WhatTheCallerHasIsNotSentAgain) {
  const std::string tag = Header(Ask("/v1/images"), "ETag");
  ASSERT_NE(tag, "");
  headers_ = {{"If-None-Match", "\"other\", W/" + tag}};
  const auto same = Ask("/v1/images");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  source_.Add("new");
  EXPECT_EQ(Ask("/v1/images").status, 200);
}

TEST_F(ReportService, AHeadOfAnythingHasNoBody) {
  const auto answer = Ask("/v1/images", "reader", "HEAD");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.body, "");
}

TEST_F(ReportService, TheTokenMayComeInAHeaderThatProxiesLeaveAlone) {
  headers_ = {{"Landwaiter-Authorization", "Bearer reader"}};
  EXPECT_EQ(Ask("/v1/images", "").status, 200);
  headers_ = {{"Landwaiter-Authorization", "Bearer forged"}};
  EXPECT_EQ(Ask("/v1/images", "reader").status, 401) << "it counts before the other";
}

TEST_F(ReportService, OneUserIsHeldBackAndAnotherNot) {
  Service slow(source_, api_, {.requests_per_second = 1e-6, .request_burst = 2});
  http::ServerRequest request;
  request.method = "GET";
  request.path = "/v1/images";
  request.headers = {{"Authorization", "Bearer reader"}};
  EXPECT_EQ(slow.Answer(request, {}).status, 200);
  EXPECT_EQ(slow.Answer(request, {}).status, 200);
  const auto answer = slow.Answer(request, {});
  EXPECT_EQ(Reason(answer), "TooManyRequests");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(Header(answer, "Retry-After"), "1");
  request.headers = {{"Authorization", "Bearer requester"}};
  EXPECT_EQ(slow.Answer(request, {}).status, 200);
}

struct FilterCase {
  const char* name;
  std::string query;
  std::vector<std::string> images;
};

TEST_F(ReportService, ImagesAreNarrowed) {
  source_.Of("web").scan.status.used_by_namespaces = {"shop"};
  source_.Of("web").scan.status.policies = {Judged("strict", 1, "Fail")};
  source_.Add("new").scan.status.verdict = "";
  const FilterCase cases[] = {
      {"all", "", {"cart", "new", "web"}},
      {"by verdict", "verdict=Fail", {"cart"}},
      {"by verdict in another case", "verdict=fail", {"cart"}},
      {"those that wait", "verdict=Pending", {"new"}},
      {"by one policy's verdict", "policy=strict&verdict=Fail", {"web"}},
      {"by namespace", "namespace=shop", {"web"}},
      {"by severity", "severity=High", {"cart"}},
      {"by text", "text=SHOP/WEB", {"web"}},
      {"by what nothing is", "text=nowhere", {}},
  };
  for (const auto& c : cases) {
    std::vector<std::string> names;
    const json page = Read("/v1/images?" + c.query);
    for (const json& item : page["items"]) {
      const std::string shown = item["displayName"];  // "shop/NAME:1"
      names.push_back(shown.substr(5, shown.size() - 7));
    }
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, c.images) << c.name;
  }
}

TEST_F(ReportService, PagesHoldEachImageOnceWhateverComesBetween) {
  for (int i = 0; i < 20; ++i) source_.Add("image-" + std::to_string(i));
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const json page = Read("/v1/images?limit=3" + (token.empty() ? "" : "&continue=" + token));
    EXPECT_LE(page["items"].size(), 3u);
    for (const json& item : page["items"]) {
      EXPECT_TRUE(seen.insert(item["digest"]).second) << "given twice";
    }
    if (++pages == 2) source_.Add("in-between");
    token = page["continue"].is_null() ? "" : page["continue"].get<std::string>();
  } while (!token.empty());
  EXPECT_GE(seen.size(), 22u);
}

TEST_F(ReportService, TheReportIsTheOneOfTheCommandLine) {
  source_.policies = {Recorded(APolicy("no-critical", 3, NoCritical()))};
  const json report = Read("/v1/reports/" + cart_);
  EXPECT_EQ(report["schemaVersion"], 1);
  EXPECT_EQ(report["digest"], cart_);
  EXPECT_EQ(report["image"], "r.io/shop/cart:1");
  EXPECT_EQ(report["verdict"], "Fail");
  EXPECT_EQ(report["database"]["feeds"]["osv:Debian"], "2026-11-24T07:00:00Z");
  EXPECT_EQ(report["platforms"][0]["findings"].size(), 2u);
  EXPECT_EQ(report["policies"][0]["violations"][0]["subject"], "CVE-2021-44228");
  EXPECT_EQ(report.dump().find("hunter2"), std::string::npos) << "an environment variable";
}

TEST_F(ReportService, TheReportJudgesByAllThatTheControllerKnows) {
  source_.policies = {
      Recorded(APolicy("bases", 1, {{{"name", "known"}, {"base", {{"unknown", "Count"}}}}}))};
  const json policy = Read("/v1/reports/" + cart_)["policies"][0];
  EXPECT_EQ(policy["verdict"], "Fail") << policy << ": not Unknown, for bases have been asked for";
  EXPECT_EQ(policy["violations"][0]["subject"], "unknown base image");
}

TEST_F(ReportService, FindingsAreNarrowedAndPaged) {
  const std::string all = "/v1/images/" + cart_ + "/findings";
  EXPECT_EQ(Read(all)["total"], 2);
  EXPECT_EQ(Read(all + "?fixable=true")["items"][0]["id"], "CVE-2021-44228");
  EXPECT_EQ(Read(all + "?fixable=false")["items"][0]["id"], "CVE-2");
  EXPECT_EQ(Read(all + "?severity=High")["total"], 1);
  EXPECT_EQ(Read(all + "?package=openssl")["total"], 2);
  EXPECT_EQ(Read(all + "?package=zlib")["total"], 0);
  EXPECT_EQ(Read(all + "?id=cve-2")["total"], 1);
  EXPECT_EQ(Read(all + "?platform=linux/arm64")["total"], 0);
  const json first = Read(all + "?limit=1");
  EXPECT_EQ(first["items"][0]["id"], "CVE-2021-44228");
  EXPECT_EQ(first["items"][0]["platform"], "linux/amd64");
  const json second = Read(all + "?limit=1&continue=" + first["continue"].get<std::string>());
  EXPECT_EQ(second["items"][0]["id"], "CVE-2");
  EXPECT_TRUE(second["continue"].is_null());
}

TEST_F(ReportService, AVulnerabilityIsFoundByEachOfItsNames) {
  Finding finding = AFinding("CVE-2022-1", Severity::kHigh);
  finding.aliases = {"GHSA-abcd-efgh-ijkl"};
  finding.advisory = "DSA-1-1";
  source_.Add("aliased", {finding});
  source_.Of("aliased").scan.status.used_by_namespaces = {"shop", "web"};
  for (const char* id :
       {"CVE-2022-1", "cve-2022-1", "GHSA-abcd-efgh-ijkl", "ghsa-ABCD-efgh-ijkl", "DSA-1-1"}) {
    const json items = Read(std::string("/v1/query/vulnerabilities?id=") + id)["items"];
    ASSERT_EQ(items.size(), 1u) << id;
    EXPECT_EQ(items[0]["usedBy"]["namespaces"], json({"shop", "web"}));
    EXPECT_EQ(items[0]["findings"][0]["package"], "openssl");
  }
  EXPECT_TRUE(Read("/v1/query/vulnerabilities?id=CVE-2022")["items"].empty()) << "no part of one";
}

TEST_F(ReportService, APackageIsFoundByNameAndVersion) {
  EXPECT_EQ(Read("/v1/query/packages?type=deb&name=openssl")["items"].size(), 2u);
  EXPECT_EQ(Read("/v1/query/packages?type=deb&name=openssl&version=3.0.1")["items"][0]["packages"]
                                                                          [0]["version"],
            "3.0.1");
  EXPECT_TRUE(Read("/v1/query/packages?type=deb&name=openssl&version=9")["items"].empty());
  EXPECT_TRUE(Read("/v1/query/packages?type=apk&name=openssl")["items"].empty());
}

TEST_F(ReportService, ReportsThatAnotherReplicaKeepsAreSaidToBeThere) {
  source_.away = true;
  for (const std::string& target : std::vector<std::string>{
           "/v1/reports/" + cart_, "/v1/images/" + cart_ + "/findings",
           "/v1/images/" + cart_ + "/sbom", "/v1/images/" + cart_ + "/policies",
           std::string("/v1/query/vulnerabilities?id=CVE-1"),
           std::string("/v1/query/packages?type=deb&name=a")}) {
    const auto answer = Ask(target);
    EXPECT_EQ(answer.status, 503) << target;
    EXPECT_EQ(Reason(answer), "NotTheLeader") << target;
    EXPECT_EQ(Header(answer, "Retry-After"), "1") << target;
  }
  EXPECT_EQ(Ask("/v1/images").status, 200);
  EXPECT_EQ(Ask("/v1/images/" + cart_).status, 200);
}

TEST_F(ReportService, AnImageThatTheStoreHasLostIsNotOneThatWasNeverScanned) {
  source_.stored.clear();
  EXPECT_EQ(Reason(Ask("/v1/reports/" + cart_)), "ScannedAgain");
  source_.Of("cart").scan.status.scanned_at.clear();
  EXPECT_EQ(Reason(Ask("/v1/reports/" + cart_)), "NotScanned");
}

TEST_F(ReportService, AdmissionIsWhatThePoliciesAnswer) {
  json warns = APolicy("warns", 1, NoCritical());
  warns["spec"]["enforcement"] = "Warn";
  source_.policies = {Recorded(APolicy("denies", 3, NoCritical())), Recorded(warns)};
  auto& status = source_.Of("cart").scan.status;
  status.policies = {Judged("denies", 3, "Fail"), Judged("warns", 1, "Fail")};
  const json admission = Read("/v1/images/" + cart_)["admission"];
  EXPECT_EQ(admission["action"], "Deny");
  EXPECT_EQ(admission["verdict"], "Fail");
  EXPECT_EQ(admission["policies"][1]["action"], "Warn");
  status.policies[0].generation = 2;
  EXPECT_EQ(Read("/v1/images/" + cart_)["admission"]["policies"][0]["verdict"], "Unknown")
      << "a judgement by what the policy was before";
  status.policies[0] = Judged("denies", 3, "Pass");
  status.policies[0].uid = "uid-of-the-one-that-was-deleted";
  EXPECT_EQ(Read("/v1/images/" + cart_)["admission"]["policies"][0]["verdict"], "Unknown")
      << "a judgement by another policy of that name";
}

TEST_F(ReportService, RulesAboutWhatWasCollectedAreDecidedAsInTheCluster) {
  source_.policies = {
      Recorded(APolicy("files", 1,
                       {{{"name", "no-games"}, {"passwd", {{"deniedUsers", {"games"}}}}},
                        {{"name", "supported"}, {"os", {{"endOfLife", true}}}}}))};
  StoredImage& image = source_.stored.at(DigestOf("cart"));
  image.inventory.collected.passwd = true;
  image.inventory.platforms[0].passwd = PasswdFile{{{"games", 5, 60, "/bin/sh"}}};
  image.inventory.platforms[0].os = OperatingSystem{"debian", "10"};
  image.match->platforms[0].os_end_of_life = "2024-06-30";
  const json policy = Read("/v1/images/" + cart_ + "/policies")["items"][0];
  EXPECT_EQ(policy["verdict"], "Fail") << policy.dump();
  ASSERT_EQ(policy["violations"].size(), 2u) << policy.dump();
  EXPECT_EQ(policy["violations"][0]["rule"], "no-games");
  EXPECT_EQ(policy["violations"][1]["rule"], "supported");
}

TEST_F(ReportService, AScanIsAskedForOnce) {
  const auto answer = Ask("/v1/scans", "requester", "POST", R"({"image":"nginx:1"})");
  EXPECT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(Header(answer, "Location"), "/v1/scans/request-1");
  EXPECT_EQ(source_.asked, std::vector<std::string>{"docker.io/library/nginx:1"});
}

TEST_F(ReportService, TheDescriptionHasEveryRoute) {
  const json description = Read("/v1/openapi.json");
  EXPECT_EQ(description["openapi"], "3.1.0");
  std::size_t operations = 0;
  for (const auto& [path, methods] : description["paths"].items()) operations += methods.size();
  EXPECT_EQ(operations, Routes().size());
  for (const Route& route : Routes()) {
    const std::string method = route.method == "GET" ? "get" : "post";
    EXPECT_TRUE(description["paths"].contains(std::string(route.pattern)) &&
                description["paths"][std::string(route.pattern)].contains(method))
        << route.method << " " << route.pattern;
  }
}

TEST_F(ReportService, WhatAnImagesAuthorWroteStaysText) {
  auto& scan = source_.Of("web").scan;
  scan.status.display_name = "shop/\x1b[31mweb\n<script>";
  scan.status.verdict = "Fail\xff";
  const auto answer = Ask("/v1/images?text=web");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.find('\x1b'), std::string::npos);
  EXPECT_TRUE(json::accept(answer.body));
}

}  // namespace
}  // namespace landwaiter::controller::report_api
