// Which versions of which products an NVD record is about.
#include <gtest/gtest.h>

#include "scanner/advisories/cpe.h"
#include "tests/unit/scanner/advisories/collected.h"

namespace landwaiter::advisories {
namespace {

std::string Match(const std::string& name, const std::string& bounds = "") {
  return R"({"vulnerable":true,"criteria":"cpe:2.3:)" + name + "\"" + bounds + "}";
}
std::string Node(const std::string& matches, const std::string& more = "") {
  return R"({"operator":"OR","cpeMatch":[)" + matches + "]" + more + "}";
}
std::string Page(const std::string& configurations) {
  return R"({"vulnerabilities":[{"cve":{"id":"CVE-2023-0001","configurations":[)" + configurations +
         "]}}]}";
}
std::string Nodes(const std::string& nodes) { return R"({"nodes":[)" + nodes + "]}"; }

FeedCase Case(const std::string& name, const std::string& configurations,
              std::vector<std::string> rows) {
  for (std::string& row : rows) row = "NVD-CVE-2023-0001 CPE " + row;
  return {name, "nvd.json", Page(configurations), std::move(rows)};
}

TEST(NvdProductsTest, BoundsBecomeRangesOfProducts) {
  const std::string any = "a:openssl:openssl:*:*:*:*:*:*:*:*";
  CheckFeed(
      "nvd",
      {Case("below a version", Nodes(Node(Match(any, R"(,"versionEndExcluding":"3.0.7")"))),
            {"a:openssl:openssl <3.0.7"}),
       Case("from a version up to another",
            Nodes(Node(
                Match(any, R"(,"versionStartIncluding":"1.1","versionEndIncluding":"1.1.1j")"))),
            {"a:openssl:openssl >=1.1 <=1.1.1j"}),
       Case("several of one product",
            Nodes(Node(Match(any, R"(,"versionEndExcluding":"1")") + "," +
                       Match(any, R"(,"versionStartIncluding":"2","versionEndExcluding":"3")"))),
            {"a:openssl:openssl <1", "a:openssl:openssl >=2 <3"}),
       Case("one version", Nodes(Node(Match("a:openssl:openssl:3.0.0:-:*:*:*:*:*:*"))),
            {"a:openssl:openssl =1 versions"}),
       Case("all versions", Nodes(Node(Match(any))), {"a:openssl:openssl *"}),
       Case("names with escapes", Nodes(Node(Match(R"(a:Erlang:erlang\\/otp:*:*:*:*:*:*:*:*)"))),
            {R"(a:erlang:erlang\/otp *)"})});
}

// Pitfall 130: target_sw, platform (running on/with), NA vs ANY, AND configs.
TEST(NvdProductsTest, PitfallWhatAProgramAloneDoesNotTellIsLeftOut) {
  const std::string any = "a:openssl:openssl:*:*:*:*:*:*:*:*";
  CheckFeed(
      "nvd",
      {Case("for another target software",
            Nodes(Node(Match("a:jquery:jquery:*:*:*:*:*:wordpress:*:*"))), {}),
       Case("of one edition", Nodes(Node(Match("a:gitlab:gitlab:*:*:*:*:enterprise:*:*:*"))), {}),
       Case("an operating system", Nodes(Node(Match("o:linux:linux_kernel:*:*:*:*:*:*:*:*"))), {}),
       Case("no version at all (NA)", Nodes(Node(Match("a:openssl:openssl:-:*:*:*:*:*:*:*"))), {}),
       Case("a program that runs on something",
            R"({"operator":"AND","nodes":[)" + Node(Match(any)) + "," +
                Node(Match("o:microsoft:windows:-:*:*:*:*:*:*:*")) + "]}",
            {}),
       Case("negated", Nodes(Node(Match(any), R"(,"negate":true)")), {}),
       Case("named for its platform only",
            Nodes(Node(R"({"vulnerable":false,"criteria":"cpe:2.3:)" + any + "\"}")), {})});
}

TEST(NvdProductsTest, WhatIsNoNameIsNamedWithItsField) {
  CheckFeed("nvd", {{"a name of four parts",
                     "nvd.json",
                     Page(Nodes(Node(Match("a:b:c:d")))),
                     {},
                     {"field cve.configurations[0].nodes[0].cpeMatch[0].criteria"}},
                    {"no object", "nvd.json", Page("1"), {}, {"configurations[0]"}}});
}

TEST(CpeTest, NamesAreTakenApartAtColonsThatAreNotEscaped) {
  const auto cpe = ParseCpe(R"(cpe:2.3:a:Vendor:a\:b:1.0\.2:rc1:*:*:*:*:*:*)");
  ASSERT_TRUE(cpe.has_value());
  EXPECT_EQ(cpe->product, R"(a:vendor:a\:b)");
  EXPECT_EQ(cpe->version, "1.0.2");
  EXPECT_EQ(cpe->update, "rc1");
  EXPECT_TRUE(cpe->plain);
  for (const char* text :
       {"", "cpe:/a:openssl:openssl:1", "cpe:2.3:a:b:c:1", "cpe:2.3:a::c:1:*:*:*:*:*:*:*"}) {
    EXPECT_FALSE(ParseCpe(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace landwaiter::advisories
