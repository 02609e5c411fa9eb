// Requests that wait for something to be known hold no thread: each is a callback under the keys it
// waits for, called once, on the one thread of this object, when a key is woken or its time is up.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "webhook/memory.h"

namespace landwaiter::webhook {

class Waiters {
 public:
  using Resume = std::function<void()>;

  /// At most `capacity` wait at once.
  explicit Waiters(std::size_t capacity);
  ~Waiters();
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  /// Moves with every Wake. Read it before looking at what is known, and give it to Add: a change
  /// that came between the look and the Add then resumes at once.
  std::uint64_t Epoch() const { return epoch_.load(); }
  /// False: too many wait, or stopped; `resume` is not kept.
  [[nodiscard]] bool Add(const std::vector<std::string>& keys, SteadyTime until,
                         std::uint64_t seen_epoch, Resume resume);
  void Wake(const std::string& key);
  std::size_t size() const;
  /// Resumes all that wait and joins the thread.
  void Stop();

 private:
  struct Waiter {
    std::vector<std::string> keys;
    std::multimap<SteadyTime, std::uint64_t>::iterator timer;
    Resume resume;
  };

  void Run();
  /// Takes the waiter out of every index; under the lock.
  Resume Take(std::uint64_t id);

  const std::size_t capacity_;
  std::atomic<std::uint64_t> epoch_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_id_ = 0;
  std::unordered_map<std::uint64_t, Waiter> waiters_;
  std::unordered_multimap<std::string, std::uint64_t> by_key_;
  std::multimap<SteadyTime, std::uint64_t> by_time_;
  std::vector<Resume> ready_;
  bool stopped_ = false;
  std::jthread thread_;
};

}  // namespace landwaiter::webhook
