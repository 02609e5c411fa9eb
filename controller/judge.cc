#include "controller/judge.h"

#include <algorithm>
#include <set>

#include "controller/names.h"
#include "controller/plan.h"
#include "lib/base/text.h"
#include "model/scan_request.h"
#include "policy/evaluate.h"
#include "resources/judgement.h"
#include "scanner/image/manifest.h"

namespace landwaiter::controller {
namespace {

using resources::Condition;
using resources::ImageScanStatus;

constexpr std::size_t kWorstInMessage = 3;

/// References for people and for exceptions: what pods name, what stood there, what the spec says.
std::vector<std::string> References(const JudgeInput& input) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& reference) {
    if (reference.empty() || out.size() >= resources::kMaxReferences) return;
    if (std::find(out.begin(), out.end(), reference) == out.end()) out.push_back(reference);
  };
  if (input.usage) {
    for (const auto& reference : input.usage->references) add(reference);
  }
  const auto named = input.scan->annotations.find(kReferenceAnnotation);
  if (named != input.scan->annotations.end()) {
    if (auto parsed = ImageReference::Parse(named->second)) add(parsed->ToString());
  }
  for (const auto& reference : input.scan->status.references) add(reference);
  if (out.empty()) add(input.scan->spec.image);
  return out;
}

/// "shop/cart:1.4": the newest name with a tag.
std::string DisplayName(const std::vector<std::string>& references, const std::string& image) {
  std::string fallback;
  for (const auto& text : references) {
    auto reference = ImageReference::Parse(text);
    if (!reference) continue;
    if (!reference->tag.empty()) return reference->repository + ":" + reference->tag;
    if (fallback.empty()) fallback = reference->repository;
  }
  if (!fallback.empty()) return fallback;
  auto reference = ImageReference::Parse(image);
  return reference ? reference->repository : image;
}

std::vector<ImageReference> Parsed(const std::vector<std::string>& references) {
  std::vector<ImageReference> out;
  for (const auto& text : references) {
    if (auto reference = ImageReference::Parse(text)) out.push_back(std::move(*reference));
  }
  return out;
}

resources::PlatformStatus PlatformStatusOf(const Inventory& inventory, const PlatformMatch* match) {
  resources::PlatformStatus out;
  out.platform = inventory.platform.ToString();
  out.manifest_digest = inventory.manifest_digest.ToString();
  out.image_id = inventory.image_id.ToString();
  if (inventory.os) {
    out.os_family = inventory.os->family;
    out.os_version = inventory.os->version;
  }
  out.packages = inventory.packages.size();
  out.size_bytes = inventory.size_bytes;
  out.coverage = inventory.coverage;
  if (match != nullptr) {
    out.coverage.insert(out.coverage.end(), match->coverage.begin(), match->coverage.end());
  }
  out.os_end_of_life = std::any_of(out.coverage.begin(), out.coverage.end(), [](const auto& c) {
    return c.state == CoverageState::kEndOfLife;
  });
  return out;
}

/// Each (package, vulnerability) once over all platforms, worst first.
std::vector<const Finding*> Worst(const StoredMatch& match) {
  std::vector<const Finding*> out;
  for (const PlatformMatch& platform : match.platforms) {
    for (const Finding& finding : platform.findings) {
      if (!finding.host_kernel) out.push_back(&finding);
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Finding* a, const Finding* b) { return WorseThan(*a, *b); });
  const auto same = [](const Finding* a, const Finding* b) {
    return a->id == b->id && a->purl == b->purl && a->path == b->path &&
           a->installed_version == b->installed_version && a->package == b->package;
  };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

void FillFindings(const StoredMatch& match, ImageScanStatus& status) {
  const auto worst = Worst(match);
  SeverityCounts counts;
  for (const Finding* finding : worst) {
    ++counts.by_severity[static_cast<std::size_t>(finding->severity)];
    if (finding->state == FindingState::kFixed) ++counts.fixable;
    if (finding->known_exploited.value_or(false)) ++counts.known_exploited;
  }
  status.vulnerabilities = counts;
  status.top_findings.clear();
  for (const Finding* finding : worst) {
    if (status.top_findings.size() >= resources::kMaxTopFindings) break;
    status.top_findings.push_back({finding->id, std::string(SeverityName(finding->severity)),
                                   finding->package, finding->installed_version,
                                   finding->fixed_version, finding->path});
  }
  status.matched_at = FormatTime(match.matched_at);
  status.database_id = match.database_id;
  status.database_built_at = match.database_built_at;
  status.report_digest = match.report_bytes == 0 ? "" : match.report_digest.ToString();
  status.report_size_bytes = match.report_bytes;
}

policy::ContentInput ContentOf(const StoredImage& stored,
                               const std::vector<ImageReference>& references) {
  policy::ContentInput content;
  for (std::size_t i = 0; i < stored.inventory.platforms.size(); ++i) {
    policy::PlatformContent platform{&stored.inventory.platforms[i], nullptr, nullptr};
    if (stored.match && i < stored.match->platforms.size()) {
      platform.findings = &stored.match->platforms[i].findings;
      platform.coverage = &stored.match->platforms[i].coverage;
    }
    content.platforms.push_back(platform);
  }
  content.references = references;
  if (stored.match) {
    if (auto built = ParseTime(stored.match->database_built_at)) {
      content.database_built_at = *built;
    }
  }
  return content;
}

void FillPolicies(const JudgeInput& input, const std::vector<ImageReference>& references,
                  TimePoint now, ImageScanStatus& status) {
  const policy::ContentInput content = ContentOf(*input.stored, references);
  status.policies.clear();
  for (const auto& record : *input.policies) {
    if (status.policies.size() >= resources::kMaxPolicies) break;
    const auto verdicts = policy::EvaluateContentByName(record->policy, content, now);
    status.policies.push_back(PolicyStatusOf(verdicts.front()));
    for (std::size_t i = 1; i < verdicts.size(); ++i) {
      status.policies.back().excused.push_back(PolicyStatusOf(verdicts[i]));
    }
  }
}

int Rank(std::string_view verdict) {
  if (verdict == "Fail") return 3;
  if (verdict == "Unknown") return 2;
  if (verdict == "Warn") return 1;
  return 0;
}

/// Whether the policy is for one of the namespaces that run the image, when something does.
bool MattersWhereItRuns(const policy::ScanPolicy& policy, const JudgeInput& input) {
  if (input.namespace_labels.empty()) return true;
  return std::any_of(
      input.namespace_labels.begin(), input.namespace_labels.end(),
      [&](const auto& entry) { return policy::MatchesNamespace(policy, entry.second); });
}

/// The worst over the policies that matter and the names that the image is known by.
std::string OverallVerdict(const JudgeInput& input, const std::vector<ImageReference>& references,
                           const ImageScanStatus& status, TimePoint now) {
  std::string worst = "Pass";
  for (const auto& row : status.policies) {
    const auto record =
        std::find_if(input.policies->begin(), input.policies->end(),
                     [&](const auto& policy) { return policy->policy.name == row.name; });
    if (record == input.policies->end()) continue;
    const policy::ScanPolicy& policy = (*record)->policy;
    if (!MattersWhereItRuns(policy, input)) continue;
    for (const ImageReference& reference : references) {
      if (!policy::MatchesImage(policy, reference)) continue;
      const auto* judged = resources::JudgementFor(row, policy, reference, now);
      const std::string& verdict = judged == nullptr ? row.verdict : judged->verdict;
      if (Rank(verdict) > Rank(worst)) worst = verdict;
    }
  }
  return worst;
}

/// The first line of coverage that is not Read, over all platforms.
const Coverage* FirstGap(const ImageScanStatus& status, std::string* platform) {
  for (const auto& line : status.platforms) {
    for (const Coverage& coverage : line.coverage) {
      if (coverage.state == CoverageState::kRead) continue;
      *platform = line.platform;
      return &coverage;
    }
  }
  return nullptr;
}

bool UnsupportedOs(const ImageScanStatus& status) {
  for (const auto& platform : status.platforms) {
    for (const Coverage& coverage : platform.coverage) {
      if ((coverage.source == "advisories" || coverage.source == "os") &&
          coverage.state == CoverageState::kUnsupported) {
        return true;
      }
    }
  }
  return false;
}

Condition CompleteCondition(const JudgeInput& input, const ImageScanStatus& status) {
  std::string platform;
  const Coverage* gap = FirstGap(status, &platform);
  if (gap == nullptr && !input.platforms_left_out.empty() &&
      image::IsIndexType(input.stored->inventory.media_type)) {
    return {"Complete",
            "False",
            "TooManyPlatforms",
            "not looked at for nodes of " + input.platforms_left_out.front().ToString() + " (and " +
                std::to_string(input.platforms_left_out.size() - 1) + " more platforms): " +
                std::to_string(resources::kMaxPlatforms) + " platforms are looked at",
            0,
            ""};
  }
  if (gap == nullptr) {
    return {"Complete", "True", "AllRead", "every source of the image was read", 0, ""};
  }
  return {"Complete",
          "False",
          std::string(UnsupportedOs(status) ? scan_reason::kUnsupportedOS
                                            : CoverageStateName(gap->state)),
          platform + " " + gap->source + ": " + gap->reason,
          0,
          ""};
}

Condition FreshCondition(const JudgeInput& input, const ImageScanStatus& status, TimePoint now) {
  std::chrono::milliseconds limit = kDefaultDatabaseAge;
  for (const auto& record : *input.policies) {
    if (record->policy.max_database_age) limit = std::min(limit, *record->policy.max_database_age);
  }
  if (status.database_id.empty()) {
    return {"DatabaseFresh",
            "False",
            std::string(kReasonNoDatabase),
            "no advisory database has been matched",
            0,
            ""};
  }
  const auto built = ParseTime(status.database_built_at);
  const auto age = built ? now - *built : std::chrono::milliseconds::max();
  if (built && age <= limit) {
    return {"DatabaseFresh", "True", "Fresh", "database of " + status.database_built_at, 0, ""};
  }
  return {"DatabaseFresh",
          "False",
          "Stale",
          "database of " + status.database_built_at + " is older than " +
              std::to_string(std::chrono::duration_cast<std::chrono::hours>(limit).count()) + "h",
          0,
          ""};
}

Condition ReadyOfScanned(const JudgeInput& input, const ImageScanStatus& status) {
  if (!input.stored->match) {
    return {"Ready",
            "False",
            std::string(kReasonNoDatabase),
            "scanned, but there is no advisory database to match with: landwaiter db build makes "
            "one",
            0,
            ""};
  }
  if (UnsupportedOs(status)) {
    return {"Ready",
            "False",
            std::string(scan_reason::kUnsupportedOS),
            CompleteCondition(input, status).message,
            0,
            ""};
  }
  return {"Ready",
          "True",
          std::string(kReasonScanned),
          "scanned, matched with the database of " + status.database_built_at + " and judged",
          0,
          ""};
}

/// Stored is there only where it is False: a verdict does not need the store.
void SetStored(const JudgeInput& input, TimePoint now, std::vector<Condition>& conditions) {
  if (!input.store_fault) {
    std::erase_if(conditions, [](const Condition& c) { return c.type == "Stored"; });
    return;
  }
  const Error& fault = *input.store_fault;
  resources::SetCondition(
      conditions,
      {"Stored", "False", fault.reason.empty() ? std::string(kReasonStoreFailed) : fault.reason,
       "judged, but what was found could not be kept: " + fault.message, input.scan->generation,
       ""},
      now);
}

Condition ReadyOfPending(const ScanProgress& progress) {
  switch (progress.state) {
    case ScanProgress::State::kRunning:
      return {"Ready", "False", std::string(kReasonScanning), "a scanner is reading the image",
              0,       ""};
    case ScanProgress::State::kFailed: {
      // Nothing was learnt of the image: it waits, and the webhook treats it so.
      if (NoScannerTookIt(progress.error)) {
        return {"Ready",
                "False",
                std::string(kReasonQueued),
                progress.error.message + "; it is tried again by itself",
                0,
                ""};
      }
      std::string message = progress.error.message;
      message += progress.retry_in ? "; it is tried again by itself"
                                   : "; it is tried again when something asks for it anew";
      const std::string reason = progress.error.reason.empty()
                                     ? std::string(scan_reason::kScannerFailed)
                                     : progress.error.reason;
      return {"Ready", "False", reason, message, 0, ""};
    }
    case ScanProgress::State::kNone:
    case ScanProgress::State::kQueued:
      break;
  }
  return {"Ready", "False", std::string(kReasonQueued), "waits for a scanner", 0, ""};
}

}  // namespace

resources::PolicyStatus PolicyStatusOf(const PolicyVerdict& verdict) {
  resources::PolicyStatus out;
  out.name = verdict.policy;
  out.generation = verdict.generation;
  out.verdict = VerdictName(verdict.verdict);
  out.unknown = verdict.unknown;
  out.exceptions = verdict.exceptions_used;
  out.rests_on.assign(verdict.exceptions_applied.begin(), verdict.exceptions_applied.end());
  for (const Violation& violation : verdict.violations) {
    auto row = std::find_if(out.violations.begin(), out.violations.end(),
                            [&](const auto& v) { return v.rule == violation.rule; });
    if (row == out.violations.end()) {
      out.violations.push_back({violation.rule, 0, violation.fails, ""});
      row = std::prev(out.violations.end());
    }
    if (row->count < kWorstInMessage) {
      row->message += (row->message.empty() ? "" : "; ") + violation.message;
    }
    ++row->count;
  }
  for (auto& row : out.violations) {
    if (row.count > kWorstInMessage) {
      row.message += "; and " + std::to_string(row.count - kWorstInMessage) + " more";
    }
  }
  return out;
}

ImageScanStatus Judge(const JudgeInput& input, TimePoint now) {
  ImageScanStatus status = input.scan->status;
  const auto set = [&](Condition condition) {
    condition.observed_generation = input.scan->generation;
    resources::SetCondition(status.conditions, std::move(condition), now);
  };
  status.observed_generation = input.scan->generation;
  status.canonical.clear();
  if (const auto digest = CanonicalDigest(*input.scan)) status.digest = digest->ToString();
  status.references = References(input);
  status.display_name = DisplayName(status.references, input.scan->spec.image);
  if (input.usage) {
    status.used_by_pods = input.usage->pods;
    status.used_by_namespaces = input.usage->namespaces;
  }
  if (input.stored != nullptr) {
    const auto references = Parsed(status.references);
    status.scanned_at = FormatTime(input.stored->scanned_at);
    status.platforms.clear();
    for (std::size_t i = 0; i < input.stored->inventory.platforms.size(); ++i) {
      const bool matched = input.stored->match && i < input.stored->match->platforms.size();
      status.platforms.push_back(
          PlatformStatusOf(input.stored->inventory.platforms[i],
                           matched ? &input.stored->match->platforms[i] : nullptr));
    }
    if (input.stored->match) FillFindings(*input.stored->match, status);
    FillPolicies(input, references, now, status);
    status.verdict = OverallVerdict(input, references, status, now);
    if (!input.stored->match && Rank(status.verdict) < Rank("Unknown")) status.verdict = "Unknown";
    set(ReadyOfScanned(input, status));
    set(CompleteCondition(input, status));
    set(FreshCondition(input, status, now));
    SetStored(input, now, status.conditions);
  } else if (status.scanned_at.empty()) {
    set(ReadyOfPending(input.progress));
  } else {
    // The store has lost the inventory: a policy that is gone must not go on judging.
    std::erase_if(status.policies, [&](const auto& judged) {
      return std::none_of(input.policies->begin(), input.policies->end(),
                          [&](const auto& policy) { return policy->policy.name == judged.name; });
    });
    status.verdict = OverallVerdict(input, Parsed(status.references), status, now);
    set(FreshCondition(input, status, now));
  }
  return status;
}

}  // namespace landwaiter::controller
