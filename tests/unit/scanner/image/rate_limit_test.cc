#include "scanner/image/rate_limit.h"

#include <gtest/gtest.h>

#include <string>

namespace landwaiter::image {
namespace {

using std::chrono::seconds;

// Pitfall 47.
TEST(RateLimitTest, IsReadAsRegistriesWriteIt) {
  const struct {
    const char* name;
    std::vector<http::Header> headers;
    std::optional<RateLimit> limit;
  } cases[] = {
      {"no header", {}, std::nullopt},
      {"Docker Hub's", {{"ratelimit-remaining", "76;w=21600"}}, RateLimit{76, seconds(21600), {}}},
      {"none left", {{"RateLimit-Remaining", "0;w=21600"}}, RateLimit{0, seconds(21600), {}}},
      {"a bare number and a reset",
       {{"RateLimit-Remaining", "3"}, {"RateLimit-Reset", "50"}},
       RateLimit{3, {}, seconds(50)}},
      {"spaces, and parameters that are unknown",
       {{"RateLimit-Remaining", " 5 ; burst=10 ; w=60 ; x"}},
       RateLimit{5, seconds(60), {}}},
      {"a reset that is a point in time",
       {{"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "1764190000"}},
       RateLimit{0, {}, {}}},
      {"a window of more than a day", {{"RateLimit-Remaining", "0;w=86401"}}, RateLimit{0, {}, {}}},
      {"a reset alone", {{"RateLimit-Reset", "5"}}, std::nullopt},
      {"nothing", {{"RateLimit-Remaining", ""}}, std::nullopt},
      {"a window alone", {{"RateLimit-Remaining", ";w=60"}}, std::nullopt},
      {"a word", {{"RateLimit-Remaining", "many"}}, std::nullopt},
      {"below nothing", {{"RateLimit-Remaining", "-1"}}, std::nullopt},
      {"a broken number", {{"RateLimit-Remaining", "1.5"}}, std::nullopt},
      {"more than a number holds",
       {{"RateLimit-Remaining", "99999999999999999999999"}},
       std::nullopt},
      {"a list of many",
       {{"RateLimit-Remaining", "0" + std::string(60'000, ';')}},
       RateLimit{0, {}, {}}},
  };
  for (const auto& c : cases) EXPECT_EQ(ReadRateLimit({200, c.headers, ""}), c.limit) << c.name;
}

}  // namespace
}  // namespace landwaiter::image
