#include "controller/report_api/params.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controller/report_api/page.h"
#include "controller/report_api/routes.h"

namespace landwaiter::controller::report_api {
namespace {

struct QueryCase {
  const char* name;
  std::string query;
  const char* says;  // part of the error; "" for none
};

std::string ManyParameters(int count) {
  std::string query;
  for (int i = 0; i < count; ++i) {
    query += (i == 0 ? "p" : "&p") + std::to_string(i) + "=1";
  }
  return query;
}

TEST(ReportParams, AreReadStrictly) {
  const QueryCase cases[] = {
      {"nothing", "", ""},
      {"a text", "text=shop", ""},
      {"an encoded text", "text=shop%2Fcart%3a1+x", ""},
      {"an unknown name", "txet=shop", "txet: there is no such parameter"},
      {"one that is given twice", "text=a&text=b", "text: given twice"},
      {"no name", "=shop", "without a plain name"},
      {"an empty pair", "text=a&", "without a plain name"},
      {"half an escape", "text=%4", "two hexadecimal digits"},
      {"an escape that is none", "text=%zz", "two hexadecimal digits"},
      {"a line break", "text=a%0Ab", "control characters"},
      {"an escape sequence", "text=%1b[31m", "control characters"},
      {"a NUL", "text=a%00", "control characters"},
      {"a change of direction", "text=%E2%80%AE", "control characters"},
      {"broken UTF-8", "text=%ff%fe", "control characters or broken UTF-8"},
      {"a long text", "text=" + std::string(257, 'a'), "longer than 256 characters"},
      {"as many characters of more bytes",
       [] {
         std::string query = "text=";
         for (int i = 0; i < 256; ++i) query += "%C3%A4";
         return query;
       }(),
       ""},
      {"a limit", "limit=500", ""},
      {"a limit of nothing", "limit=0", "limit: must be 1 to 500"},
      {"a limit beyond", "limit=501", "limit: must be 1 to 500"},
      {"a limit of many digits", "limit=99999999999999999999", "limit: must be 1 to 500"},
      {"a negative limit", "limit=-1", "limit: must be 1 to 500"},
      {"a flag", "flag=true", ""},
      {"a flag that is none", "flag=1", "flag: must be true or false"},
      {"a word in another case", "word=HIGH", ""},
      {"another word", "word=worse", "word: must be one of Low, High"},
      {"thousands of parameters", ManyParameters(3000), "more than"},
      {"a huge query", "text=" + std::string(9000, 'a'), "8 KiB"},
  };
  for (const auto& c : cases) {
    Params params(c.query);
    params.Text("text");
    params.Count("limit", 100, 500);
    params.Flag("flag");
    params.OneOf("word", {"Low", "High"});
    const Status read = params.Done();
    EXPECT_EQ(read.has_value(), std::string(c.says).empty()) << c.name;
    if (read) continue;
    EXPECT_EQ(read.error().code, Code::kInvalidArgument) << c.name;
    EXPECT_NE(read.error().message.find(c.says), std::string::npos)
        << c.name << ": " << read.error().message;
  }
}

TEST(ReportParams, AWordIsGivenAsItIsWritten) {
  Params params("word=hIgH");
  EXPECT_EQ(params.OneOf("word", {"Low", "High"}), "High");
}

struct PathCase {
  const char* name;
  std::string path;
  bool good;
};

TEST(ReportPath, NothingLeavesItsPlace) {
  const PathCase cases[] = {
      {"a plain one", "/v1/images", true},
      {"a digest", "/v1/images/sha256:" + std::string(64, 'a'), true},
      {"an encoded colon", "/v1/images/sha256%3A" + std::string(64, 'a'), true},
      {"a way up", "/v1/images/../../etc/passwd", false},
      {"an encoded way up", "/v1/images/%2e%2e/secrets", false},
      {"an encoded slash", "/v1/images/a%2Fb", false},
      {"a doubled slash", "/v1//images", false},
      {"a slash at the end", "/v1/images/", false},
      {"a NUL", "/v1/images/a%00", false},
      {"many parts", "/a/a/a/a/a/a/a/a/a/a", false},
      {"no slash", "v1", false},
      {"nothing", "", false},
  };
  for (const auto& c : cases) EXPECT_EQ(PathSegments(c.path).has_value(), c.good) << c.name;
}

TEST(ReportRoutes, APathAndItsMethods) {
  EXPECT_NE(FindRoute("GET", "/v1/images").route, nullptr);
  EXPECT_EQ(FindRoute("GET", "/v1/images/x/findings").names, std::vector<std::string>{"x"});
  EXPECT_EQ(FindRoute("GET", "/v1/scans").route, nullptr);
  EXPECT_EQ(FindRoute("GET", "/v1/scans").allowed, "POST");
  EXPECT_EQ(FindRoute("DELETE", "/v1/images/x").allowed, "GET");
  EXPECT_EQ(FindRoute("GET", "/v2/images").allowed, "");
}

TEST(ReportRoutes, OnlyARequestForAScanWrites) {
  for (const Route& route : Routes()) {
    const bool writes = route.right.verb != "get" && route.right.verb != "list";
    EXPECT_EQ(writes, route.method == "POST") << route.pattern;
    EXPECT_EQ(writes, route.pattern == "/v1/scans") << route.pattern;
  }
}

TEST(ReportPages, ATokenGoesOnBehindTheLastName) {
  Params first("limit=2");
  const auto page = ReadPage(first, "images\nverdict");
  ASSERT_TRUE(page);
  Params second("limit=2&continue=" + page->TokenAfter("sha256-ab"));
  const auto next = ReadPage(second, "images\nverdict");
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->after, "sha256-ab");
}

TEST(ReportPages, ATokenOfAnotherListIsRefused) {
  Params first("");
  const std::string token = ReadPage(first, "images\nFail")->TokenAfter("sha256-ab");
  for (const std::string& bad :
       {token, std::string("AAAA"), std::string("%21%21"), std::string(900, 'A')}) {
    Params other("continue=" + bad);
    const auto page = ReadPage(other, "images\nPass");
    ASSERT_FALSE(page) << bad;
    EXPECT_EQ(page.error().reason, "InvalidContinue");
  }
}

}  // namespace
}  // namespace landwaiter::controller::report_api
