#include "lib/base/metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace landwaiter::metrics {

void Gauge::Add(double amount) {
  double seen = value_.load(std::memory_order_relaxed);
  while (!value_.compare_exchange_weak(seen, seen + amount, std::memory_order_relaxed)) {
  }
}

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(bounds_.size() + 1) {}

void Histogram::Observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<std::size_t>(bucket - bounds_.begin())].Add();
  sum_.Add(value);
}

std::uint64_t Histogram::Count() const {
  std::uint64_t count = 0;
  for (const Counter& bucket : buckets_) count += bucket.Value();
  return count;
}

std::vector<double> SecondsBounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

struct Registry::Series {
  Labels labels;
  std::unique_ptr<Counter> counter;
  std::unique_ptr<Gauge> gauge;
  std::unique_ptr<Histogram> histogram;
  std::function<double()> callback;
};

struct Registry::Family {
  std::string name;
  std::string help;
  std::string type;
  std::vector<std::unique_ptr<Series>> series;
};

Registry::Registry() = default;
Registry::~Registry() = default;

Registry::Family& Registry::FamilyFor(std::string_view name, std::string_view help,
                                      std::string_view type) {
  for (const auto& family : families_) {
    if (family->name == name) return *family;
  }
  auto family = std::make_unique<Family>();
  family->name = name;
  family->help = help;
  family->type = type;
  families_.push_back(std::move(family));
  return *families_.back();
}

Registry::Series& Registry::SeriesFor(Family& family, Labels labels) {
  for (const auto& series : family.series) {
    if (series->labels == labels) return *series;
  }
  auto series = std::make_unique<Series>();
  series->labels = std::move(labels);
  family.series.push_back(std::move(series));
  return *family.series.back();
}

Counter& Registry::AddCounter(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  Series& series = SeriesFor(FamilyFor(name, help, "counter"), std::move(labels));
  if (!series.counter) series.counter = std::make_unique<Counter>();
  return *series.counter;
}

Gauge& Registry::AddGauge(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  Series& series = SeriesFor(FamilyFor(name, help, "gauge"), std::move(labels));
  if (!series.gauge) series.gauge = std::make_unique<Gauge>();
  return *series.gauge;
}

Histogram& Registry::AddHistogram(std::string_view name, std::string_view help,
                                  std::vector<double> bounds, Labels labels) {
  const std::lock_guard lock(mutex_);
  Series& series = SeriesFor(FamilyFor(name, help, "histogram"), std::move(labels));
  if (!series.histogram) series.histogram = std::make_unique<Histogram>(std::move(bounds));
  return *series.histogram;
}

void Registry::AddCallback(std::string_view name, std::string_view help,
                           std::function<double()> read, Labels labels) {
  const std::lock_guard lock(mutex_);
  SeriesFor(FamilyFor(name, help, "gauge"), std::move(labels)).callback = std::move(read);
}

namespace {

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[40];
  if (value == std::floor(value) && std::fabs(value) < 1e15) {
    std::snprintf(text, sizeof text, "%.0f", value);
  } else {
    std::snprintf(text, sizeof text, "%.9g", value);
  }
  return text;
}

std::string Escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string LabelText(const Labels& labels, std::string_view bound = {}) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += (out.empty() ? "" : ",") + name + "=\"" + Escaped(value, true) + "\"";
  }
  if (!bound.empty())
    out += std::string(out.empty() ? "" : ",") + "le=\"" + std::string(bound) + "\"";
  return out.empty() ? "" : "{" + out + "}";
}

void RenderHistogram(std::string& out, const std::string& name, const Labels& labels,
                     const Histogram& histogram) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    below += histogram.BucketCount(i);
    out += name + "_bucket" + LabelText(labels, Number(histogram.bounds()[i])) + " " +
           std::to_string(below) + "\n";
  }
  below += histogram.BucketCount(histogram.bounds().size());
  out += name + "_bucket" + LabelText(labels, "+Inf") + " " + std::to_string(below) + "\n";
  out += name + "_sum" + LabelText(labels) + " " + Number(histogram.Sum()) + "\n";
  out += name + "_count" + LabelText(labels) + " " + std::to_string(below) + "\n";
}

}  // namespace

std::string Registry::RenderPrometheus() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& family : families_) {
    out += "# HELP " + family->name + " " + Escaped(family->help, false) + "\n";
    out += "# TYPE " + family->name + " " + family->type + "\n";
    for (const auto& series : family->series) {
      const std::string head = family->name + LabelText(series->labels) + " ";
      if (series->counter) out += head + std::to_string(series->counter->Value()) + "\n";
      if (series->gauge) out += head + Number(series->gauge->Value()) + "\n";
      if (series->callback) out += head + Number(series->callback()) + "\n";
      if (series->histogram) {
        RenderHistogram(out, family->name, series->labels, *series->histogram);
      }
    }
  }
  return out;
}

}  // namespace landwaiter::metrics
