#include "controller/scan_events.h"

#include <algorithm>
#include <set>

#include "controller/names.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

// An image that a thousand Deployments run is told to the first of them.
constexpr std::size_t kMaxOwners = 20;
// Events of owners share the API server's patience with what decides: a new database that turns
// thousands of images is told of where it first shows, and status.runningFails says the rest.
constexpr double kOwnerEvents = 200;
constexpr double kOwnerEventsASecond = 2;

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

bool Fails(const std::optional<Judged>& judged) {
  return judged && judged->verdict == Verdict::kFail;
}

/// "policy a, rule b: …", or "policy a" where an informer's record is all there is.
std::string Failure(const policy::ScanPolicy& policy, const Judged& judged) {
  for (const Violation& violation : judged.reference.violations) {
    if (violation.fails) {
      return "policy " + policy.name + ", rule " + violation.rule + ": " + violation.message;
    }
  }
  if (judged.content != nullptr) {
    for (const auto& violation : judged.content->violations) {
      if (violation.fails && !violation.message.empty()) {
        return "policy " + policy.name + ", rule " + violation.rule + ": " + violation.message;
      }
    }
  }
  return "policy " + policy.name;
}

}  // namespace

ScanEvents::ScanEvents(const Parts& parts)
    : parts_(parts), bucket_(Bucket{kOwnerEvents, TimePoint{}}) {
  if (parts_.metrics == nullptr) return;
  constexpr char kName[] = "landwaiter_owner_events_total";
  constexpr char kHelp[] = "Events on workloads that run what fails, and those beyond the rate.";
  told_ = &parts_.metrics->AddCounter(kName, kHelp, {{"result", "told"}});
  held_back_ = &parts_.metrics->AddCounter(kName, kHelp, {{"result", "held_back"}});
}

std::string ScanEvents::NewFailure(const Policies& policies, const std::string& ns,
                                   const std::string& reference, const ImageScanStatus* before,
                                   const ImageScanStatus& after) const {
  const auto name = ImageReference::Parse(reference);
  if (!name) return "";
  const auto labels = LabelsOf(parts_.runs.namespaces, ns);
  const TimePoint now = parts_.clock.Now();
  std::string first;
  std::size_t more = 0;
  for (const auto& record : policies) {
    const policy::ScanPolicy& policy = record->policy;
    if (!policy::MatchesNamespace(policy, labels)) continue;
    const auto judged = JudgedBy(policy, after, *name, ns, now);
    if (!Fails(judged)) continue;
    if (before != nullptr && Fails(JudgedBy(policy, *before, *name, ns, now))) continue;
    if (first.empty()) {
      first = Failure(policy, *judged);
    } else {
      ++more;
    }
  }
  if (more > 0) first += "; and " + std::to_string(more) + " more policies";
  return first;
}

void ScanEvents::Tell(const kube::EventTarget& owner, const std::string& message) {
  const TimePoint now = parts_.clock.Now();
  const bool within = bucket_.With([&](Bucket& bucket) {
    const std::chrono::duration<double> since = now - bucket.filled_at;
    bucket.tokens =
        std::min(kOwnerEvents, bucket.tokens + std::max(0.0, since.count()) * kOwnerEventsASecond);
    bucket.filled_at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  });
  metrics::Counter* counter = within ? told_ : held_back_;
  if (counter != nullptr) counter->Add();
  if (within) {
    parts_.events.Record(owner, kube::EventType::kWarning, "ImageFailsPolicy", message);
  }
}

void ScanEvents::Started(const std::string& pod, const ScanRecord& scan) {
  const kube::ObjectKey key = kube::ObjectKey::Parse(pod);
  const auto record = parts_.runs.pods.Get(key);
  // A pod that waits for its verdict is told of by who holds it.
  if (!record || record->Waits()) return;
  const Policies policies = parts_.policies.List();
  for (const auto& reference : parts_.runs.usage.ReferencesOf(pod, scan.scan.name)) {
    const std::string failure = NewFailure(policies, key.ns, reference, nullptr, scan.scan.status);
    if (failure.empty()) continue;
    return Tell(OwnerOf(key, *record), "image " + scan.scan.status.display_name +
                                           " that is running fails " + failure +
                                           "; kubectl describe imagescan " + scan.scan.name);
  }
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
    parts_.events.Record(target, kube::EventType::kNormal, kReasonScanned,
                         after.display_name + ": verdict " + after.verdict + Counts(after));
  } else if (changed && now->reason != kReasonQueued && now->reason != kReasonScanning) {
    parts_.events.Record(target, kube::EventType::kWarning, now->reason, now->message);
  }
  const auto fails = [](const resources::PolicyStatus& row) { return row.verdict == "Fail"; };
  if (std::any_of(after.policies.begin(), after.policies.end(), fails)) {
    TellOwners(scan, before, after);
  }
}

void ScanEvents::TellOwners(const resources::ImageScan& scan, const ImageScanStatus& before,
                            const ImageScanStatus& after) {
  const Policies policies = parts_.policies.List();
  auto uses = parts_.runs.usage.UsesOf(scan.name);
  std::sort(uses.begin(), uses.end(), [](const auto& a, const auto& b) { return a.pod < b.pod; });
  std::map<std::pair<std::string, std::string>, std::string> failures;  // by namespace, reference
  std::set<std::string> told;
  for (const auto& use : uses) {
    const auto key = kube::ObjectKey::Parse(use.pod);
    const auto [failure, is_new] = failures.try_emplace({key.ns, use.reference});
    if (is_new) failure->second = NewFailure(policies, key.ns, use.reference, &before, after);
    if (failure->second.empty()) continue;
    const auto record = parts_.runs.pods.Get(key);
    if (!record || !record->Runs() || record->Waits()) continue;
    const kube::EventTarget owner = OwnerOf(key, *record);
    if (!told.insert(owner.kind + "/" + owner.ns + "/" + owner.name).second) continue;
    Tell(owner, "image " + after.display_name + " that is running: " + failure->second +
                    "; kubectl describe imagescan " + scan.name);
    if (told.size() == kMaxOwners) return;
  }
}

}  // namespace landwaiter::controller
