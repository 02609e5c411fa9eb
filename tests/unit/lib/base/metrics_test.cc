#include "lib/base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace landwaiter::metrics {
namespace {

TEST(Metrics, RenderEverySeriesFromTheStartWithZero) {
  Registry registry;
  registry.AddCounter("landwaiter_requests_total", "Requests.", {{"verdict", "allow"}});
  registry.AddCounter("landwaiter_requests_total", "Requests.", {{"verdict", "deny"}}).Add(3);
  registry.AddGauge("landwaiter_connections", "Open connections.").Set(2.5);
  registry.AddCallback("landwaiter_age_seconds", "Age.", [] { return 7.0; });
  EXPECT_EQ(registry.RenderPrometheus(),
            "# HELP landwaiter_requests_total Requests.\n"
            "# TYPE landwaiter_requests_total counter\n"
            "landwaiter_requests_total{verdict=\"allow\"} 0\n"
            "landwaiter_requests_total{verdict=\"deny\"} 3\n"
            "# HELP landwaiter_connections Open connections.\n"
            "# TYPE landwaiter_connections gauge\n"
            "landwaiter_connections 2.5\n"
            "# HELP landwaiter_age_seconds Age.\n"
            "# TYPE landwaiter_age_seconds gauge\n"
            "landwaiter_age_seconds 7\n");
}

// Admission pitfall 93.
TEST(Metrics, TheSameNameAndLabelsTwiceAreOneSeries) {
  Registry registry;
  Counter& first = registry.AddCounter("a_total", "A.");
  EXPECT_EQ(&first, &registry.AddCounter("a_total", "A."));
}

TEST(Metrics, HistogramBucketsAreCumulativeAndABoundCountsItsOwnValue) {
  Registry registry;
  Histogram& seconds = registry.AddHistogram("s", "S.", {0.5, 1}, {{"stage", "pull"}});
  for (const double value : {0.25, 0.5, 0.75, 9.0}) seconds.Observe(value);
  EXPECT_EQ(registry.RenderPrometheus(),
            "# HELP s S.\n# TYPE s histogram\n"
            "s_bucket{stage=\"pull\",le=\"0.5\"} 2\n"
            "s_bucket{stage=\"pull\",le=\"1\"} 3\n"
            "s_bucket{stage=\"pull\",le=\"+Inf\"} 4\n"
            "s_sum{stage=\"pull\"} 10.5\n"
            "s_count{stage=\"pull\"} 4\n");
}

TEST(Metrics, LabelValuesAreEscaped) {
  Registry registry;
  registry.AddCounter("a_total", "line\nbreak", {{"l", "q\"b\\n\n"}});
  EXPECT_EQ(registry.RenderPrometheus(),
            "# HELP a_total line\\nbreak\n# TYPE a_total counter\n"
            "a_total{l=\"q\\\"b\\\\n\\n\"} 0\n");
}

TEST(Metrics, CountsFromManyThreadsAreAllThere) {
  Registry registry;
  Counter& counter = registry.AddCounter("a_total", "A.");
  Gauge& gauge = registry.AddGauge("g", "G.");
  Histogram& histogram = registry.AddHistogram("h", "H.", SecondsBounds());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          counter.Add();
          gauge.Add(1);
          histogram.Observe(0.1);
        }
      });
    }
  }
  EXPECT_EQ(counter.Value(), 4000u);
  EXPECT_EQ(gauge.Value(), 4000);
  EXPECT_EQ(histogram.Count(), 4000u);
}

}  // namespace
}  // namespace landwaiter::metrics
