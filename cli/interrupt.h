// SIGINT and SIGTERM as a stop token: what a role drains by, and what ends a command early.
#pragma once

#include <stop_token>
#include <thread>

namespace landwaiter::cli {

/// While it lives, the two signals are blocked in all threads that are started after it and taken
/// by one thread of its own, which requests the stop. One at a time in a process; made before
/// threads.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token Token() const { return stop_.get_token(); }
  /// Blocks until one of the signals has come.
  void Wait();

 private:
  std::stop_source stop_;
  int event_ = -1;  // wakes the thread when the object goes
  std::jthread thread_;
};

}  // namespace landwaiter::cli
