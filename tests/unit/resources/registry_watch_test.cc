#include "resources/registry_watch.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace landwaiter::resources {
namespace {

using nlohmann::json;

json AnObject(const json& spec) {
  return {{"kind", "RegistryWatch"},
          {"metadata", {{"namespace", "shop"}, {"name", "w"}, {"uid", "u"}, {"generation", 3}}},
          {"spec", spec}};
}

TEST(RegistryWatch, IsReadWhole) {
  const auto watch = RegistryWatchFromJson(
      AnObject({{"registry", "Registry.Example:5000"},
                {"repositories", {"shop/cart", "shop/*"}},
                {"tags", {{"include", {"v*"}}, {"exclude", {"*-rc*"}}, {"newest", 3}}},
                {"interval", "6h"},
                {"pullSecrets", {"regcred"}},
                {"maxImages", 50},
                {"checkAfter", "2026-11-27T12:00:00Z"}}));
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_EQ(watch->problem, "");
  EXPECT_EQ(watch->spec.registry, "registry.example:5000") << "hosts have no case";
  EXPECT_EQ(watch->spec.tags, (TagRule{{"v*"}, {"*-rc*"}, 3}));
  EXPECT_EQ(watch->spec.interval, std::chrono::hours(6));
  EXPECT_EQ(watch->spec.max_images, 50u);
  EXPECT_TRUE(watch->spec.check_after);
  EXPECT_EQ(watch->generation, 3);
}

// The schema refuses all of these, where it is the one that belongs to this program.
TEST(RegistryWatch, SaysWhatOfItCannotBeFollowed) {
  const struct {
    const char* name;
    json spec;
    const char* problem;
  } kCases[] = {
      {"no registry", {{"repositories", {"a"}}}, "registry"},
      {"a registry with a path", {{"registry", "r.io/a"}, {"repositories", {"a"}}}, "registry"},
      {"a registry that would be a folder of Docker Hub",
       {{"registry", "myhub"}, {"repositories", {"a"}}},
       "registry"},
      {"no repositories", {{"registry", "r.io"}, {"repositories", json::array()}}, "repositories"},
      {"a repository with a tag",
       {{"registry", "r.io"}, {"repositories", {"a:1"}}},
       "repositories"},
      {"a repository with an escape in it",
       {{"registry", "r.io"}, {"repositories", {"a\u001b[31m"}}},
       "repositories"},
      {"an interval of nothing",
       {{"registry", "r.io"}, {"repositories", {"a"}}, {"interval", "0m"}},
       "interval"},
      {"an interval that is none",
       {{"registry", "r.io"}, {"repositories", {"a"}}, {"interval", "soon"}},
       "interval"},
      {"too many images",
       {{"registry", "r.io"}, {"repositories", {"a"}}, {"maxImages", 100000}},
       "maxImages"},
  };
  for (const auto& c : kCases) {
    const auto watch = RegistryWatchFromJson(AnObject(c.spec));
    ASSERT_TRUE(watch) << c.name;
    EXPECT_TRUE(watch->problem.starts_with(c.problem)) << c.name << ": " << watch->problem;
    EXPECT_EQ(watch->problem.find('\x1b'), std::string::npos) << c.name;
  }
}

TEST(RegistryWatch, ItsStatusIsReadAsItIsWritten) {
  RegistryWatchStatus status;
  status.observed_generation = 3;
  status.last_checked_at = "2026-11-27T12:00:00Z";
  status.next_check_at = "2026-11-27T13:00:00Z";
  status.repositories = 2;
  status.tags = 9;
  status.images = 7;
  status.newest = {{"r.io/a:1", "sha256:00", "2026-11-27T12:00:00Z"}};
  status.conditions = {{"Ready", "True", "Checked", "m", 3, "2026-11-27T12:00:00Z"}};
  json object = AnObject({{"registry", "r.io"}, {"repositories", {"a"}}});
  object["status"] = RegistryWatchStatusToJson(status);
  const auto read = RegistryWatchFromJson(object);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->status, status);
}

TEST(RegistryWatch, ItsStatusIsBounded) {
  RegistryWatchStatus status;
  for (int i = 0; i < 1000; ++i) status.newest.push_back({std::string(600, 'a'), "d", "t"});
  const json object = RegistryWatchStatusToJson(status);
  EXPECT_EQ(object["newestImages"].size(), kMaxNewestImages);
  EXPECT_LE(object.dump().size(), 16u * 1024);
  EXPECT_TRUE(object["nextCheckAt"].is_null()) << "a merge patch takes it away";
}

TEST(RegistryWatch, AnotherKindOrTypeIsRefused) {
  for (const char* text : {R"({"kind":"ImageScan"})", R"({"spec":{"repositories":"a"}})",
                           R"({"spec":{"maxImages":"9"}})", R"({"metadata":[]})"}) {
    EXPECT_FALSE(RegistryWatchFromJson(json::parse(text))) << text;
  }
}

}  // namespace
}  // namespace landwaiter::resources
