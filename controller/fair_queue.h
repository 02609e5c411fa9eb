// A bounded queue whose namespaces take turns, each with a bounded number of tasks in work at once:
// what one tenant's slow registry holds is its own share of the threads.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace landwaiter::controller {

/// Thread-safe.
template <class T>
class FairQueue {
 public:
  FairQueue(std::size_t max_waiting, std::size_t per_namespace)
      : max_waiting_(max_waiting), per_namespace_(per_namespace) {}

  /// All of them or, where they would be too many, none.
  [[nodiscard]] bool TryPush(const std::string& ns, std::vector<T> tasks) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_ + tasks.size() > max_waiting_) return false;
      waiting_ += tasks.size();
      auto& own = by_ns_[ns];
      for (auto& task : tasks) own.push_back(std::move(task));
      if (own.empty()) by_ns_.erase(ns);
    }
    changed_.notify_all();
    return true;
  }

  /// Waits for a task that may be begun; nullopt when stopped. Done(namespace) must follow.
  std::optional<std::pair<std::string, T>> Take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    std::optional<std::pair<std::string, T>> taken;
    changed_.wait(lock, stop, [&] {
      if (stop.stop_requested()) return false;
      taken = Pick();
      return taken.has_value();
    });
    return taken;
  }

  void Done(const std::string& ns) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = in_work_.find(ns);
      if (found != in_work_.end() && --found->second == 0) in_work_.erase(found);
    }
    changed_.notify_all();
  }

  /// Drops what waits.
  void Clear() {
    std::map<std::string, std::deque<T>> dropped;  // what they hold goes outside the lock
    const std::lock_guard lock(mutex_);
    std::swap(dropped, by_ns_);
    waiting_ = 0;
  }

 private:
  std::optional<std::pair<std::string, T>> Pick() {
    // From the namespace after the one served last, once around.
    auto it = by_ns_.upper_bound(last_);
    for (std::size_t step = 0; step < by_ns_.size(); ++step, ++it) {
      if (it == by_ns_.end()) it = by_ns_.begin();
      const auto busy = in_work_.find(it->first);
      if (busy != in_work_.end() && busy->second >= per_namespace_) continue;
      last_ = it->first;
      std::pair<std::string, T> taken{it->first, std::move(it->second.front())};
      it->second.pop_front();
      if (it->second.empty()) by_ns_.erase(it);
      --waiting_;
      ++in_work_[taken.first];
      return taken;
    }
    return std::nullopt;
  }

  const std::size_t max_waiting_;
  const std::size_t per_namespace_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::deque<T>> by_ns_;  // no empty ones
  std::string last_;                            // the namespace that was served last
  std::unordered_map<std::string, std::size_t> in_work_;
  std::size_t waiting_ = 0;
};

}  // namespace landwaiter::controller
