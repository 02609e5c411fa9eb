// How long each step of an image's way takes, and what policies said: what an operator looks at
// when verdicts come late.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "lib/base/metrics.h"
#include "resources/image_scan.h"

namespace landwaiter::controller {

enum class Stage : std::uint8_t {
  kResolve,  // a reference's digest, asked of its registry
  kWait,     // from being wanted to a scanner's being asked
  kScan,     // a scanner's answer
  kMatch,    // inventory and database to findings, kept
  kJudge,    // what is stored, and policies, to a status that is written
};
inline constexpr std::size_t kStages = 5;

/// Thread-safe.
class StageMetrics {
 public:
  explicit StageMetrics(metrics::Registry& metrics);

  void Took(Stage stage, std::chrono::duration<double> time) {
    seconds_[static_cast<std::size_t>(stage)]->Observe(time.count());
  }
  /// Every policy's judgement of one image.
  void Evaluated(const resources::ImageScanStatus& status);

 private:
  std::array<metrics::Histogram*, kStages> seconds_{};
  std::array<metrics::Counter*, 4> verdicts_{};
};

/// Observes the time from its making to its end; nothing where `metrics` is null.
class StageTimer {
 public:
  StageTimer(StageMetrics* metrics, Stage stage) : metrics_(metrics), stage_(stage) {}
  ~StageTimer() {
    if (metrics_ != nullptr) metrics_->Took(stage_, std::chrono::steady_clock::now() - started_);
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  StageMetrics* metrics_;
  Stage stage_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace landwaiter::controller
