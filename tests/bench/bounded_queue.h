// A bounded queue between two threads.
#pragma once

#include <cassert>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace landwaiter::bench {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) { assert(capacity > 0); }

  /// Waits for room. False once the queue was closed or aborted: the value is dropped.
  [[nodiscard]] bool Push(T value) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return closed_ || queue_.size() < capacity_; });
    if (closed_) return false;
    queue_.push_back(std::move(value));
    lock.unlock();
    filled_.notify_one();
    return true;
  }

  /// Waits for a value. nullopt once the queue is closed and empty, or was aborted.
  std::optional<T> Pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return closed_ || !queue_.empty(); });
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    lock.unlock();
    room_.notify_one();
    return value;
  }

  /// No more values come; what is in it can still be taken.
  void Close() { End(false); }
  /// No more values come or go.
  void Abort() { End(true); }

 private:
  void End(bool drop) {
    std::deque<T> dropped;  // destroyed outside the lock
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      if (drop) dropped.swap(queue_);
    }
    room_.notify_all();
    filled_.notify_all();
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::deque<T> queue_;
  bool closed_ = false;
};

}  // namespace landwaiter::bench
