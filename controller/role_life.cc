// How the role's parts are started and stopped, and what is measured of them.
#include "controller/role.h"
#include "scanner/advisories/feed.h"

namespace landwaiter::controller {
namespace {

/// 0 for a text that is no time.
double UnixTime(const std::string& rfc3339) {
  const auto time = ParseTime(rfc3339);
  return time ? std::chrono::duration<double>(time->time_since_epoch()).count() : 0;
}

/// In Unix time; 0 where there is no database.
double BuiltAt(const std::shared_ptr<const MatchDatabase>& database) {
  return database == nullptr ? 0 : UnixTime(database->BuiltAt());
}

}  // namespace

void Role::AddMetrics(metrics::Registry& metrics) {
  metrics.AddCallback("landwaiter_leader", "1 on the replica that leads.",
                      [this] { return leading_.load() ? 1.0 : 0.0; });
  metrics.AddCallback("landwaiter_images", "ImageScans known.",
                      [this] { return static_cast<double>(scans_.size()); });
  metrics.AddCallback("landwaiter_pods", "Pods known.",
                      [this] { return static_cast<double>(pods_.size()); });
  metrics.AddCallback("landwaiter_events_dropped", "Events that were not written: queue full.",
                      [this] { return static_cast<double>(events_.Dropped()); });
  metrics.AddCallback("landwaiter_database_built_timestamp_seconds",
                      "When the database in use was built, in Unix time; 0 where there is none.",
                      [this] { return BuiltAt(ports_.database()); });
  for (const auto& feed : advisories::Feeds()) {
    metrics.AddCallback("landwaiter_database_feed_timestamp_seconds",
                        "The newest record of a feed in the database, in Unix time; 0 for none.",
                        [this, kind = std::string(feed.kind)] {
                          const auto database = ports_.database();
                          return database == nullptr ? 0 : UnixTime(database->NewestOf(kind));
                        },
                        {{"feed", std::string(feed.kind)}});
  }
  pods_.Measure(metrics);
  scans_.Measure(metrics);
  policies_.Measure(metrics);
  exceptions_.Measure(metrics);
  vex_.Measure(metrics);
  namespaces_.Measure(metrics);
  nodes_.Measure(metrics);
}

Status Role::SyncInformers(const Cancellation& cancel) {
  pods_.Start();
  scans_.Start();
  policies_.Start();
  exceptions_.Start();
  vex_.Start();
  namespaces_.Start();
  nodes_.Start();
  const bool synced = pods_.WaitForSync(cancel) && scans_.WaitForSync(cancel) &&
                      policies_.WaitForSync(cancel) && exceptions_.WaitForSync(cancel) &&
                      vex_.WaitForSync(cancel) && namespaces_.WaitForSync(cancel) &&
                      nodes_.WaitForSync(cancel);
  if (synced) return Ok();
  return Error{cancel.Stopped() ? Code::kCancelled : Code::kDeadlineExceeded, NotReady()};
}

std::string Role::NotReady() const {
  std::string missing;
  const auto need = [&](bool there, const char* what) {
    if (!there) missing += (missing.empty() ? "not listed yet: " : ", ") + std::string(what);
  };
  need(pods_.HasSynced(), "pods");
  need(scans_.HasSynced(), "imagescans");
  need(policies_.HasSynced(), "scanpolicies");
  need(exceptions_.HasSynced(), "scanexceptions");
  need(vex_.HasSynced(), "configmaps");
  need(namespaces_.HasSynced(), "namespaces");
  need(nodes_.HasSynced(), "nodes");
  return missing;
}

void Role::Start() {
  events_.Start();
  nudger_.Start();
  ensure_.Start();
  pod_workers_.Start();
  scan_workers_.Start();
  policy_workers_.Start();
  runtime_.Start();
  runner_.Start();
  watches_.Start();
  if (notifications_) notifications_->Start();
  elector_.Start();
}

void Role::Stop() {
  elector_.Stop();
  if (notifications_) notifications_->Stop();
  watches_.Stop();
  runner_.Stop();
  runtime_.Stop();
  policy_workers_.Stop();
  scan_workers_.Stop();
  pod_workers_.Stop();
  ensure_.Stop();
  nudger_.Stop();
  events_.Stop();
  nodes_.Stop();
  namespaces_.Stop();
  vex_.Stop();
  exceptions_.Stop();
  policies_.Stop();
  scans_.Stop();
  pods_.Stop();
}

}  // namespace landwaiter::controller
