#include "controller/held_pods.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admission/words.h"
#include "controller/names.h"
#include "lib/base/log.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

using admission::Decision;
using admission::Facts;
using nlohmann::json;
using std::chrono::milliseconds;

// The pod has changed since it was looked at: its change is on the way through the informer.
constexpr milliseconds kSeeTheChange{100};
// A timer that ends a moment early would find the pod still within its time.
constexpr milliseconds kPast{5};
// The webhook's informer may have a policy before this one has it: a pod that nobody seems to hold
// is let go when it is so old. Creation times are whole seconds.
constexpr std::chrono::seconds kPoliciesLag{3};
// An Event's message has 1,024 bytes.
constexpr std::size_t kMaxLines = 900;

kube::EventTarget TargetOf(const kube::ObjectKey& key, const PodRecord& pod) {
  return {"v1", "Pod", key.ns, key.name, pod.Uid()};
}

kube::EventTarget OwnerOf(const kube::ObjectKey& key, const resources::OwnerRef& owner) {
  return {owner.api_version, owner.kind, key.ns, owner.name, owner.uid};
}

/// Removes our gate and no other's, from the very pod whose images were judged: one whose image was
/// changed meanwhile has another resourceVersion.
json ReleasePatch(const GateRecord& gate) {
  const std::string path = "/spec/schedulingGates/" + std::to_string(gate.index);
  return json::array(
      {{{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", gate.resource_version}},
       {{"op", "test"}, {"path", path + "/name"}, {"value", resources::kScanGate}},
       {{"op", "remove"}, {"path", path}}});
}

/// One of the policies that are known has put the gate on, or may have.
bool IsHeldBySomebody(const Facts& facts) {
  return std::any_of(facts.policies.begin(), facts.policies.end(), [&](const auto& policy) {
    return policy->holds &&
           std::any_of(facts.images.begin(), facts.images.end(), [&](const auto& image) {
             return !image.reference || policy::MatchesImage(*policy, *image.reference);
           });
  });
}

/// A failed test of a JSON patch is 422, a changed object 409; what refuses every change of the pod
/// (a policy of the cluster's) says the same.
bool MayHaveChanged(const Error& error) {
  return error.code == Code::kConflict || error.code == Code::kInvalidArgument;
}

std::string WaitLines(const Facts& facts, const Decision& decision) {
  std::string out;
  for (const auto& image : decision.images) {
    if (!image.held) continue;
    const std::string line = LineFor(facts.images[image.image], image, Action::kAllow,
                                     kMaxLines / 3, admission::Hint::kWhole);
    if (out.size() + line.size() > kMaxLines) return out + "; and more";
    out += (out.empty() ? "" : "\n") + line;
  }
  return out;
}

metrics::Counter* CounterOf(metrics::Registry* registry, const char* end) {
  if (registry == nullptr) return nullptr;
  return &registry->AddCounter("landwaiter_held_pods_total",
                               "Pods that had waited behind the scan gate by what became of them.",
                               {{"end", end}});
}

}  // namespace

HeldPods::HeldPods(Parts parts)
    : parts_(std::move(parts)),
      released_(CounterOf(parts_.metrics, "released")),
      denied_(CounterOf(parts_.metrics, "denied")) {
  if (parts_.metrics == nullptr) return;
  parts_.metrics->AddCallback("landwaiter_held_pods", "Pods that wait behind the scan gate.",
                              [this] {
                                const std::lock_guard lock(mutex_);
                                return static_cast<double>(pods_.size());
                              });
}

Facts HeldPods::Gather(const PodRecord& pod, const ResolvedImages& images) const {
  Facts facts;
  facts.ns = *pod.shape->ns;
  facts.now = parts_.clock.Now();
  facts.holding = admission::Holding::kHeld;
  facts.held_for =
      std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(facts.now - pod.created));
  const auto ns = parts_.namespaces.Get(*pod.shape->ns);
  for (const auto& record : parts_.policies.List()) {
    // As at the door: a namespace that is not known gets every policy.
    if (ns && !policy::MatchesNamespace(record->policy, ns->labels)) continue;
    facts.policies.emplace_back(record, &record->policy);
  }
  for (const ImageUse& use : pod.shape->images) {
    auto& image = facts.images.emplace_back(admission::FactsOfReference(*use.reference, ""));
    if (!image.reference) continue;
    const auto found = images.find(image.reference->ToString());
    if (found != images.end()) {
      if (found->second.digest) image.digest = found->second.digest;
      image.failure = found->second.failure;
    }
    if (!image.digest) continue;
    if (const auto record = parts_.scans.Get(resources::ScanName(*image.digest))) {
      image.scan = std::shared_ptr<const resources::ImageScan>(record, &record->scan);
    }
  }
  return facts;
}

Outcome HeldPods::Look(const std::string& key, const PodRecord& pod, const ResolvedImages& images,
                       const Cancellation& cancel) {
  Facts facts = Gather(pod, images);
  const Decision decision = Decide(facts);
  std::set<std::string> scans;
  for (const auto& image : facts.images) {
    if (image.digest) scans.insert(resources::ScanName(*image.digest));
  }
  Remember(key, std::move(scans));
  if (decision.action == Action::kDeny) return Delete(key, pod, std::move(facts), cancel);
  if (decision.held) return Wait(key, pod, facts, decision);
  if (facts.held_for < kPoliciesLag && !IsHeldBySomebody(facts)) {
    return {Ok(), kPoliciesLag - facts.held_for + kPast};
  }
  return Release(key, pod, cancel);
}

Outcome HeldPods::Wait(const std::string& key, const PodRecord& pod, const Facts& facts,
                       const Decision& decision) {
  for (const auto& image : decision.images) {
    const auto& digest = facts.images[image.image].digest;
    if (image.ask && digest && facts.images[image.image].scan) {
      parts_.judge_now(resources::ScanName(*digest));
    }
  }
  const std::string why = WaitLines(facts, decision);
  bool told = false;
  {
    const std::lock_guard lock(mutex_);
    Waiting& waiting = pods_[key];
    told = waiting.told == why;
    waiting.told = why;
  }
  if (!told) {
    parts_.events.Record(TargetOf(kube::ObjectKey::Parse(key), pod), kube::EventType::kNormal,
                         "HeldForScan", why);
  }
  return {Ok(), decision.hold_left + kPast};
}

Outcome HeldPods::Refused(const std::string& key, const PodRecord& pod, Error error) {
  {
    const std::lock_guard lock(mutex_);
    std::string& before = pods_[key].refused;
    const bool again = before == pod.Gate()->resource_version;
    before = pod.Gate()->resource_version;
    // Once for each version that is seen: the change is on its way. The same version refused again
    // is refused for another reason, and waits longer each time.
    if (!again && MayHaveChanged(error)) return {Ok(), kSeeTheChange};
  }
  parts_.events.Record(TargetOf(kube::ObjectKey::Parse(key), pod), kube::EventType::kWarning,
                       "HeldPodNotChanged", error.message);
  return {std::move(error)};
}

Outcome HeldPods::Release(const std::string& key, const PodRecord& pod,
                          const Cancellation& cancel) {
  const auto at = kube::ObjectKey::Parse(key);
  auto released = parts_.api.Patch(
      kube::kPods, at,
      {.type = kube::PatchType::kJson, .field_manager = std::string(kFieldManager)},
      ReleasePatch(*pod.Gate()), cancel);
  if (!released) {
    if (released.error().code == Code::kNotFound) return {Ok()};
    return Refused(key, pod,
                   std::move(released).error().Context("pod " + key + " is not released"));
  }
  Forget(key);
  if (released_ != nullptr) released_->Add();
  parts_.events.Record(TargetOf(at, pod), kube::EventType::kNormal, "ReleasedAfterScan",
                       "its images are judged, nothing keeps it back");
  return {Ok()};
}

Outcome HeldPods::Delete(const std::string& key, const PodRecord& pod, Facts facts,
                         const Cancellation& cancel) {
  // The informer keeps no words of a status: they are read now, and what they say is decided by.
  for (auto& image : facts.images) {
    if (!image.scan) continue;
    auto object = parts_.api.Get(kImageScans, {"", image.scan->name}, cancel);
    auto scan = object ? resources::ImageScanFromJson(*object)
                       : Result<resources::ImageScan>(std::move(object).error());
    if (!scan && scan.error().code != Code::kNotFound) return {std::move(scan).error()};
    image.scan = scan ? std::make_shared<resources::ImageScan>(*std::move(scan)) : nullptr;
  }
  const Decision decision = Decide(facts);
  if (decision.action != Action::kDeny) return {Ok(), kSeeTheChange};
  const auto at = kube::ObjectKey::Parse(key);
  const Status deleted = parts_.api.Delete(
      kube::kPods, at, {.uid = pod.Uid(), .resource_version = pod.Gate()->resource_version},
      cancel);
  if (!deleted) {
    if (deleted.error().code == Code::kNotFound) return {Ok()};
    return Refused(key, pod, Error(deleted.error()).Context("pod " + key + " is not deleted"));
  }
  Forget(key);
  if (denied_ != nullptr) denied_->Add();
  const std::string why = DenialLines(facts, decision, kMaxLines);
  log::Info("held pod denied", {{"pod", key}, {"why", why}});
  parts_.events.Record(TargetOf(at, pod), kube::EventType::kWarning, "DeniedAfterScan",
                       "the pod was held and is deleted: " + why);
  if (!pod.shape->owner) return {Ok()};
  parts_.events.Record(OwnerOf(at, *pod.shape->owner), kube::EventType::kWarning, "DeniedAfterScan",
                       "a pod of it was held and is deleted: " + why);
  return {Ok()};
}

void HeldPods::Remember(const std::string& key, std::set<std::string> scans) {
  const std::lock_guard lock(mutex_);
  Waiting& waiting = pods_[key];
  if (waiting.scans == scans) return;
  const std::string told = std::move(waiting.told);
  const std::string refused = std::move(waiting.refused);
  ForgetLocked(key);
  for (const auto& scan : scans) by_scan_[scan].insert(key);
  pods_[key] = {std::move(scans), told, refused};
}

void HeldPods::ForgetLocked(const std::string& key) {
  const auto found = pods_.find(key);
  if (found == pods_.end()) return;
  for (const auto& scan : found->second.scans) {
    const auto pods = by_scan_.find(scan);
    if (pods == by_scan_.end()) continue;
    pods->second.erase(key);
    if (pods->second.empty()) by_scan_.erase(pods);
  }
  pods_.erase(found);
}

void HeldPods::Forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  ForgetLocked(key);
}

std::vector<std::string> HeldPods::WaitingFor(const std::string& scan) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_scan_.find(scan);
  if (found == by_scan_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<std::string> HeldPods::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [key, waiting] : pods_) out.push_back(key);
  return out;
}

void HeldPods::Reset() {
  const std::lock_guard lock(mutex_);
  pods_.clear();
  by_scan_.clear();
}

}  // namespace landwaiter::controller
