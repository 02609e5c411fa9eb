#include "lib/kube/work_queue.h"

#include <algorithm>

namespace landwaiter::kube {
namespace {

/// "" for keys without one: they are in nobody's share.
std::string NamespaceOf(const std::string& key) {
  const auto slash = key.find('/');
  return slash == std::string::npos ? std::string() : key.substr(0, slash);
}

}  // namespace

void WorkQueue::AddLocked(const std::string& key, Priority priority) {
  if (shut_down_) return;
  if (in_work_.contains(key)) {
    const auto [it, added] = again_.emplace(key, priority);
    if (!added) it->second = std::min(it->second, priority);
    return;
  }
  const auto waiting = waiting_.find(key);
  if (waiting != waiting_.end()) {
    if (waiting->second.priority <= priority) return;
    const Rank rank{priority, waiting->second.order};
    if (ready_.erase(waiting->second) == 0) held_[NamespaceOf(key)].erase(waiting->second);
    waiting->second = rank;
    ready_.emplace(rank, key);
    return;
  }
  const Rank rank{priority, next_order_++};
  ready_.emplace(rank, key);
  waiting_.emplace(key, rank);
}

void WorkQueue::Add(const std::string& key, Priority priority) {
  {
    const std::lock_guard lock(mutex_);
    AddLocked(key, priority);
  }
  changed_.notify_one();
}

void WorkQueue::AddAfter(const std::string& key, std::chrono::milliseconds delay,
                         Priority priority) {
  if (delay.count() <= 0) return Add(key, priority);
  {
    const std::lock_guard lock(mutex_);
    if (shut_down_) return;
    const auto at = std::chrono::steady_clock::now() + delay;
    const auto known = delays_.find(key);
    if (known != delays_.end()) {
      if (known->second.at->first <= at) return;
      delayed_.erase(known->second.at);
      delays_.erase(known);
    }
    delays_.emplace(key, Delay{delayed_.emplace(at, key), priority});
  }
  changed_.notify_all();  // whoever waits may now have to wake earlier
}

void WorkQueue::AddRateLimited(const std::string& key, Priority priority) {
  std::chrono::milliseconds delay;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t failures = failures_[key]++;
    delay = failures >= 20 ? options_.retry_max
                           : std::min(options_.retry_max, options_.retry_min * (1 << failures));
  }
  AddAfter(key, delay, priority);
}

void WorkQueue::Forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  failures_.erase(key);
}

std::size_t WorkQueue::Failures(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

void WorkQueue::PromoteLocked(SteadyTime now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const std::string key = delayed_.begin()->second;
    const auto known = delays_.find(key);
    const Priority priority = known->second.priority;
    delays_.erase(known);
    delayed_.erase(delayed_.begin());
    AddLocked(key, priority);
  }
}

std::optional<std::string> WorkQueue::TakeLocked() {
  while (!ready_.empty()) {
    const auto first = ready_.begin();
    const std::string ns = options_.per_namespace == 0 ? std::string() : NamespaceOf(first->second);
    if (!ns.empty() && at_work_[ns] >= options_.per_namespace) {
      held_[ns].insert(ready_.extract(first));  // Done brings it back
      continue;
    }
    std::string key = std::move(first->second);
    ready_.erase(first);
    waiting_.erase(key);
    in_work_.insert(key);
    if (!ns.empty()) ++at_work_[ns];
    return key;
  }
  return std::nullopt;
}

void WorkQueue::ReleaseLocked(const std::string& key) {
  const std::string ns = NamespaceOf(key);
  const auto at_work = at_work_.find(ns);
  if (at_work == at_work_.end()) return;
  if (--at_work->second == 0) at_work_.erase(at_work);
  const auto held = held_.find(ns);
  if (held == held_.end()) return;
  if (!held->second.empty()) ready_.insert(held->second.extract(held->second.begin()));
  if (held->second.empty()) held_.erase(held);
}

std::optional<std::string> WorkQueue::Get(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    PromoteLocked(std::chrono::steady_clock::now());
    if (shut_down_ || stop.stop_requested()) return std::nullopt;
    if (auto key = TakeLocked()) return key;
    const auto until = delayed_.empty() ? std::chrono::steady_clock::now() + std::chrono::hours(1)
                                        : delayed_.begin()->first;
    changed_.wait_until(lock, stop, until, [&] {
      return shut_down_ || !ready_.empty() ||
             (!delayed_.empty() && delayed_.begin()->first < until);
    });
  }
}

void WorkQueue::Done(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    if (in_work_.erase(key) != 0) ReleaseLocked(key);
    const auto again = again_.find(key);
    if (again != again_.end()) {
      const Priority priority = again->second;
      again_.erase(again);
      AddLocked(key, priority);
    }
  }
  changed_.notify_one();
}

void WorkQueue::ShutDown() {
  {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
  }
  changed_.notify_all();
}

void WorkQueue::Clear() {
  const std::lock_guard lock(mutex_);
  ready_.clear();
  held_.clear();
  waiting_.clear();
  again_.clear();
  delayed_.clear();
  delays_.clear();
  failures_.clear();
}

std::size_t WorkQueue::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

std::size_t WorkQueue::InWork() const {
  const std::lock_guard lock(mutex_);
  return in_work_.size();
}

std::size_t WorkQueue::Failing() const {
  const std::lock_guard lock(mutex_);
  return failures_.size();
}

bool WorkQueue::Idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && in_work_.empty();
}

}  // namespace landwaiter::kube
