#include "scanner/image/registry_metrics.h"

#include <gtest/gtest.h>

#include <string>

namespace landwaiter::image {
namespace {

struct Case {
  int status;
  const char* code;
};

constexpr Case kCases[] = {{200, "2xx"}, {206, "2xx"}, {307, "3xx"}, {400, "4xx"}, {401, "401"},
                           {403, "403"}, {404, "404"}, {416, "4xx"}, {429, "429"}, {500, "5xx"},
                           {503, "5xx"}, {0, "none"},  {99, "none"}, {999, "5xx"}};

TEST(RegistryRequests, AreCountedByTheirAnswer) {
  for (const auto& [status, code] : kCases) {
    metrics::Registry metrics;
    CountRegistryRequests(metrics)(status);
    const std::string text = metrics.RenderPrometheus();
    const std::string series = "landwaiter_registry_requests_total{code=\"";
    EXPECT_NE(text.find(series + code + "\"} 1\n"), std::string::npos) << status << "\n" << text;
    std::size_t lines = 0;
    for (auto at = text.find(series); at != std::string::npos; at = text.find(series, at + 1)) {
      ++lines;
    }
    EXPECT_EQ(lines, 9u) << "each is there from the start";
  }
}

TEST(RegistryPauses, AreCounted) {
  metrics::Registry metrics;
  const auto count = CountRegistryPauses(metrics);
  EXPECT_NE(metrics.RenderPrometheus().find("landwaiter_registry_pauses_total 0\n"),
            std::string::npos);
  count();
  EXPECT_NE(metrics.RenderPrometheus().find("landwaiter_registry_pauses_total 1\n"),
            std::string::npos);
}

}  // namespace
}  // namespace landwaiter::image
