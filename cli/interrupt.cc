#include "cli/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <stdexcept>

namespace landwaiter::cli {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  event_ = ::eventfd(0, EFD_CLOEXEC);
  if (signals < 0 || event_ < 0) throw std::runtime_error("no file descriptor for signals");
  thread_ = std::jthread([this, signals] {
    pollfd fds[2] = {{signals, POLLIN, 0}, {event_, POLLIN, 0}};
    while (::poll(fds, 2, -1) < 0) {
    }
    // Read, not only seen: a signal that stays pending would end the process as soon as it is
    // unblocked below, before anything has drained.
    signalfd_siginfo taken;
    if ((fds[0].revents & POLLIN) != 0 && ::read(signals, &taken, sizeof taken) > 0) {
      stop_.request_stop();
    }
    ::close(signals);
    // A second Ctrl-C ends the process the ordinary way, should draining take too long.
    const sigset_t stop_signals = StopSignals();
    pthread_sigmask(SIG_UNBLOCK, &stop_signals, nullptr);
    pollfd gone{event_, POLLIN, 0};
    while (::poll(&gone, 1, -1) < 0) {
    }
  });
}

Interrupt::~Interrupt() {
  const std::uint64_t one = 1;
  // An eventfd that holds zero takes one at once.
  if (::write(event_, &one, sizeof one) == sizeof one && thread_.joinable()) thread_.join();
  ::close(event_);
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Interrupt::Wait() {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, stop_.get_token(), [] { return false; });
}

}  // namespace landwaiter::cli
