#include "controller/nudger.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "lib/base/log.h"

namespace landwaiter::controller {
namespace {

// Scans that somebody was denied for, and owners of one: a thousand Deployments of one new image
// are more than a minute's deployments. What is beyond is left to its own pauses.
constexpr std::size_t kMaxScans = 2000;
constexpr std::size_t kMaxOwnersOfAScan = 200;
// Of one owner. Where the doors' view and ours differ, denial and nudge would follow each other
// without end: its own pauses, which grow, are what then holds.
constexpr std::chrono::seconds kLeastPause{30};

// Those whose controllers try again when the object changes; each was seen to.
constexpr kube::Resource kOwners[] = {
    {"apps", "v1", "replicasets", "ReplicaSet", true},
    {"apps", "v1", "statefulsets", "StatefulSet", true},
    {"apps", "v1", "daemonsets", "DaemonSet", true},
    {"batch", "v1", "jobs", "Job", true},
    {"", "v1", "replicationcontrollers", "ReplicationController", true},
};

const kube::Resource* ResourceOf(const resources::OwnerRef& owner) {
  const auto* const found =
      std::find_if(std::begin(kOwners), std::end(kOwners), [&](const kube::Resource& row) {
        return row.kind == owner.kind && row.ApiVersion() == owner.api_version;
      });
  return found == std::end(kOwners) ? nullptr : found;
}

}  // namespace

Nudger::Nudger(kube::Api& api, const Clock& clock,
               std::function<bool(const std::string& scan)> has_verdict, metrics::Registry* metrics)
    : api_(api),
      clock_(clock),
      has_verdict_(std::move(has_verdict)),
      workers_(
          queue_, {.name = "nudges", .threads = 1, .metrics = metrics}, [] { return true; },
          [this](const std::string& scan, const Cancellation& cancel) {
            return Nudge(scan, cancel);
          }) {
  if (metrics == nullptr) return;
  nudged_ = &metrics->AddCounter("landwaiter_owners_nudged_total",
                                 "Owners of denied pods that were told of the verdict.");
}

void Nudger::Stop() { workers_.Stop(); }

void Nudger::Denied(const std::string& scan, const std::string& ns,
                    const resources::OwnerRef& owner) {
  if (ResourceOf(owner) == nullptr || owner.uid.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    auto [entry, is_new] = entries_.try_emplace(scan);
    if (is_new) entry->second.age = by_age_.insert(by_age_.end(), scan);
    auto& owners = entry->second.owners;
    if (owners.size() < kMaxOwnersOfAScan) owners[owner.uid] = {ns, owner};
    if (entries_.size() > kMaxScans) {
      entries_.erase(by_age_.front());
      by_age_.pop_front();
    }
  }
  // The verdict may have come in between.
  Look(scan);
}

void Nudger::Look(const std::string& scan) {
  {
    const std::lock_guard lock(mutex_);
    if (!entries_.contains(scan)) return;
  }
  if (has_verdict_(scan)) queue_.Add(scan);
}

Outcome Nudger::Nudge(const std::string& scan, const Cancellation& cancel) {
  std::vector<Owner> owners;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(scan);
    if (found == entries_.end()) return {Ok()};
    const TimePoint now = clock_.Now();
    std::erase_if(last_, [&](const auto& entry) { return now - entry.second >= kLeastPause; });
    for (auto& [uid, owner] : found->second.owners) {
      if (last_.emplace(uid, now).second) owners.push_back(std::move(owner));
    }
    by_age_.erase(found->second.age);
    entries_.erase(found);
  }
  for (const Owner& owner : owners) {
    const Status done = NudgeOne(owner, cancel);
    if (done) continue;
    // It tries again by itself: nothing is lost but time.
    log::Warn("owner not nudged", {{"kind", owner.ref.kind},
                                   {"namespace", owner.ns},
                                   {"name", owner.ref.name},
                                   {"error", done.error()}});
  }
  return {Ok()};
}

Status Nudger::NudgeOne(const Owner& owner, const Cancellation& cancel) {
  // The uid: of another object that has the name by now nothing is changed.
  const nlohmann::json patch = {
      {"metadata",
       {{"uid", owner.ref.uid},
        {"annotations", {{kJudgedAtAnnotation, FormatMicroTime(clock_.Now())}}}}}};
  auto patched = api_.Patch(*ResourceOf(owner.ref), {owner.ns, owner.ref.name},
                            {.field_manager = "landwaiter-nudge"}, patch, cancel);
  if (patched) {
    if (nudged_ != nullptr) nudged_->Add();
    return Ok();
  }
  const Code code = patched.error().code;
  if (code == Code::kNotFound || code == Code::kConflict) return Ok();  // gone, or made anew
  return std::move(patched).error();
}

}  // namespace landwaiter::controller
