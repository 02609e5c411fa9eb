// Time that passes when somebody waits, and not otherwise.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <vector>

#include "scanner/image/registry.h"

namespace landwaiter::image::testing {

class PaceTime {
 public:
  RegistryTime Get() {
    return {[this] {
              const std::lock_guard lock(mutex_);
              return now_;
            },
            [this](std::chrono::milliseconds time, const Cancellation& cancel) {
              if (cancel.Stopped()) return false;
              if (on_wait) on_wait(time);
              const std::lock_guard lock(mutex_);
              waits_.push_back(time.count());
              now_ += time;
              return true;
            }};
  }
  void Pass(std::chrono::milliseconds time) {
    const std::lock_guard lock(mutex_);
    now_ += time;
  }
  /// What was waited since the last call, in milliseconds.
  std::vector<std::int64_t> Waits() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waits_, {});
  }

  /// Before a wait begins.
  std::function<void(std::chrono::milliseconds)> on_wait;

 private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1000)};
  std::vector<std::int64_t> waits_;
};

}  // namespace landwaiter::image::testing
