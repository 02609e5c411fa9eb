// Brings a subscription's messages from the outbox to its receiver: a thread of its own for each,
// so that one that hangs holds up nobody, least of all a verdict. At least once: a message leaves
// the outbox when its receiver has answered 2xx, and keeps its id however often it is sent.
//
// What is the receiver's trouble (no answer, 5xx, 408, 429) pauses all its messages; what it has
// against one message (any other answer) lets the next ones by. Pauses double, with jitter, and
// last as long as Retry-After says. A message that has not arrived after a week is given up, and an
// Event on its ImageScan says so.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controller/notify/subscription.h"
#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/http/client.h"
#include "lib/store/outbox.h"

namespace landwaiter::controller {

struct CourierOptions {
  std::chrono::milliseconds timeout{10'000};  // of one request
  std::chrono::milliseconds first_pause{1'000};
  std::chrono::milliseconds longest_pause{5 * 60'000};
  std::chrono::milliseconds longest_retry_after{60 * 60'000};
  std::chrono::milliseconds given_up_after = std::chrono::hours(24 * 7);
};

/// What an answer means for the message, and for those behind it.
enum class Delivery { kArrived, kReceiverAway, kRefused };
Delivery DeliveryOf(int status);

/// The pause after failure number `failures` (from 1), before jitter.
std::chrono::milliseconds PauseAfter(int failures, const CourierOptions& options);

/// "t=UNIX-SECONDS,v1=HEX": HMAC-SHA256 under `key` of "UNIX-SECONDS.BODY".
std::string SignatureOf(const std::string& key, std::int64_t unix_seconds, const std::string& body);

struct CourierMetrics {
  metrics::Counter* delivered = nullptr;
  metrics::Counter* failed = nullptr;
  metrics::Counter* given_up = nullptr;
};

class Courier {
 public:
  struct Parts {
    const Subscription& subscription;
    store::Outbox& outbox;
    http::Client& client;
    const Clock& clock;
    std::function<bool()> may_send;  // this replica leads
    std::function<void(const store::OutboxMessage&)> on_given_up;
    CourierMetrics metrics = {};
  };
  Courier(Parts parts, CourierOptions options) : parts_(std::move(parts)), options_(options) {}
  ~Courier() { Stop(); }

  void Start();
  void Stop();
  /// There is something new.
  void Wake();

  /// One round over what waits; how long until the next.
  std::chrono::milliseconds Round(const Cancellation& cancel);

 private:
  struct Tried {
    int failures = 0;
    std::chrono::steady_clock::time_point again{};
  };
  void Run(const std::stop_token& stop);
  Result<http::Response> Send(const store::OutboxMessage& message, const Cancellation& cancel);
  /// True where it is over and done with.
  bool GiveUp(const store::OutboxMessage& message);
  std::chrono::milliseconds ReceiverAway(const http::Response* answer);

  const Parts parts_;
  const CourierOptions options_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool wake_ = false;
  int failures_ = 0;                    // of the receiver, in a row
  std::map<std::string, Tried> tried_;  // messages that it refused
  std::jthread thread_;
};

}  // namespace landwaiter::controller
