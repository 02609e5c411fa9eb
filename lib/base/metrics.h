// Metrics in the Prometheus text format (exposition formats, "Text-based format", 0.0.4).
// Series are made at start-up with labels from closed sets, so that every series exists with 0
// before the first event and a hostile name can never make a new one. Counting is an atomic add.
// Not handled: exemplars, OpenMetrics, summaries.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace landwaiter::metrics {

/// Label names and values, in the order in which they are printed.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// Only ever grows. Thread-safe.
class Counter {
 public:
  void Add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A level that rises and falls. Thread-safe.
class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double amount);
  double Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Counts of observations by upper bound, their sum and number. Thread-safe.
class Histogram {
 public:
  /// `bounds` ascending; "+Inf" is added.
  explicit Histogram(std::vector<double> bounds);
  void Observe(double value);
  std::uint64_t Count() const;
  double Sum() const { return sum_.Value(); }
  const std::vector<double>& bounds() const { return bounds_; }
  /// Observations in bucket `index` alone (not cumulative); the last one is "+Inf".
  std::uint64_t BucketCount(std::size_t index) const { return buckets_[index].Value(); }

 private:
  std::vector<double> bounds_;
  std::vector<Counter> buckets_;
  Gauge sum_;
};

/// 1 ms … 10 s, for request and call times in seconds.
std::vector<double> SecondsBounds();

/// The series of one role. Series live as long as the registry; the references stay valid.
/// The same name and labels twice give the same series. Thread-safe.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& AddCounter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& AddGauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& AddHistogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                          Labels labels = {});
  /// A gauge whose value is asked for when the metrics are rendered. `read` must be thread-safe,
  /// quick, and must outlive the registry's last RenderPrometheus.
  void AddCallback(std::string_view name, std::string_view help, std::function<double()> read,
                   Labels labels = {});

  /// Families in order of their first registration, each with HELP and TYPE.
  std::string RenderPrometheus() const;

 private:
  struct Family;
  struct Series;
  Family& FamilyFor(std::string_view name, std::string_view help, std::string_view type);
  static Series& SeriesFor(Family& family, Labels labels);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_;
};

}  // namespace landwaiter::metrics
