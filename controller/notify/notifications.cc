#include "controller/notify/notifications.h"

#include <atomic>
#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

using Priority = kube::WorkQueue::Priority;

/// Looks at every image, once it is known which of them run; what was looked at before waits for
/// that and says nothing.
const std::string kSweepKey = "!sweep";
constexpr std::chrono::seconds kCountAgain{1};
/// Counts what waits, for the metric: whoever asks for that waits for no database.
const std::string kWaitingKey = "!waiting";
constexpr std::chrono::seconds kWaitingPeriod{10};
std::atomic<std::uint64_t> waiting_messages{0};  // of the process's one outbox
std::atomic<std::uint64_t> full_boxes{0};

/// "sha256-…" of a message that names its ImageScan; "" for one that does not.
std::string ScanOf(const store::OutboxMessage& message) {
  auto document = ParseJson(message.document, {store::kMaxOutboxBytes, 16});
  if (!document) return "";
  std::string name;
  JsonFields fields(*document, "");
  fields.Object("data", [&](JsonFields& data) {
    data.String("imageScan", name);
    return Ok();
  });
  return name;
}

Outcome Sweep(const UsageIndex& usage, const kube::Informer<ScanRecord>& scans,
              kube::WorkQueue& queue) {
  if (!usage.Complete()) return {Ok(), kCountAgain};
  scans.ForEach(
      [&](const std::string& name, const ScanRecord&) { queue.Add(name, Priority::kLow); });
  queue.Add(Notifier::kBegunKey, Priority::kLow);  // after them
  return {Ok()};
}

/// Told once each time: while it lasts, 10,000 images may have changed.
void TellWhetherFull(const std::string& box, bool full, std::set<std::string>& known) {
  if (full == known.contains(box)) return;
  if (full) {
    known.insert(box);
    log::Warn("no room for what changed: it is told once messages have arrived",
              {{"subscription", box}, {"waiting", kMaxMessagesWaiting}});
  } else {
    known.erase(box);
    log::Info("there is room again for what changed", {{"subscription", box}});
  }
}

Outcome CountWaiting(store::Outbox& outbox, const NotificationOptions& options,
                     std::set<std::string>& full) {
  std::uint64_t sum = 0;
  for (const Subscription& one : options.subscriptions) {
    const auto waiting = outbox.Waiting(one.name);
    if (!waiting) return {Ok(), kWaitingPeriod};  // those who need it say so
    sum += *waiting;
    TellWhetherFull(one.name, *waiting >= kMaxMessagesWaiting, full);
  }
  waiting_messages = sum;
  full_boxes = full.size();
  return {Ok(), kWaitingPeriod};
}

}  // namespace

Notifications::Notifications(Parts parts)
    : parts_(std::move(parts)),
      notifier_({parts_.api, parts_.clock, parts_.scans, parts_.usage, parts_.store, parts_.outbox,
                 parts_.options, [this](const std::string& box) { Wake(box); },
                 // The key that asks is in work itself.
                 [this] {
                   return parts_.usage.Complete() && queue_.size() == 0 && queue_.InWork() <= 1 &&
                          queue_.Failing() == 0;
                 },
                 parts_.vex}),
      workers_(queue_, {.name = "notifications", .threads = 1, .metrics = &parts_.metrics},
               parts_.leading, [this](const std::string& key, const Cancellation& cancel) {
                 if (key == kSweepKey) return Sweep(parts_.usage, parts_.scans, queue_);
                 if (key == kWaitingKey) return CountWaiting(parts_.outbox, parts_.options, full_);
                 return notifier_.Reconcile(key, cancel);
               }) {
  const auto counter = [&](const char* result) {
    return &parts_.metrics.AddCounter("landwaiter_notifications_total",
                                      "Tries to deliver a message, by result.",
                                      {{"result", result}});
  };
  const CourierMetrics counters{counter("delivered"), counter("failed"), counter("given_up")};
  for (const Subscription& subscription : parts_.options.subscriptions) {
    couriers_.push_back(std::make_unique<Courier>(
        Courier::Parts{subscription, parts_.outbox, parts_.client, parts_.clock, parts_.leading,
                       [this](const store::OutboxMessage& message) { GivenUp(message); }, counters},
        parts_.courier));
  }
  AddMetrics(parts_.metrics);
  parts_.scans.AddHandler([this](const auto& change) {
    if (parts_.leading()) queue_.Add(change.key.name);
  });
}

void Notifications::AddMetrics(metrics::Registry& metrics) {
  metrics.AddCallback(
      "landwaiter_notifications_waiting",
      "Messages that have not arrived yet, over all subscriptions.",
      [this] { return parts_.leading() ? static_cast<double>(waiting_messages.load()) : 0.0; });
  metrics.AddCallback(
      "landwaiter_notifications_full",
      "Subscriptions of which so many messages wait that no more are made.",
      [this] { return parts_.leading() ? static_cast<double>(full_boxes.load()) : 0.0; });
}

void Notifications::GivenUp(const store::OutboxMessage& message) {
  const std::string scan = ScanOf(message);
  const auto record = scan.empty() ? nullptr : parts_.scans.Get(scan);
  if (!record) return;
  parts_.events.Record(
      {std::string(resources::kApiVersion), "ImageScan", "", scan, record->scan.uid},
      kube::EventType::kWarning, "NotificationGivenUp",
      "subscription " + message.box + " was not told of a change of " + FormatTime(message.made) +
          ": its receiver has not taken the message in a week");
}

void Notifications::Wake(const std::string& box) {
  for (std::size_t i = 0; i < couriers_.size(); ++i) {
    if (parts_.options.subscriptions[i].name == box) couriers_[i]->Wake();
  }
}

void Notifications::OnLeading() {
  queue_.Add(kSweepKey, Priority::kLow);
  queue_.Add(kWaitingKey, Priority::kLow);
}

void Notifications::Start() {
  workers_.Start();
  for (auto& courier : couriers_) courier->Start();
}

void Notifications::Stop() {
  for (auto& courier : couriers_) courier->Stop();
  workers_.Stop();
}

}  // namespace landwaiter::controller
