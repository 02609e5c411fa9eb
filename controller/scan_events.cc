#include <set>

#include "controller/names.h"
#include "controller/scan_reconciler.h"

namespace landwaiter::controller {
namespace {

// An image that a thousand Deployments run is told to the first of them.
constexpr std::size_t kMaxOwners = 20;

using resources::ImageScanStatus;

const resources::Condition* Ready(const ImageScanStatus& status) {
  return resources::FindCondition(status.conditions, "Ready");
}

std::string Counts(const ImageScanStatus& status) {
  if (!status.vulnerabilities) return "";
  return ", " + std::to_string(status.vulnerabilities->Of(Severity::kCritical)) + " critical, " +
         std::to_string(status.vulnerabilities->Of(Severity::kHigh)) + " high, " +
         std::to_string(status.vulnerabilities->fixable) + " fixable";
}

/// The first rule that fails, with its policy.
std::string FirstFailure(const ImageScanStatus& status) {
  for (const auto& policy : status.policies) {
    if (policy.verdict != "Fail") continue;
    for (const auto& violation : policy.violations) {
      if (violation.fails) {
        return "policy " + policy.name + ", rule " + violation.rule + ": " + violation.message;
      }
    }
  }
  return "";
}

/// "policy a, policy b": what an informer's record still has of a status.
std::string FailedPolicies(const ImageScanStatus& status) {
  std::string out;
  for (const auto& policy : status.policies) {
    if (policy.verdict == "Fail") out += (out.empty() ? "policy " : ", policy ") + policy.name;
  }
  return out;
}

/// Whom people look at: the pod's controller, else the pod.
kube::EventTarget OwnerOf(const kube::ObjectKey& pod, const PodRecord& record) {
  if (!record.shape->owner) return {"v1", "Pod", pod.ns, pod.name, record.Uid()};
  return {record.shape->owner->api_version, record.shape->owner->kind, pod.ns,
          record.shape->owner->name, record.shape->owner->uid};
}

}  // namespace

void ScanEvents::Started(const std::string& pod, const ScanRecord& scan) {
  const kube::ObjectKey key = kube::ObjectKey::Parse(pod);
  const auto record = pods_.Get(key);
  if (!record || scan.scan.status.verdict != "Fail") return;
  events_.Record(OwnerOf(key, *record), kube::EventType::kWarning, "ImageFailsPolicy",
                 "image " + scan.scan.status.display_name + " that is running fails " +
                     FailedPolicies(scan.scan.status) + "; kubectl describe imagescan " +
                     scan.scan.name);
}

void ScanEvents::Changed(const resources::ImageScan& scan, const ImageScanStatus& before,
                         const ImageScanStatus& after) {
  const kube::EventTarget target{std::string(resources::kApiVersion), "ImageScan", "", scan.name,
                                 scan.uid};
  const auto* was = Ready(before);
  const auto* now = Ready(after);
  if (now == nullptr) return;
  const bool changed = was == nullptr || was->status != now->status || was->reason != now->reason;
  if (changed && now->status == "True") {
    events_.Record(target, kube::EventType::kNormal, kReasonScanned,
                   after.display_name + ": verdict " + after.verdict + Counts(after));
  } else if (changed && now->reason != kReasonQueued && now->reason != kReasonScanning) {
    events_.Record(target, kube::EventType::kWarning, now->reason, now->message);
  }
  if (after.verdict == "Fail" && before.verdict != "Fail") TellOwners(scan, after);
}

void ScanEvents::TellOwners(const resources::ImageScan& scan, const ImageScanStatus& after) {
  std::set<std::string> told;
  for (const auto& pod : usage_.PodsOf(scan.name, 4 * kMaxOwners)) {
    const auto record = pods_.Get(kube::ObjectKey::Parse(pod));
    if (!record || told.size() >= kMaxOwners) continue;
    const kube::EventTarget target = OwnerOf(kube::ObjectKey::Parse(pod), *record);
    if (!told.insert(target.kind + "/" + target.ns + "/" + target.name).second) continue;
    events_.Record(target, kube::EventType::kWarning, "ImageFailsPolicy",
                   "image " + after.display_name + " that is running: " + FirstFailure(after) +
                       "; kubectl describe imagescan " + scan.name);
  }
}

}  // namespace landwaiter::controller
