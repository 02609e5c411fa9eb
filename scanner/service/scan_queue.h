// Scans that wait and scans at work: a bounded queue, and threads that take from it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace landwaiter::service {

class ScanQueue {
 public:
  /// A task is given a token that is stopped when the drain's time is over.
  using Task = std::function<void(std::stop_token)>;

  ScanQueue(std::size_t workers, std::size_t max_waiting);
  ~ScanQueue();
  ScanQueue(const ScanQueue&) = delete;
  ScanQueue& operator=(const ScanQueue&) = delete;

  /// False when full, or when ending.
  [[nodiscard]] bool TryPush(Task task);
  /// Scans at work, and those that wait.
  std::size_t Running() const;
  std::size_t Waiting() const;
  /// Stops the tasks at work and gives those that wait a stopped token.
  void StopTasks() { stop_.request_stop(); }
  /// No more tasks; returns when all have ended.
  void Finish();

 private:
  void Work();

  const std::size_t max_waiting_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> waiting_;
  std::size_t running_ = 0;
  bool ending_ = false;
  std::vector<std::jthread> workers_;
};

}  // namespace landwaiter::service
