#include "controller/watch/watches.h"

#include <nlohmann/json.hpp>

#include "controller/names.h"

namespace landwaiter::controller {
namespace {

/// Beside the look itself: objects are made, a status is written.
constexpr std::chrono::minutes kBesideTheLook{2};

}  // namespace

Watches::Watches(Parts parts)
    : leading_(parts.leading),
      informer_(parts.api, {.resource = kRegistryWatches}, resources::RegistryWatchFromJson),
      looker_(std::move(parts.resolve), std::move(parts.lists), parts.credentials, parts.bounds),
      reconciler_({parts.fenced, parts.clock, informer_, parts.scans, looker_, parts.maker,
                   parts.events, std::move(parts.on_change), parts.namespace_new_images,
                   &parts.metrics}),
      workers_(queue_,
               {.name = "registrywatches",
                .threads = kThreads,
                .metrics = &parts.metrics,
                .timeout = parts.bounds.time + kBesideTheLook},
               leading_, [this](const std::string& key, const Cancellation& cancel) {
                 return reconciler_.Reconcile(key, cancel);
               }) {
  informer_.Measure(parts.metrics);
  informer_.AddHandler([this](const auto& change) { OnWatch(change); });
}

void Watches::OnWatch(const kube::Informer<resources::RegistryWatch>::Change& change) {
  if (!leading_()) return;
  // Its own status tells it nothing new.
  const bool same = change.before && change.after && change.before->uid == change.after->uid &&
                    change.before->generation == change.after->generation &&
                    change.before->deleting == change.after->deleting;
  if (!same) queue_.Add(change.key.ToString());
}

void Watches::OnLeading() {
  informer_.ForEach(
      [this](const std::string& key, const resources::RegistryWatch&) { queue_.Add(key); });
}

void Watches::OnNotLeading() {
  queue_.Clear();
  reconciler_.Reset();
}

void Watches::Start() {
  informer_.Start();
  workers_.Start();
}

void Watches::Stop() {
  workers_.Stop();
  informer_.Stop();
}

}  // namespace landwaiter::controller
