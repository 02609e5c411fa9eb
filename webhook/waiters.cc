#include "webhook/waiters.h"

#include "lib/base/log.h"

namespace landwaiter::webhook {
namespace {

void RunGuarded(const Waiters::Resume& resume) noexcept {
  try {
    resume();
  } catch (const std::exception& error) {
    // The request's responder goes with it and answers 500.
    log::Error("waiting request failed", {{"error", error.what()}});
  }
}

}  // namespace

Waiters::Waiters(std::size_t capacity) : capacity_(capacity), thread_([this] { Run(); }) {}

Waiters::~Waiters() { Stop(); }

bool Waiters::Add(const std::vector<std::string>& keys, SteadyTime until, std::uint64_t seen_epoch,
                  Resume resume) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || waiters_.size() + ready_.size() >= capacity_) return false;
    if (epoch_.load() != seen_epoch) {
      ready_.push_back(std::move(resume));
    } else {
      const std::uint64_t id = ++next_id_;
      for (const std::string& key : keys) by_key_.emplace(key, id);
      waiters_[id] = {keys, by_time_.emplace(until, id), std::move(resume)};
    }
  }
  changed_.notify_one();
  return true;
}

void Waiters::Wake(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    epoch_.fetch_add(1);
    std::vector<std::uint64_t> ids;
    const auto [begin, end] = by_key_.equal_range(key);
    for (auto it = begin; it != end; ++it) ids.push_back(it->second);
    if (ids.empty()) return;
    for (const std::uint64_t id : ids) ready_.push_back(Take(id));
  }
  changed_.notify_one();
}

Waiters::Resume Waiters::Take(std::uint64_t id) {
  const auto found = waiters_.find(id);
  Waiter waiter = std::move(found->second);
  waiters_.erase(found);
  by_time_.erase(waiter.timer);
  for (const std::string& key : waiter.keys) {
    const auto [begin, end] = by_key_.equal_range(key);
    for (auto it = begin; it != end; ++it) {
      if (it->second != id) continue;
      by_key_.erase(it);
      break;
    }
  }
  return std::move(waiter.resume);
}

void Waiters::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    while (!by_time_.empty() && (stopped_ || by_time_.begin()->first <= now)) {
      ready_.push_back(Take(by_time_.begin()->second));
    }
    if (!ready_.empty()) {
      std::vector<Resume> ready;
      ready.swap(ready_);
      lock.unlock();
      for (const Resume& resume : ready) RunGuarded(resume);
      ready.clear();
      lock.lock();
      continue;
    }
    if (stopped_) return;
    if (by_time_.empty()) {
      changed_.wait(lock);
    } else {
      // A copy: who is woken in the meantime takes the entry away, and wait_until looks at its time
      // once more when it returns.
      const auto next = by_time_.begin()->first;
      changed_.wait_until(lock, next);
    }
  }
}

std::size_t Waiters::size() const {
  const std::lock_guard lock(mutex_);
  return waiters_.size();
}

void Waiters::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace landwaiter::webhook
