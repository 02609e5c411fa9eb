#include "lib/kube/reflector.h"

#include <malloc.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "lib/base/log.h"
#include "lib/kube/informer.h"

namespace landwaiter::kube {
namespace {

constexpr std::size_t kManyItems = 1'000;

std::uint64_t Random(std::uint64_t below) {
  static thread_local std::mt19937_64 generator{std::random_device{}()};
  return below == 0 ? 0 : std::uniform_int_distribution<std::uint64_t>(0, below - 1)(generator);
}

/// Between one and two times: replicas that lost the server together do not come back together.
std::chrono::milliseconds Jittered(std::chrono::milliseconds base) {
  return base + std::chrono::milliseconds(Random(static_cast<std::uint64_t>(base.count())));
}

}  // namespace

void AddInformerMetric(metrics::Registry& metrics, const Resource& resource,
                       std::function<double()> heard_at) {
  metrics.AddCallback("landwaiter_informer_heard_timestamp_seconds",
                      "When the API server was heard last about a resource, in Unix time.",
                      std::move(heard_at), {{"resource", std::string(resource.plural)}});
}

void LogRefusedObject(const Resource& resource, const ObjectKey& key, const Error& error) {
  log::Warn("object left out of the cache",
            {{"resource", resource.plural}, {"object", key.ToString()}, {"error", error}});
}

std::uint64_t HashOf(const std::string& text) { return std::hash<std::string>{}(text); }

Reflector::Reflector(Api& api, ReflectorOptions options, ReflectorSink& sink)
    : api_(api), options_(std::move(options)), sink_(sink) {}

Reflector::~Reflector() { Stop(); }

void Reflector::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Reflector::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

bool Reflector::WaitForSync(const Cancellation& cancel) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, cancel.stop, cancel.Left(), [this] { return synced_.load(); });
}

void Reflector::Wait(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, time, [] { return false; });
}

void Reflector::Heard() {
  heard_at_ =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void Reflector::Run(const std::stop_token& stop) {
  const Cancellation cancel{stop};
  auto pause = options_.backoff_min;
  while (!stop.stop_requested()) {
    const Status status = resource_version_.empty() ? ListOnce(cancel) : WatchOnce(cancel);
    if (stop.stop_requested()) return;
    if (status) {
      pause = options_.backoff_min;
      continue;
    }
    // A version that the server has forgotten is the ordinary end of a long silence: list again at
    // once the first time, but never in a tight loop.
    const bool gone = status.error().reason == kReasonGone;
    if (gone) resource_version_.clear();
    if (!gone) connected_ = false;
    log::Info("watch interrupted", {{"resource", options_.resource.plural},
                                    {"error", status.error()},
                                    {"retry_ms", pause.count()}});
    Wait(stop, Jittered(pause));
    pause = std::min(pause * 2, options_.backoff_max);
  }
}

Status Reflector::ListOnce(const Cancellation& cancel) {
  lists_.fetch_add(1);
  sink_.OnListBegin();
  std::size_t items = 0;
  auto version = api_.List(
      options_.resource,
      {.ns = options_.ns,
       .label_selector = options_.label_selector,
       .field_selector = options_.field_selector,
       .page_size = options_.page_size},
      [&](nlohmann::json&& item) {
        ++items;
        sink_.OnObject(item);
        return Ok();
      },
      cancel);
  // A list that broke off says nothing of what it did not reach: nothing is taken away.
  if (!version) return std::move(version).error();
  sink_.OnListEnd();
  // Whole pages of objects were held for a moment, and what is kept of them lies in between: what
  // is free is given back once, and not held for the next list in some hours.
  if (items >= kManyItems) ::malloc_trim(0);
  resource_version_ = std::move(*version);
  Heard();
  {
    const std::lock_guard lock(mutex_);
    connected_ = true;
    synced_ = true;
  }
  changed_.notify_all();
  return Ok();
}

Status Reflector::WatchOnce(const Cancellation& cancel) {
  WatchOptions watch{.ns = options_.ns,
                     .label_selector = options_.label_selector,
                     .field_selector = options_.field_selector,
                     .resource_version = resource_version_,
                     .timeout = options_.watch_timeout,
                     .stall_timeout = options_.stall_timeout};
  watch.timeout += std::chrono::seconds(
      Random(static_cast<std::uint64_t>(std::max<std::int64_t>(1, watch.timeout.count()))));
  std::uint64_t events = 0;
  const auto started = std::chrono::steady_clock::now();
  Status status = api_.Watch(
      options_.resource, watch,
      [&](WatchEventType type, const nlohmann::json& object) {
        connected_ = true;
        Heard();
        ++events;
        if (type == WatchEventType::kDeleted) {
          sink_.OnDelete(object);
        } else if (type != WatchEventType::kBookmark) {
          sink_.OnObject(object);
        }
        std::string version = ResourceVersionOf(object);
        if (!version.empty()) resource_version_ = std::move(version);
        return !cancel.Stopped();
      },
      cancel);
  // A server (or what stands before it) that ends every watch at once would be asked in a loop.
  if (status && events == 0 && std::chrono::steady_clock::now() - started < options_.backoff_min) {
    return Unavailable("the watch ended at once and without an event");
  }
  // A stream that was cut after events is no reason for a long pause: it resumes where it was.
  if (!status && events > 0 && status.error().code == Code::kUnavailable &&
      status.error().reason != kReasonGone) {
    return Ok();
  }
  if (!status && status.error().code == Code::kDataLoss) resource_version_.clear();
  return status;
}

}  // namespace landwaiter::kube
