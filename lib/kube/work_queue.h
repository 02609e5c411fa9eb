// A queue of keys to reconcile, as client-go's workqueue: a key stands in it once however often it
// is added, is never in two workers at once, and one that is added while it is worked on comes
// again after. Keys wait by priority, then in order of arrival, and a namespace may be kept to its
// share of the workers; failures come back after a pause
// that doubles for that key alone.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace landwaiter::kube {

struct WorkQueueOptions {
  std::chrono::milliseconds retry_min{5};
  std::chrono::milliseconds retry_max{60'000};
  /// Keys "ns/name" of one namespace that are in work at once; 0: any number. The others wait
  /// without being in the way of other namespaces' keys.
  std::size_t per_namespace = 0;
};

/// Thread-safe. Bounded by the number of different keys, which is the number of objects.
class WorkQueue {
 public:
  /// The lower, the sooner.
  enum class Priority : std::uint8_t { kHigh, kNormal, kLow };

  explicit WorkQueue(WorkQueueOptions options = {}) : options_(options) {}

  void Add(const std::string& key, Priority priority = Priority::kNormal);
  /// Not before `delay` is over; an earlier wait for the same key stays the earlier one.
  void AddAfter(const std::string& key, std::chrono::milliseconds delay,
                Priority priority = Priority::kNormal);
  /// After a failure: pause of retry_min × 2^failures, at most retry_max.
  void AddRateLimited(const std::string& key, Priority priority = Priority::kNormal);
  /// The key's failures are forgotten.
  void Forget(const std::string& key);
  std::size_t Failures(const std::string& key) const;

  /// Waits for a key; nullopt when `stop` asks or the queue is shut down. Done must follow.
  std::optional<std::string> Get(const std::stop_token& stop);
  /// The key of Get has been worked on.
  void Done(const std::string& key);

  void ShutDown();
  /// Forgets all keys that wait; those in work stay in work.
  void Clear();
  std::size_t size() const;  // keys that are due
  std::size_t InWork() const;
  /// Keys whose last try failed: they come again, however long that takes.
  std::size_t Failing() const;
  /// Nothing waits for now and nothing is in work; keys that wait for a later time do not count.
  bool Idle() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Rank {
    Priority priority;
    std::uint64_t order;
    auto operator<=>(const Rank&) const = default;
  };

  void AddLocked(const std::string& key, Priority priority);
  void PromoteLocked(SteadyTime now);
  std::optional<std::string> TakeLocked();
  void ReleaseLocked(const std::string& key);

  const WorkQueueOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t next_order_ = 0;
  bool shut_down_ = false;
  std::map<Rank, std::string> ready_;
  /// By namespace: keys that came to the front while as many of theirs as may be were in work.
  std::unordered_map<std::string, std::map<Rank, std::string>> held_;
  std::unordered_map<std::string, std::size_t> at_work_;  // by namespace, where that is bounded
  std::unordered_map<std::string, Rank> waiting_;         // keys in ready_ and held_
  std::unordered_set<std::string> in_work_;
  std::unordered_map<std::string, Priority> again_;  // added while in work
  std::multimap<SteadyTime, std::string> delayed_;
  struct Delay {
    std::multimap<SteadyTime, std::string>::iterator at;
    Priority priority;
  };
  std::unordered_map<std::string, Delay> delays_;  // keys in delayed_
  std::unordered_map<std::string, std::size_t> failures_;
};

}  // namespace landwaiter::kube
