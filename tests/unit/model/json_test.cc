// The inventory's and the findings' JSON: what goes out comes back, and what a broken child says is
// refused with the field's name.
#include "lib/base/json.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "model/finding.h"
#include "model/inventory.h"
#include "model/scan_request.h"
#include "tests/unit/model/inventories.h"

namespace landwaiter {
namespace {

using nlohmann::json;

TEST(InventoryJson, ComesBackAsItWent) {
  const ImageInventory image = AnInventory();
  const auto back = ImageInventoryFromJson(ToJson(image));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, image);
}

struct BrokenCase {
  const char* name;
  std::function<void(json&)> breaks;
  const char* message;  // must be part of the error's text
};

class BrokenInventoryTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenInventoryTest, IsRefusedByName) {
  json document = json::parse(ToJson(AnInventory()));
  GetParam().breaks(document);
  const auto back = ImageInventoryFromJson(DumpJson(document));
  ASSERT_FALSE(back);
  EXPECT_NE(back.error().message.find(GetParam().message), std::string::npos)
      << back.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenInventoryTest,
    testing::Values(
        BrokenCase{"NoPlatforms", [](json& d) { d["platforms"] = json::array(); }, "platforms"},
        BrokenCase{"NoPackagesFieldIsNotAnEmptyImage",
                   [](json& d) { d["platforms"][0].erase("packages"); }, "packages: is missing"},
        BrokenCase{"NoCoverageFieldIsNotACompleteImage",
                   [](json& d) { d["platforms"][0].erase("coverage"); }, "coverage: is missing"},
        BrokenCase{"PackageWithoutName",
                   [](json& d) { d["platforms"][0]["packages"][0].erase("name"); },
                   "platforms[0].packages[0].name"},
        BrokenCase{"LayerIndexOutOfTheImage",
                   [](json& d) { d["platforms"][0]["packages"][0]["layer"] = 7; }, "layer"},
        BrokenCase{"NegativeSize", [](json& d) { d["platforms"][0]["sizeBytes"] = -1; },
                   "sizeBytes"},
        BrokenCase{"DigestThatIsNone", [](json& d) { d["digest"] = "sha256:xyz"; }, "digest"},
        BrokenCase{"WordThatIsNoState",
                   [](json& d) { d["platforms"][0]["coverage"][0]["state"] = "Fine"; }, "state"},
        BrokenCase{"ListWhereAnObjectBelongs",
                   [](json& d) { d["platforms"][0]["config"] = json::array(); }, "config"},
        BrokenCase{"TooManyLayers",
                   [](json& d) {
                     for (int i = 0; i < 200; ++i) {
                       d["platforms"][0]["layers"].push_back(d["platforms"][0]["layers"][0]);
                     }
                   },
                   "layers"},
        BrokenCase{
            "HugeName",
            [](json& d) { d["platforms"][0]["packages"][0]["name"] = std::string(100000, 'x'); },
            "name"}),
    [](const auto& info) { return info.param.name; });

TEST(InventoryJson, TruncatedAnywhereIsRefused) {
  const std::string whole = ToJson(AnInventory());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(ImageInventoryFromJson(whole.substr(0, length))) << length;
  }
}

TEST(ParseJson, RefusesDepthBeforeBuilding) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  const auto json = ParseJson(deep);
  ASSERT_FALSE(json);
  EXPECT_NE(json.error().message.find("nested deeper than 64"), std::string::npos);
  EXPECT_TRUE(ParseJson("[\"" + std::string(1000, '[') + "\"]"));
  EXPECT_FALSE(ParseJson("{} x"));
  EXPECT_FALSE(ParseJson(""));
}

TEST(FindingsJson, ComeBackAsTheyWent) {
  Finding finding;
  finding.id = "CVE-2021-44228";
  finding.aliases = {"GHSA-jfh8-c2jp-5v3q"};
  finding.severity = Severity::kCritical;
  finding.cvss_score = 10.0;
  finding.state = FindingState::kFixed;
  finding.fixed_version = "2.15.0";
  finding.known_exploited = true;
  finding.exploited_due = "2026-12-01";
  finding.first_seen = "2026-11-01T00:00:00Z";
  finding.epss_score = 0.97;
  finding.epss_percentile = 0.999;
  finding.weaknesses = {"CWE-502"};
  finding.nvd_severity = Severity::kHigh;
  finding.nvd_score = 8.1;
  finding.highest_severity = Severity::kCritical;
  finding.highest_score = 10.0;
  finding.fix_published = "2021-12-10T00:00:00Z";
  finding.confidence = Confidence::kCpe;
  finding.package = "log4j-core";
  finding.package_type = "maven";
  finding.layer = 3;
  const std::vector<Finding> findings = {finding};
  const auto back = FindingsFromJson(FindingsToJson(findings));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, findings);
  EXPECT_FALSE(FindingsFromJson("{}"));
  EXPECT_FALSE(FindingsFromJson("[{\"severity\":\"High\",\"state\":\"Fixed\"}]"));
  EXPECT_FALSE(FindingsFromJson(
      R"([{"id":"CVE-1","severity":"High","state":"Fixed","nvdSeverity":"Worst"}])"));
}

TEST(Findings, AreSortedWorstAndFixableFirst) {
  Finding high, critical, critical_fixed;
  high.id = critical.id = critical_fixed.id = "CVE-1";
  high.severity = Severity::kHigh;
  critical.severity = critical_fixed.severity = Severity::kCritical;
  critical_fixed.fixed_version = "2";
  EXPECT_TRUE(WorseThan(critical_fixed, critical));
  EXPECT_TRUE(WorseThan(critical, high));
  EXPECT_FALSE(WorseThan(high, high));
}

TEST(ScanRequestJson, NeedsADigestAndKeepsCredentials) {
  ScanRequest request;
  request.image = ImageReference::Parse("r.io/a@" + Sha256::Of("x").ToString()).value();
  request.platforms = {{"linux", "amd64"}};
  request.credentials = {{"user", Secret("password"), Secret()},
                         {"mine", Secret("other"), Secret(), "mirror.io:5000"}};
  const auto back = ScanRequestFromJson(ToJson(request));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->image, request.image);
  EXPECT_EQ(back->credentials[0].password.Reveal(), "password");
  EXPECT_EQ(back->credentials[0].password.ToString(), "***");
  EXPECT_EQ(back->credentials[0].host, "");
  EXPECT_EQ(back->credentials[1].host, "mirror.io:5000");
  EXPECT_FALSE(ScanRequestFromJson(R"({"image":"r.io/a:1"})"));
}

}  // namespace
}  // namespace landwaiter
