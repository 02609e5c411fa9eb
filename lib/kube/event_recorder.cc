#include "lib/kube/event_recorder.h"

#include <nlohmann/json.hpp>
#include <random>

#include "lib/base/log.h"
#include "lib/base/text.h"

namespace landwaiter::kube {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kWriteTimeout{10};

std::string EventNamespace(const EventTarget& target) {
  return target.ns.empty() ? "default" : target.ns;
}

std::string TypeName(EventType type) { return type == EventType::kWarning ? "Warning" : "Normal"; }

}  // namespace

EventRecorder::EventRecorder(Api& api, const Clock& clock, EventRecorderOptions options)
    : api_(api), clock_(clock), options_(std::move(options)) {
  serial_ = std::random_device{}();  // names of two processes differ
  serial_ = serial_ << 24;
}

EventRecorder::~EventRecorder() { Stop(); }

void EventRecorder::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void EventRecorder::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void EventRecorder::Record(const EventTarget& target, EventType type, std::string_view reason,
                           std::string_view message) {
  Event event{target, type, std::string(reason),
              text::Truncate(text::Printable(message), options_.max_message)};
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= options_.queue) {
      ++dropped_;
      return;
    }
    queue_.push_back(std::move(event));
  }
  changed_.notify_one();
}

std::uint64_t EventRecorder::Dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void EventRecorder::Run(const std::stop_token& stop) {
  while (true) {
    Event event;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
      event = std::move(queue_.front());
      queue_.pop_front();
    }
    if (stop.stop_requested()) return;
    Write(event, Cancellation{stop}.Within(kWriteTimeout));
  }
}

void EventRecorder::Write(const Event& event, const Cancellation& cancel) {
  const std::string key = event.target.kind + "\n" + event.target.ns + "\n" + event.target.name +
                          "\n" + event.target.uid + "\n" + TypeName(event.type) + "\n" +
                          event.reason + "\n" + event.message;
  if (Increase(key, event, cancel)) return;
  const std::string now = FormatTime(clock_.Now());
  // The API's own way: the object's name, a dot and a number in hex.
  char suffix[24];
  std::snprintf(suffix, sizeof suffix, ".%llx", static_cast<unsigned long long>(++serial_));
  const std::string name = text::Truncate(event.target.name, 220) + suffix;
  const json object{{"apiVersion", "v1"},
                    {"kind", "Event"},
                    {"metadata", {{"namespace", EventNamespace(event.target)}, {"name", name}}},
                    {"involvedObject",
                     {{"apiVersion", event.target.api_version},
                      {"kind", event.target.kind},
                      {"namespace", event.target.ns},
                      {"name", event.target.name},
                      {"uid", event.target.uid}}},
                    {"type", TypeName(event.type)},
                    {"reason", event.reason},
                    {"message", event.message},
                    {"count", 1},
                    {"firstTimestamp", now},
                    {"lastTimestamp", now},
                    {"source", {{"component", options_.component}, {"host", options_.instance}}},
                    {"reportingComponent", options_.component},
                    {"reportingInstance", options_.instance}};
  const auto created = api_.Create(kEvents, object, cancel);
  if (!created) {
    log::Debug("event not written", {{"object", event.target.name}, {"error", created.error()}});
    return;
  }
  Remember(key, name);
}

bool EventRecorder::Increase(const std::string& key, const Event& event,
                             const Cancellation& cancel) {
  const auto known = known_.find(key);
  if (known == known_.end()) return false;
  const auto patched = api_.Patch(
      kEvents, {EventNamespace(event.target), known->second.name}, {.type = PatchType::kMerge},
      {{"count", known->second.count + 1}, {"lastTimestamp", FormatTime(clock_.Now())}}, cancel);
  if (!patched) {  // events live for an hour: it may be gone
    by_age_.erase(known->second.age);
    known_.erase(known);
    return false;
  }
  ++known->second.count;
  by_age_.splice(by_age_.begin(), by_age_, known->second.age);
  return true;
}

void EventRecorder::Remember(const std::string& key, std::string name) {
  if (known_.size() >= options_.remembered) {
    known_.erase(by_age_.back());
    by_age_.pop_back();
  }
  by_age_.push_front(key);
  known_.emplace(key, Known{std::move(name), 1, by_age_.begin()});
}

}  // namespace landwaiter::kube
