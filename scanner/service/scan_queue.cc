#include "scanner/service/scan_queue.h"

#include <utility>

namespace landwaiter::service {

ScanQueue::ScanQueue(std::size_t workers, std::size_t max_waiting) : max_waiting_(max_waiting) {
  for (std::size_t i = 0; i < workers; ++i) workers_.emplace_back([this] { Work(); });
}

ScanQueue::~ScanQueue() { Finish(); }

bool ScanQueue::TryPush(Task task) {
  {
    const std::lock_guard lock(mutex_);
    const std::size_t idle = workers_.size() - running_;
    if (ending_ || waiting_.size() >= max_waiting_ + idle) return false;
    waiting_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

std::size_t ScanQueue::Running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

std::size_t ScanQueue::Waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void ScanQueue::Finish() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  workers_.clear();
}

void ScanQueue::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    lock.unlock();
    task(stop_.get_token());
    task = nullptr;  // what it holds goes outside the lock
    lock.lock();
    --running_;
  }
}

}  // namespace landwaiter::service
