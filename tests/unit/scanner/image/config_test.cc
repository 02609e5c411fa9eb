#include <gtest/gtest.h>

#include "model/scan_request.h"
#include "scanner/image/manifest.h"

namespace landwaiter::image {
namespace {

const std::string kDiffId = "sha256:" + std::string(64, 'b');

std::string ConfigJson(const std::string& run, const std::string& more = "") {
  return R"({"architecture":"amd64","os":"linux","config":)" + run +
         R"(,"rootfs":{"type":"layers","diff_ids":[")" + kDiffId + R"("]})" + more + "}";
}

TEST(ParseConfig, ReadsEverythingThatRulesAskFor) {
  const auto parsed = ParseConfig(
      ConfigJson(R"({"User":"app:1","ExposedPorts":{"8080/tcp":{},"22/tcp":{}},"Env":["A=b"],)"
                 R"("Entrypoint":["/x"],"Cmd":["-v"],"Volumes":{"/data":{}},"WorkingDir":"/w",)"
                 R"("Labels":{"k":"v"},"Healthcheck":{"Test":["CMD","true"],"Interval":1}})",
                 R"(,"created":"2026-01-01T00:00:00Z","history":[{"created_by":"RUN a"},)"
                 R"({"created_by":"ENV b","comment":"c","empty_layer":true}],"variant":"v2")"));
  ASSERT_TRUE(parsed) << parsed.error().message;
  const ImageConfig& config = parsed->config;
  EXPECT_EQ(parsed->platform.ToString(), "linux/amd64/v2");
  EXPECT_EQ(config.user, "app:1");
  EXPECT_EQ(config.exposed_ports, (std::vector<std::string>{"22/tcp", "8080/tcp"}));
  EXPECT_EQ(config.env, std::vector<std::string>{"A=b"});
  EXPECT_EQ(config.entrypoint, std::vector<std::string>{"/x"});
  EXPECT_EQ(config.cmd, std::vector<std::string>{"-v"});
  EXPECT_EQ(config.volumes, std::vector<std::string>{"/data"});
  EXPECT_EQ(config.working_dir, "/w");
  EXPECT_EQ(config.labels.at("k"), "v");
  EXPECT_TRUE(config.healthcheck);
  EXPECT_EQ(config.created, "2026-01-01T00:00:00Z");
  ASSERT_EQ(config.history.size(), 2u);
  EXPECT_EQ(config.history[0].created_by, "RUN a");
  EXPECT_TRUE(config.history[1].empty_layer);
  ASSERT_EQ(parsed->diff_ids.size(), 1u);
  EXPECT_EQ(parsed->diff_ids[0].ToString(), kDiffId);
}

TEST(ParseConfig, ReadsOldAndSparseOnes) {
  const struct {
    const char* name;
    std::string json;
  } cases[] = {
      {"no config at all",
       R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}})"},
      {"nulls everywhere", ConfigJson(R"({"Env":null,"Cmd":null,"Labels":null,"Volumes":null,)"
                                      R"("ExposedPorts":null,"Healthcheck":null,"User":null})")},
      {"no os", R"({"architecture":"amd64","rootfs":{"type":"layers","diff_ids":null}})"},
      {"text entrypoint", ConfigJson(R"({"Entrypoint":"/bin/sh"})")},
      {"uname's architecture",
       R"({"architecture":"x86_64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}})"},
  };
  for (const auto& c : cases) {
    const auto parsed = ParseConfig(c.json);
    ASSERT_TRUE(parsed) << c.name << ": " << parsed.error().message;
    EXPECT_EQ(parsed->platform.ToString(), "linux/amd64") << c.name;
    EXPECT_FALSE(parsed->config.healthcheck);
  }
}

TEST(ParseConfig, HealthcheckNoneIsNone) {
  for (const char* none : {R"({"Healthcheck":{"Test":["NONE"]}})", R"({"Healthcheck":{}})",
                           R"({"Healthcheck":{"Test":[]}})"}) {
    const auto parsed = ParseConfig(ConfigJson(none));
    ASSERT_TRUE(parsed);
    EXPECT_FALSE(parsed->config.healthcheck) << none;
  }
}

TEST(ParseConfig, NamesWhatIsWrong) {
  const struct {
    const char* name;
    std::string json;
    const char* says;
  } cases[] = {
      {"no JSON", "x", "JSON"},
      {"null", "null", "object"},
      {"a list", "[]", "object"},
      {"no architecture", R"({"os":"linux","rootfs":{"type":"layers"}})", "architecture"},
      {"no rootfs", R"({"architecture":"amd64","os":"linux"})", "rootfs"},
      {"other rootfs", R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers+base"}})",
       "rootfs.type"},
      {"bad diffID",
       R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["x"]}})",
       "diff_ids"},
      {"User a number", ConfigJson(R"({"User":0})"), "config.User"},
      {"Env a map", ConfigJson(R"({"Env":{}})"), "config.Env"},
      {"Env of numbers", ConfigJson(R"({"Env":[1]})"), "config.Env"},
      {"ports a list", ConfigJson(R"({"ExposedPorts":["22/tcp"]})"), "config.ExposedPorts"},
      {"labels of numbers", ConfigJson(R"({"Labels":{"a":1}})"), "config.Labels"},
      {"healthcheck a text", ConfigJson(R"({"Healthcheck":"NONE"})"), "config.Healthcheck"},
      {"history a map", ConfigJson("{}", R"(,"history":{})"), "history"},
      {"empty_layer a text", ConfigJson("{}", R"(,"history":[{"empty_layer":"yes"}])"),
       "history[0].empty_layer"},
      {"a hostile platform",
       R"({"architecture":"amd64/../x","os":"linux","rootfs":{"type":"layers"}})", "architecture"},
      {"100,000 deep", std::string(100'000, '['), "deeper"},
      {"broken UTF-8", ConfigJson("{\"User\":\"\xff\"}"), "JSON"},
  };
  for (const auto& c : cases) {
    const auto parsed = ParseConfig(c.json);
    ASSERT_FALSE(parsed) << c.name;
    EXPECT_EQ(parsed.error().reason, scan_reason::kMalformedImage) << c.name;
    EXPECT_NE(parsed.error().message.find(c.says), std::string::npos)
        << c.name << ": " << parsed.error().message;
  }
  const auto large = ParseConfig(std::string(kMaxConfigBytes + 1, ' '));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().reason, scan_reason::kTooLarge);
}

TEST(ParseConfig, EveryTruncationIsAnError) {
  const std::string whole = ConfigJson(R"({"Env":["A=b"],"Labels":{"k":"v"}})");
  ASSERT_TRUE(ParseConfig(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseConfig(whole.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace landwaiter::image
