// Events (core/v1) as kubectl describe shows them, written in the background from a bounded queue:
// a flood of events drops events, never blocks a caller. Equal events (object, type, reason,
// message) are one object whose count grows.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "lib/base/clock.h"
#include "lib/kube/api.h"

namespace landwaiter::kube {

/// What the event is about. Cluster-scoped objects have their events in "default".
struct EventTarget {
  std::string api_version;
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;
};

enum class EventType { kNormal, kWarning };

struct EventRecorderOptions {
  std::string component = "landwaiter-controller";
  std::string instance;            // of the pod or host
  std::size_t queue = 1000;        // events that wait to be written
  std::size_t remembered = 4096;   // events whose count can still grow
  std::size_t max_message = 1024;  // the API's own bound on `message` (note)
};

class EventRecorder {
 public:
  EventRecorder(Api& api, const Clock& clock, EventRecorderOptions options);
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void Start();
  /// Drops what waits; joins.
  void Stop();

  /// Never blocks. `message` is made printable and cut.
  void Record(const EventTarget& target, EventType type, std::string_view reason,
              std::string_view message);
  std::uint64_t Dropped() const;

 private:
  struct Event {
    EventTarget target;
    EventType type;
    std::string reason;
    std::string message;
  };
  struct Known {
    std::string name;  // of the Event object
    std::uint64_t count = 0;
    std::list<std::string>::iterator age;
  };

  void Run(const std::stop_token& stop);
  void Write(const Event& event, const Cancellation& cancel);
  bool Increase(const std::string& key, const Event& event, const Cancellation& cancel);
  void Remember(const std::string& key, std::string name);

  Api& api_;
  const Clock& clock_;
  const EventRecorderOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Event> queue_;
  std::uint64_t dropped_ = 0;
  // Of the writing thread:
  std::unordered_map<std::string, Known> known_;
  std::list<std::string> by_age_;  // newest first
  std::uint64_t serial_ = 0;
  std::jthread thread_;
};

}  // namespace landwaiter::kube
