// What a blocking call is given: a stop token and a deadline.
#pragma once

#include <chrono>
#include <stop_token>

namespace landwaiter {

struct Cancellation {
  using SteadyTime = std::chrono::steady_clock::time_point;

  std::stop_token stop;
  SteadyTime deadline = SteadyTime::max();

  bool Stopped() const { return stop.stop_requested(); }
  bool Expired() const { return std::chrono::steady_clock::now() >= deadline; }
  /// Time left, never negative; at most a day, so that it can be added to a clock.
  std::chrono::milliseconds Left() const {
    if (deadline == SteadyTime::max()) return std::chrono::hours(24);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    return left.count() < 0 ? std::chrono::milliseconds(0) : left;
  }
  Cancellation Within(std::chrono::milliseconds limit) const {
    const auto earlier = std::chrono::steady_clock::now() + limit;
    return {stop, earlier < deadline ? earlier : deadline};
  }
};

}  // namespace landwaiter
