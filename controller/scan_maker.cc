#include "controller/scan_maker.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "controller/plan.h"
#include "model/scan_request.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

/// Neither a scan that failed nor a judgement is asked for again more often than this.
constexpr std::chrono::seconds kAskAgainAfter{30};

std::string Annotation(const resources::ImageScan& scan, const char* key) {
  const auto found = scan.annotations.find(key);
  return found == scan.annotations.end() ? std::string() : found->second;
}

bool Failed(const resources::ImageScan& scan) {
  const auto* ready = resources::FindCondition(scan.status.conditions, "Ready");
  return ready != nullptr && ready->status == "False" && ready->reason != kReasonQueued &&
         ready->reason != kReasonScanning;
}

bool MayAskAgain(const resources::ImageScan& scan, TimePoint now) {
  const auto asked = ParseTime(Annotation(scan, kAskedAtAnnotation));
  // In the future: of a clock that was ahead, and has jumped back or is another node's.
  return !asked || *asked > now || now - *asked >= kAskAgainAfter;
}

}  // namespace

resources::ImageScan NewScan(const ScanDemand& demand) {
  resources::ImageScan scan;
  scan.name = resources::ScanName(demand.digest);
  scan.labels[kManagedByLabel] = kManagedBy;
  scan.spec.image = demand.reference.WithDigest(demand.digest);
  scan.spec.pull_secrets = demand.secrets;
  if (scan.spec.pull_secrets.size() > kMaxSpecSecrets) {
    scan.spec.pull_secrets.resize(kMaxSpecSecrets);
  }
  if (!demand.reference.tag.empty()) {
    ImageReference named = demand.reference;
    named.digest.reset();
    scan.annotations[kReferenceAnnotation] = named.ToString();
  }
  if (!demand.ns.empty()) scan.annotations[kNamespaceAnnotation] = demand.ns;
  if (demand.asker == Asker::kAdmission) scan.annotations[kPriorityAnnotation] = kPriorityAdmission;
  if (demand.asker == Asker::kWatch) scan.annotations[kPriorityAnnotation] = kPriorityWatch;
  if (!demand.watch.empty()) scan.annotations[kWatchedByAnnotation] = demand.watch;
  return scan;
}

namespace {

/// What makes a scan that has not been made come sooner, or from elsewhere.
json AnnotationsFor(const resources::ImageScan& existing, const ScanDemand& demand, TimePoint now) {
  json annotations = json::object();
  if (!demand.watch.empty() && Annotation(existing, kWatchedByAnnotation) != demand.watch) {
    annotations[kWatchedByAnnotation] = demand.watch;
  }
  if (!existing.status.scanned_at.empty()) return annotations;
  const std::string priority = Annotation(existing, kPriorityAnnotation);
  if (demand.asker == Asker::kAdmission && priority != kPriorityAdmission) {
    annotations[kPriorityAnnotation] = kPriorityAdmission;
  } else if (demand.asker != Asker::kWatch && priority == kPriorityWatch) {
    annotations[kPriorityAnnotation] = nullptr;  // somebody runs it now
  }
  const ScanIdentity identity = Identify(existing);
  if (identity.image.Name() != demand.reference.Name()) {
    const std::string other = demand.reference.WithDigest(demand.digest);
    if (Annotation(existing, kAlsoFromAnnotation) != other)
      annotations[kAlsoFromAnnotation] = other;
  }
  if (demand.asker == Asker::kAdmission && Failed(existing) && MayAskAgain(existing, now)) {
    annotations[kAskedAtAnnotation] = FormatTime(now);
  }
  return annotations;
}

}  // namespace

json PatchFor(const resources::ImageScan& existing, const ScanDemand& demand, TimePoint now) {
  json annotations = AnnotationsFor(existing, demand, now);
  json patch = json::object();
  if (!annotations.empty()) patch["metadata"]["annotations"] = std::move(annotations);
  std::vector<resources::SecretRef> secrets = existing.spec.pull_secrets;
  for (const auto& secret : demand.secrets) {
    const bool known = std::find(secrets.begin(), secrets.end(), secret) != secrets.end();
    if (!known && secrets.size() < kMaxSpecSecrets) secrets.push_back(secret);
  }
  if (secrets != existing.spec.pull_secrets) {
    json list = json::array();
    for (const auto& secret : secrets) {
      list.push_back({{"namespace", secret.ns}, {"name", secret.name}});
    }
    patch["spec"]["pullSecrets"] = std::move(list);
  }
  if (patch.empty()) return nullptr;
  patch["metadata"]["resourceVersion"] = existing.resource_version;
  return patch;
}

json AskAgainPatch(const resources::ImageScan& existing, TimePoint now) {
  if (!MayAskAgain(existing, now)) return nullptr;
  // Bound to the state that was seen: many may ask before the informer shows that one has.
  return {{"metadata",
           {{"annotations", {{kAskedAtAnnotation, FormatTime(now)}}},
            {"resourceVersion", existing.resource_version}}}};
}

Status ScanMaker::AskAgain(const resources::ImageScan& existing, const Cancellation& cancel) {
  const json patch = AskAgainPatch(existing, clock_.Now());
  if (patch.is_null()) return Ok();
  auto patched = api_.Patch(kImageScans, {"", existing.name},
                            {.field_manager = std::string(kFieldManager)}, patch, cancel);
  if (!patched && patched.error().code != Code::kConflict) return std::move(patched).error();
  return Ok();
}

Result<std::string> ScanMaker::Join(resources::ImageScan existing, const ScanDemand& demand,
                                    const Cancellation& cancel) {
  // Status is written often while a scan goes on; what is asked here must outlast that.
  constexpr int kTries = 5;
  for (int attempt = 1;; ++attempt) {
    const auto digest = CanonicalDigest(existing);
    if (!digest || *digest != demand.digest) {
      return Error{Code::kConflict,
                   "ImageScan " + existing.name + " is about " + existing.spec.image +
                       ", not about " + demand.digest.ToString() + ": delete it",
                   std::string(scan_reason::kNameCollision)};
    }
    const json patch = PatchFor(existing, demand, clock_.Now());
    if (patch.is_null()) return existing.name;
    auto patched = api_.Patch(kImageScans, {"", existing.name},
                              {.field_manager = std::string(kFieldManager)}, patch, cancel);
    if (patched) return existing.name;
    if (patched.error().code != Code::kConflict || attempt == kTries) {
      return std::move(patched).error();
    }
    auto object = api_.Get(kImageScans, {"", existing.name}, cancel);
    if (!object) return std::move(object).error();
    auto now = resources::ImageScanFromJson(*object);
    if (!now) return std::move(now).error();
    existing = std::move(*now);
  }
}

Result<std::string> ScanMaker::Ensure(const ScanDemand& demand, const Cancellation& cancel) {
  const std::string name = resources::ScanName(demand.digest);
  if (const auto known = scans_.Get(name); known && !known->scan.deleting) {
    return Join(known->scan, demand, cancel);
  }
  auto created = api_.Create(kImageScans, resources::ImageScanToJson(NewScan(demand)), cancel);
  if (created) return name;
  if (created.error().reason != kube::kReasonAlreadyExists) return std::move(created).error();
  auto object = api_.Get(kImageScans, {"", name}, cancel);
  if (!object) return std::move(object).error();
  auto existing = resources::ImageScanFromJson(*object);
  if (!existing) return std::move(existing).error();
  return Join(std::move(*existing), demand, cancel);
}

}  // namespace landwaiter::controller
