#include "controller/scan_facts.h"

#include <algorithm>

#include "controller/names.h"
#include "controller/plan.h"
#include "lib/kube/informer.h"
#include "resources/turned_bad.h"
#include "scanner/image/manifest.h"

namespace landwaiter::controller {
namespace {

constexpr std::size_t kMaxSources = 4;

std::string Annotation(const resources::ImageScan& scan, const char* key) {
  const auto found = scan.annotations.find(key);
  return found == scan.annotations.end() ? std::string() : found->second;
}

bool IsLetInSomewhere(const resources::ImageScan& scan, const Policies& policies, TimePoint now) {
  return std::any_of(
      scan.status.policies.begin(), scan.status.policies.end(), [&](const auto& row) {
        if (!row.turned_bad || row.turned_bad->namespaces.empty()) return false;
        return std::any_of(policies.begin(), policies.end(), [&](const auto& record) {
          if (record->policy.name != row.name || record->policy.uid != row.uid) return false;
          const auto until = resources::LetInUntil(*row.turned_bad, record->policy);
          return until && now < *until;
        });
      });
}

}  // namespace

bool NeedsScan(const resources::ImageScan& scan, const std::optional<ScanSummary>& stored,
               const WantedScan& wanted, TimePoint now) {
  if (!stored) return true;
  if (!scan.spec.rescan_after.empty()) {
    const auto after = ParseTime(scan.spec.rescan_after);
    if (after && *after <= now && stored->scanned_at < *after) return true;
  }
  if (!wanted.readers.empty() && stored->readers != wanted.readers) return true;
  if (!stored->collected.Covers(wanted.collection)) return true;
  if (!image::IsIndexType(stored->media_type)) return false;
  return std::any_of(
      wanted.platforms.begin(), wanted.platforms.end(), [&](const Platform& platform) {
        return std::none_of(stored->platforms.begin(), stored->platforms.end(),
                            [&](const Platform& seen) { return platform.Accepts(seen); });
      });
}

ScanClass ClassOf(const resources::ImageScan& scan) {
  if (!scan.status.scanned_at.empty()) return ScanClass::kRescan;
  const std::string priority = Annotation(scan, kPriorityAnnotation);
  if (priority == kPriorityAdmission) return ScanClass::kAdmission;
  return priority == kPriorityWatch ? ScanClass::kWatched : ScanClass::kNew;
}

std::string AccountOf(const resources::ImageScan& scan, const std::optional<Usage>& usage) {
  std::string asked = Annotation(scan, kNamespaceAnnotation);
  if (!asked.empty()) return asked;
  if (usage && !usage->namespaces.empty()) return usage->namespaces.front();
  return {};
}

std::vector<ImageReference> SourcesOf(const resources::ImageScan& scan,
                                      const std::optional<Usage>& usage) {
  std::vector<ImageReference> out;
  const auto digest = CanonicalDigest(scan);
  if (!digest) return out;
  const auto add = [&](const std::string& text) {
    auto reference = ImageReference::Parse(text);
    if (!reference || out.size() >= kMaxSources) return;
    reference->tag.clear();
    reference->digest = *digest;
    const bool known = std::any_of(out.begin(), out.end(), [&](const ImageReference& other) {
      return other.Name() == reference->Name();
    });
    if (!known) out.push_back(std::move(*reference));
  };
  add(scan.spec.image);
  add(Annotation(scan, kAlsoFromAnnotation));
  if (usage) {
    for (const auto& reference : usage->references) add(reference);
  }
  return out;
}

std::uint64_t BasisOf(const resources::ImageScan& scan, const std::vector<Platform>& wanted) {
  std::string text = Annotation(scan, kAskedAtAnnotation) + "\n" + scan.spec.rescan_after + "\n";
  for (const auto& secret : scan.spec.pull_secrets) text += secret.ns + "/" + secret.name + "\n";
  for (const auto& platform : wanted) text += platform.ToString() + "\n";
  return kube::HashOf(text);
}

bool LacksJudgement(const resources::ImageScan& scan, const Policies& policies) {
  const std::size_t judged = std::min(policies.size(), resources::kMaxPolicies);
  return std::any_of(policies.begin(), policies.begin() + static_cast<std::ptrdiff_t>(judged),
                     [&](const auto& record) {
                       return std::none_of(scan.status.policies.begin(), scan.status.policies.end(),
                                           [&](const auto& row) {
                                             return row.name == record->policy.name &&
                                                    row.uid == record->policy.uid &&
                                                    row.generation == record->policy.generation;
                                           });
                     });
}

resources::Condition InUseCondition(const Usage& usage, bool requested, bool watched) {
  if (usage.pods > 0) {
    return {"InUse", "True", "Running", "pods run it or ask for it", 0, ""};
  }
  if (requested)
    return {"InUse", "True", "Requested", "an ImageScan of a person asks for it", 0, ""};
  if (watched) return {"InUse", "True", "Watched", "a RegistryWatch holds it", 0, ""};
  return {"InUse", "False", "NoPods", "no pod uses it", 0, ""};
}

bool Outlived(const ScanRecord& record, const Policies& policies,
              std::chrono::milliseconds retention, TimePoint now) {
  if (!record.managed || record.scan.deleting || !CanonicalDigest(record.scan)) return false;
  const auto* in_use = resources::FindCondition(record.scan.status.conditions, "InUse");
  if (in_use == nullptr || in_use->status != "False") return false;
  const auto since = ParseTime(in_use->last_transition_time);
  if (!since || now - *since < retention) return false;
  return !IsLetInSomewhere(record.scan, policies, now);
}

}  // namespace landwaiter::controller
