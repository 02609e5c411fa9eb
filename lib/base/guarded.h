// Data that lives under a lock: the only way to it is through the lock.
#pragma once

#include <mutex>
#include <utility>

namespace landwaiter {

template <class T>
class Guarded {
 public:
  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  /// Runs `fn(T&)` under the lock. No I/O in there.
  template <class Fn>
  auto With(Fn&& fn) {
    const std::lock_guard lock(mutex_);
    return std::forward<Fn>(fn)(value_);
  }
  template <class Fn>
  auto With(Fn&& fn) const {
    const std::lock_guard lock(mutex_);
    return std::forward<Fn>(fn)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace landwaiter
