#include "controller/watch/watch_reconciler.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "controller/plan.h"
#include "controller/watch/watch_status.h"
#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using resources::RegistryWatch;
using resources::RegistryWatchStatus;

std::string KeyOf(const RegistryWatch& watch) { return watch.ns + "/" + watch.name; }

std::string WatchedBy(const resources::ImageScan& scan) {
  const auto found = scan.annotations.find(kWatchedByAnnotation);
  return found == scan.annotations.end() ? std::string() : found->second;
}

}  // namespace

WatchReconciler::WatchReconciler(Parts parts)
    : parts_(std::move(parts)), pace_(parts_.namespace_new_images) {
  if (parts_.metrics == nullptr) return;
  const char* name = "landwaiter_registry_looks_total";
  const char* help = "Looks at what RegistryWatches name, by result.";
  looked_ = &parts_.metrics->AddCounter(name, help, {{"result", "success"}});
  failed_ = &parts_.metrics->AddCounter(name, help, {{"result", "error"}});
  parts_.metrics->AddCallback("landwaiter_registry_watches", "RegistryWatches known.",
                              [this] { return static_cast<double>(parts_.watches.size()); });
  parts_.metrics->AddCallback("landwaiter_watched_images",
                              "Images that RegistryWatches hold, as of their last looks.",
                              [this] { return static_cast<double>(index_.size()); });
}

bool WatchReconciler::Holds(const resources::ImageScan& scan) const {
  const auto digest = CanonicalDigest(scan);
  if (!digest) return false;
  if (index_.IsWatched(*digest)) return true;
  const std::string by = WatchedBy(scan);
  if (by.empty()) return false;
  if (!parts_.watches.HasSynced()) return true;
  const auto watch = parts_.watches.Get(kube::ObjectKey::Parse(by));
  return watch && !watch->deleting && !index_.Of(by);
}

void WatchReconciler::Changed(const std::vector<Digest>& digests) {
  for (const Digest& digest : digests) parts_.on_change(resources::ScanName(digest));
}

void WatchReconciler::Gone(const std::string& key) {
  Changed(index_.Remove(key));
  // What it held at a look before this replica led.
  parts_.scans.ForEach([&](const std::string& name, const ScanRecord& record) {
    if (WatchedBy(record.scan) == key) parts_.on_change(name);
  });
}

Status WatchReconciler::MakeOne(const RegistryWatch& watch, const Sighting& image, bool known,
                                const Cancellation& cancel) {
  const std::string key = KeyOf(watch);
  ScanDemand demand{.digest = image.digest,
                    .reference = image.reference,
                    .ns = watch.ns,
                    .secrets = image.secrets,
                    .asker = Asker::kWatch,
                    .watch = key};
  if (known) {
    // Of several watches of one image the one that is named there stays named.
    const auto record = parts_.scans.Get(resources::ScanName(image.digest));
    const std::string by = record ? WatchedBy(record->scan) : "";
    if (!by.empty() && index_.Holds(by, image.digest)) demand.watch.clear();
  }
  auto name = parts_.maker.Ensure(demand, cancel);
  if (!name) return std::move(name).error();
  return Ok();
}

std::vector<Sighting> WatchReconciler::Make(const RegistryWatch& watch, Look& look,
                                            const Cancellation& cancel) {
  std::vector<Sighting> made;
  std::size_t refused = 0;
  for (const Sighting& image : look.images) {
    const auto record = parts_.scans.Get(resources::ScanName(image.digest));
    const bool known = record && !record->scan.deleting;
    if (!known && !pace_.Take(watch.ns, image.digest)) {
      ++refused;
      continue;
    }
    const Status ensured = MakeOne(watch, image, known, cancel);
    if (ensured) {
      if (!known) made.push_back(image);
      continue;
    }
    if (!known) pace_.GiveBack(watch.ns, image.digest);
    const Error& error = ensured.error();
    const std::string reason =
        error.reason.empty() ? std::string(CodeName(error.code)) : error.reason;
    look.left_out.push_back({reason, "no ImageScan was made: " + error.message});
    if (error.reason == scan_reason::kNameCollision) continue;
    look.unmade = true;
    break;
  }
  if (refused > 0) {
    look.left_out.push_back(
        {"TooManyNewImages", std::to_string(refused) + " images wait, since namespace " + watch.ns +
                                 " has brought too many new ones; they follow at the next looks"});
  }
  return made;
}

void WatchReconciler::Tell(const RegistryWatch& watch, const RegistryWatchStatus& after) {
  const auto* was = resources::FindCondition(watch.status.conditions, "Ready");
  const auto* now = resources::FindCondition(after.conditions, "Ready");
  if (now == nullptr || now->reason == "Suspended") return;
  const bool was_bad = was != nullptr && was->status == "False" && was->reason != "Suspended";
  if (now->status == "True" ? !was_bad : (was_bad && was->reason == now->reason)) return;
  parts_.events.Record(
      {std::string(resources::kApiVersion), "RegistryWatch", watch.ns, watch.name, watch.uid},
      now->status == "True" ? kube::EventType::kNormal : kube::EventType::kWarning, now->reason,
      now->message);
}

Status WatchReconciler::Write(const RegistryWatch& watch, const RegistryWatchStatus& status,
                              const Cancellation& cancel) {
  if (status == watch.status) return Ok();
  // Not bound to a version: of which generation it is stands in it, and a look is not made again
  // because a label has changed meanwhile.
  auto written =
      parts_.api.Patch(kRegistryWatches, {watch.ns, watch.name},
                       {.type = kube::PatchType::kMerge,
                        .subresource = "status",
                        .field_manager = std::string(kFieldManager)},
                       {{"status", resources::RegistryWatchStatusToJson(status)}}, cancel);
  if (!written && written.error().code != Code::kNotFound) return std::move(written).error();
  if (written) Tell(watch, status);
  return Ok();
}

Outcome WatchReconciler::Reconcile(const std::string& key, const Cancellation& cancel) {
  const auto watch = parts_.watches.Get(kube::ObjectKey::Parse(key));
  if (!watch || watch->deleting) {
    Gone(key);
    return {Ok()};
  }
  const TimePoint began = parts_.clock.Now();
  if (watch->spec.suspend || !watch->problem.empty()) {
    return {Write(*watch, StatusAtRest(*watch, began), cancel)};
  }
  if (const auto wait = UntilDue(*watch, began)) return {Ok(), *wait};
  auto look = parts_.looker.LookAt(*watch, index_.Of(key).value_or(WatchedTags{}), cancel);
  if (!look) return {std::move(look).error()};
  // First: what is made now is held from its first moment on.
  Changed(index_.Set(key, look->watched));
  const std::vector<Sighting> made = Make(*watch, *look, cancel);
  if (cancel.Stopped()) return {Error{Code::kCancelled, "the look was stopped"}};
  const TimePoint now = parts_.clock.Now();
  const RegistryWatchStatus status = StatusAfter(*watch, *look, made, began, now);
  if (looked_ != nullptr) (look->answered ? looked_ : failed_)->Add();
  for (const Sighting& image : made) {
    log::Info("new image of a watched registry", {{"watch", key},
                                                  {"image", image.reference.ToString()},
                                                  {"digest", image.digest.ToString()}});
  }
  if (Status written = Write(*watch, status, cancel); !written) return {std::move(written)};
  const auto next = ParseTime(status.next_check_at);
  return {Ok(), next ? std::max<std::chrono::milliseconds>(*next - now, std::chrono::seconds(1))
                     : std::chrono::milliseconds(watch->spec.interval)};
}

}  // namespace landwaiter::controller
