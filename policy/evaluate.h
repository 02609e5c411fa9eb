// The one evaluator, for webhook, controller and command line: pure functions of policy, facts and
// time. Whatever a rule cannot decide makes the verdict Unknown (onIncomplete answers), never Pass;
// each rule is evaluated on its own, so that one that errs does not hide the others.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "model/base_image.h"
#include "model/finding.h"
#include "model/image_reference.h"
#include "model/inventory.h"
#include "model/verdict.h"
#include "policy/policy.h"

namespace landwaiter::policy {

/// One platform of the image. Borrowed: the pointers live until the call returns.
struct PlatformContent {
  const Inventory* inventory = nullptr;            // never null
  const std::vector<Finding>* findings = nullptr;  // null: not matched, vulnerability rules Unknown
  const std::vector<Coverage>* coverage = nullptr;  // of the matching, beside inventory->coverage
  /// What it is built on, as far as the caller knows.
  std::optional<BaseImage> base = {};
  /// The last day of the operating system's release, matching::MatchResult::os_end_of_life.
  std::string os_end_of_life = {};
};

struct ContentInput {
  std::vector<PlatformContent> platforms;  // none: everything is Unknown
  /// The references that the image is known by. EvaluateContent lets an exception with `images`
  /// excuse only if there is at least one and all of them match; EvaluateContentByName keeps the
  /// names apart.
  std::vector<ImageReference> references;
  std::optional<TimePoint> database_built_at;
  /// Where it runs, as far as that is known: the same for exceptions of a namespace.
  std::vector<std::string> namespaces = {};
  /// ImageInventory::collected; null: nothing was.
  const Collection* collected = nullptr;
  /// What others may be built on; null: nobody has been asked, and rules about it are Unknown.
  const BaseBook* bases = nullptr;
};

/// All rules but reference rules, over all platforms.
PolicyVerdict EvaluateContent(const ScanPolicy& policy, const ContentInput& input, TimePoint now);

/// What one policy says of one content under each name that it may be pulled by and in each
/// namespace. An exception for some images or of a namespace holds for those alone, whatever other
/// names the same digest has and wherever else it runs. First the verdict for any name anywhere,
/// with the exceptions for all images; then, for at most kMaxExcused sets of the others, those
/// verdicts that rest on them. exceptions_applied says on which exceptions each rests; HoldsFor,
/// whether it is one for a name in a namespace.
/// `input.references` and `namespaces` are those that are known: their sets go first.
std::vector<PolicyVerdict> EvaluateContentByName(const ScanPolicy& policy,
                                                 const ContentInput& input, TimePoint now);
inline constexpr std::size_t kMaxExcused = 16;

/// PolicyVerdict::coming tells of what is no further ahead: the end of a system in two years is no
/// news.
inline constexpr auto kAnnounceComing = std::chrono::days(30);

/// True where each of `exceptions` (indexes) counts at `now` for this name in this namespace.
bool HoldsFor(const ScanPolicy& policy, const std::vector<std::size_t>& exceptions,
              const ImageReference& reference, std::string_view ns, TimePoint now);

/// Reference rules only: no scan needed. `ns`: where it is to run, "" where that is not known.
PolicyVerdict EvaluateReference(const ScanPolicy& policy, const ImageReference& reference,
                                std::string_view ns, TimePoint now);

/// Both judgements of one policy as one.
PolicyVerdict Combine(PolicyVerdict a, const PolicyVerdict& b);

/// spec.match.images and excludeImages. What a reference by digest leaves open (its tag) is decided
/// so that the policy applies; see policy/image_pattern.h.
bool MatchesImage(const ScanPolicy& policy, const ImageReference& reference);
/// The policy says of both names the same whatever the content is: it judges both or neither, the
/// same rules of references fire, the same exceptions count.
bool SaysTheSameOf(const ScanPolicy& policy, const ImageReference& a, const ImageReference& b,
                   std::string_view ns, TimePoint now);
bool MatchesNamespace(const ScanPolicy& policy, const std::map<std::string, std::string>& labels);

/// What the policy answers to a verdict, its enforcement taken into account: Unknown is answered by
/// onIncomplete; enforcement Warn turns Deny into Warn; Audit turns everything into Allow.
Action AnswerTo(const ScanPolicy& policy, Verdict verdict);
/// The same for an image without a scan when the time to wait is up.
Action AnswerUnscanned(const ScanPolicy& policy);

/// True where the policy has a rule that needs a scan (or one that could not be read).
bool NeedsScan(const ScanPolicy& policy);
/// True where the policy has a rule that the advisory database decides: its age says nothing about
/// the others.
bool NeedsDatabase(const ScanPolicy& policy);
/// True where a rule may answer otherwise an hour later, with nothing changed but the time.
bool JudgesByTime(const ScanPolicy& policy);

/// What a scan has to collect for the policies' rules, in their order. A rule whose wishes have no
/// room beside the others' (kMaxCollectionBytes) is left out, and said in `left_out`
/// ("policy/rule"); it stays Unknown.
Collection CollectionOf(std::span<const ScanPolicy* const> policies,
                        std::vector<std::string>* left_out = nullptr);

/// Exceptions that run out within two weeks or did so at most two weeks ago, for the policy's
/// condition: "CVE-2023-0001 until 2027-01-31: reason".
std::vector<std::string> EndingExceptions(const ScanPolicy& policy, TimePoint now);

}  // namespace landwaiter::policy
