#include "controller/judge.h"

#include <algorithm>
#include <set>

#include "controller/conditions.h"
#include "controller/names.h"
#include "controller/plan.h"
#include "controller/turned_bad.h"
#include "lib/base/text.h"
#include "model/scan_request.h"
#include "policy/content.h"
#include "policy/evaluate.h"
#include "resources/judgement.h"

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

/// What stands there stays: an image that is built on what a tag meant last month is built on it.
void AddWatchedAs(const std::vector<std::string>& names, ImageScanStatus& status) {
  std::size_t bytes = 0;
  for (const std::string& name : status.watched_as) bytes += name.size();
  for (const std::string& name : names) {
    if (status.watched_as.size() >= resources::kMaxWatchedAs) return;
    if (bytes + name.size() > resources::kMaxWatchedAsBytes) return;
    if (std::find(status.watched_as.begin(), status.watched_as.end(), name) ==
        status.watched_as.end()) {
      status.watched_as.push_back(name);
      bytes += name.size();
    }
  }
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
  if (!inventory.layers.empty()) out.chain_id = ChainIds(inventory.layers).back().ToString();
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

void FillFindings(const StoredMatch& match, std::uint64_t suppressed, ImageScanStatus& status) {
  const auto worst = Worst(match);
  SeverityCounts counts;
  for (const Finding* finding : worst) {
    ++counts.by_severity[static_cast<std::size_t>(finding->severity)];
    if (finding->state == FindingState::kFixed) ++counts.fixable;
    if (finding->known_exploited.value_or(false)) ++counts.known_exploited;
  }
  counts.suppressed = suppressed;
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

policy::ContentInput ContentOf(const StoredImage& stored, const BaseBook* bases) {
  static const StoredMatch kNone;
  const StoredMatch& match = stored.match ? *stored.match : kNone;
  return policy::ContentOf(stored.inventory, match.platforms, match.database_built_at, bases);
}

void FillPolicies(const JudgeInput& input, const std::vector<ImageReference>& references,
                  TimePoint now, ImageScanStatus& status) {
  policy::ContentInput content = ContentOf(*input.stored, input.bases);
  content.references = references;
  content.namespaces = status.used_by_namespaces;
  status.policies.clear();
  for (const auto& record : *input.policies) {
    if (status.policies.size() >= resources::kMaxPolicies) break;
    const auto verdicts = policy::EvaluateContentByName(record->policy, content, now);
    status.policies.push_back(PolicyStatusOf(record->policy, verdicts.front()));
    status.policies.back().uid = record->policy.uid;
    KeepTurn(*input.scan, *record, input.usage.has_value(), now, status.policies.back());
    for (std::size_t i = 1; i < verdicts.size(); ++i) {
      status.policies.back().excused.push_back(PolicyStatusOf(record->policy, verdicts[i]));
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

/// The worst over the policies that matter, the names that the image is known by and the namespaces
/// that run it.
std::string OverallVerdict(const JudgeInput& input, const std::vector<ImageReference>& references,
                           const ImageScanStatus& status, TimePoint now) {
  std::string worst = "Pass";
  std::vector<std::string> namespaces = status.used_by_namespaces;
  if (namespaces.empty()) namespaces.push_back("");
  for (const auto& row : status.policies) {
    const auto record =
        std::find_if(input.policies->begin(), input.policies->end(),
                     [&](const auto& policy) { return policy->policy.name == row.name; });
    if (record == input.policies->end()) continue;
    const policy::ScanPolicy& policy = (*record)->policy;
    if (!MattersWhereItRuns(policy, input)) continue;
    for (const ImageReference& reference : references) {
      if (!policy::MatchesImage(policy, reference)) continue;
      for (const std::string& ns : namespaces) {
        const auto* judged = resources::JudgementFor(row, policy, reference, ns, now);
        const std::string& verdict = judged == nullptr ? row.verdict : judged->verdict;
        if (Rank(verdict) > Rank(worst)) worst = verdict;
      }
    }
  }
  return worst;
}

}  // namespace

resources::PolicyStatus PolicyStatusOf(const policy::ScanPolicy& policy,
                                       const PolicyVerdict& verdict) {
  resources::PolicyStatus out;
  out.name = verdict.policy;
  out.generation = verdict.generation;
  out.verdict = VerdictName(verdict.verdict);
  out.unknown = verdict.unknown;
  out.exceptions = verdict.exceptions_used;
  const auto coming = std::find_if(verdict.coming.begin(), verdict.coming.end(),
                                   [](const ComingViolation& one) { return one.fails; });
  if (coming != verdict.coming.end() && verdict.verdict != Verdict::kFail) {
    out.fails_from = {coming->from, coming->rule, coming->message};
  }
  for (const std::size_t index : verdict.exceptions_applied) {
    const std::string& key = policy.exceptions[index].key;
    key.empty() ? out.rests_on.push_back(index) : out.rests_on_objects.push_back(key);
  }
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
  AddWatchedAs(input.watched_as, status);
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
    if (input.stored->match) FillFindings(*input.stored->match, input.suppressed, status);
    FillPolicies(input, references, now, status);
    status.verdict = OverallVerdict(input, references, status, now);
    if (!input.stored->match && Rank(status.verdict) < Rank("Unknown")) status.verdict = "Unknown";
    set(ReadyOfScanned(input, status));
    set(CompleteCondition(input, status));
    set(FreshCondition(input, status, now));
    SetStored(input, now, status.conditions);
    SetRescanned(input, now, status.conditions);
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
    SetRescanned(input, now, status.conditions);
  }
  return status;
}

}  // namespace landwaiter::controller
