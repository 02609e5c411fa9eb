#include "admission/decide.h"

#include <algorithm>

#include "admission/already_running.h"
#include "lib/base/text.h"
#include "model/database_age.h"
#include "model/scan_request.h"
#include "policy/evaluate.h"
#include "resources/judgement.h"

namespace landwaiter::admission {
namespace {

using std::chrono::milliseconds;

/// Of one rule's subjects in a text; the controller cuts its own rows the same way.
constexpr std::size_t kWorstInText = 3;

int RankOf(Action action) {
  switch (action) {
    case Action::kAllow:
      return 0;
    case Action::kWarn:
      return 1;
    case Action::kDeny:
      return 2;
  }
  return 2;
}

bool Worse(Action a, Action b) { return RankOf(a) > RankOf(b); }

/// Reasons of Ready under which the controller is still at work.
bool IsUnderWay(const resources::Condition* ready) {
  if (ready == nullptr || ready->status == "Unknown") return true;
  return ready->status != "True" && (ready->reason.empty() || ready->reason == "Queued" ||
                                     ready->reason == "Pulling" || ready->reason == "Scanning");
}

/// An object of this name that is about another digest decides nothing.
bool IsAbout(const resources::ImageScan& scan, const Digest& digest) {
  if (!scan.status.digest.empty()) return scan.status.digest == digest.ToString();
  return scan.spec.image.ends_with("@" + digest.ToString());
}

const resources::PolicyStatus* JudgementOf(const resources::ImageScan& scan,
                                           const policy::ScanPolicy& policy) {
  for (const auto& row : scan.status.policies) {
    if (row.name == policy.name && row.uid == policy.uid && row.generation == policy.generation) {
      return &row;
    }
  }
  return nullptr;
}

Judgement Start(const policy::ScanPolicy& policy, Ground ground, Verdict verdict) {
  Judgement judgement;
  judgement.policy = policy.name;
  judgement.generation = policy.generation;
  judgement.ground = ground;
  judgement.verdict = verdict;
  judgement.action = policy::AnswerTo(policy, verdict);
  return judgement;
}

Judgement Incomplete(const policy::ScanPolicy& policy, const std::string& text) {
  Judgement judgement = Start(policy, Ground::kIncomplete, Verdict::kUnknown);
  judgement.text = text;
  return judgement;
}

/// Row 2. Nothing where the policy's reference rules are content.
std::optional<Judgement> JudgeReference(const policy::ScanPolicy& policy,
                                        const ImageReference& reference, const Facts& facts) {
  const PolicyVerdict verdict = policy::EvaluateReference(policy, reference, facts.ns, facts.now);
  if (verdict.verdict == Verdict::kPass) return std::nullopt;
  Judgement judgement = Start(policy, Ground::kReference, verdict.verdict);
  judgement.exceptions = verdict.exceptions_used;
  std::size_t told = 0;
  for (const Violation& violation : verdict.violations) {
    if (told++ == kWorstInText) break;
    if (!judgement.text.empty()) judgement.text += "; ";
    judgement.text += "rule " + violation.rule + ": " + violation.message;
  }
  if (verdict.violations.size() > kWorstInText) {
    judgement.text += "; and " + std::to_string(verdict.violations.size() - kWorstInText) + " more";
  }
  if (judgement.text.empty()) judgement.text = text::Join(verdict.unknown, "; ");
  return judgement;
}

/// "" where the policy has no bound, nothing to bound, or the database is young enough.
std::string StaleDatabase(const policy::ScanPolicy& policy, const resources::ImageScan& scan,
                          TimePoint now) {
  if (!policy.max_database_age || !policy::NeedsDatabase(policy)) return {};
  const auto built = ParseTime(scan.status.database_built_at);
  if (!built) return "the age of the advisory database is not known";
  const DatabaseAge age = AgeOfDatabase(*built, now, *policy.max_database_age);
  if (age == DatabaseAge::kYoung) return {};
  return "the advisory database is of " + scan.status.database_built_at +
         (age == DatabaseAge::kOld ? ", older than maxDatabaseAge"
                                   : ", a time to come: its age is not known");
}

std::string ContentText(const resources::PolicyStatus& row) {
  std::string out;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : "; ") + part; };
  for (const bool fails : {true, false}) {
    for (const auto& violation : row.violations) {
      if (violation.fails != fails) continue;
      add("rule " + violation.rule + ": " +
          (violation.message.empty() ? std::to_string(violation.count) + " violations"
                                     : violation.message));
    }
  }
  for (const auto& unknown : row.unknown) add(unknown);
  return out;
}

/// What is let in today and would be denied later, if nothing changes but the time: told where a
/// person sees it.
void TellComing(const policy::ScanPolicy& policy, const resources::PolicyStatus& row,
                Judgement& judgement) {
  constexpr std::size_t kDate = 10;  // YYYY-MM-DD
  if (!row.fails_from || judgement.action == Action::kDeny ||
      policy::AnswerTo(policy, Verdict::kFail) != Action::kDeny) {
    return;
  }
  judgement.action = Action::kWarn;
  // What is new goes first: a warning has room for 256 bytes.
  judgement.text = "would be denied from " + row.fails_from->from.substr(0, kDate) + ": rule " +
                   row.fails_from->rule + ": " + row.fails_from->message +
                   (judgement.text.empty() ? "" : "; " + judgement.text);
}

/// Rows 3 and 7 of a scan that was judged.
Judgement JudgeContent(const policy::ScanPolicy& policy, const resources::ImageScan& scan,
                       const resources::PolicyStatus& row, TimePoint now) {
  Verdict verdict = VerdictFromName(row.verdict);
  const std::string stale = StaleDatabase(policy, scan, now);
  // Old data can hide a finding, never make one up: a Fail stays one.
  if (verdict != Verdict::kFail && !stale.empty()) return Incomplete(policy, stale);
  const Ground ground = verdict == Verdict::kPass      ? Ground::kPassed
                        : verdict == Verdict::kUnknown ? Ground::kIncomplete
                                                       : Ground::kContent;
  Judgement judgement = Start(policy, ground, verdict);
  judgement.text = ContentText(row);
  // Why nothing could be decided, in the word that `kubectl get imagescans` shows.
  const auto* ready = resources::FindCondition(scan.status.conditions, "Ready");
  if (verdict == Verdict::kUnknown && !IsUnderWay(ready) && ready->status != "True") {
    judgement.text = ready->reason + (judgement.text.empty() ? "" : ": " + judgement.text);
  }
  judgement.exceptions = row.exceptions;
  TellComing(policy, row, judgement);
  return judgement;
}

/// As a policy writes it: "1h30m", "10m", "500ms".
std::string Written(milliseconds duration) {
  struct Unit {
    milliseconds size;
    const char* name;
  };
  constexpr Unit kUnits[] = {{std::chrono::hours(1), "h"},
                             {std::chrono::minutes(1), "m"},
                             {std::chrono::seconds(1), "s"},
                             {milliseconds(1), "ms"}};
  std::string out;
  for (const Unit& unit : kUnits) {
    if (duration < unit.size) continue;
    out += std::to_string(duration / unit.size) + unit.name;
    duration %= unit.size;
  }
  return out;
}

/// The controller tries again by itself, and the next time may be better.
bool MayPass(std::string_view reason) {
  constexpr std::string_view kReasons[] = {scan_reason::kRateLimited,
                                           scan_reason::kRegistryUnavailable,
                                           scan_reason::kDigestMismatch,
                                           scan_reason::kScannerFailed,
                                           scan_reason::kScannerBusy,
                                           scan_reason::kScannerUnreachable,
                                           "NoDatabase",
                                           "StoreFull",
                                           "StoreFailed"};
  return std::find(std::begin(kReasons), std::end(kReasons), reason) != std::end(kReasons);
}

std::string WhyUnscanned(const policy::ScanPolicy& policy, const ImageFacts& image) {
  if (image.failure && image.failure->unreachable) {
    // What a connection met is for the logs.
    const bool transport = image.failure->reason == kReasonControllerUnreachable;
    return transport ? "not scanned yet, and the scan could not be asked for: the controller "
                       "cannot be reached"
                     : "not scanned yet: " + image.failure->reason + ": " + image.failure->message;
  }
  const auto* ready =
      image.scan ? resources::FindCondition(image.scan->status.conditions, "Ready") : nullptr;
  const bool failing = !IsUnderWay(ready) && ready->status != "True";
  const std::string why = failing ? ": " + ready->reason + ": " + ready->message : "";
  if (!image.scan || image.scan->status.policies.empty()) return "not scanned yet" + why;
  if (failing) return "no verdict yet" + why;
  return "not yet judged by generation " + std::to_string(policy.generation) + " of the policy";
}

/// Whether this policy lets an image without a verdict wait where it is now.
bool LetsWait(const policy::ScanPolicy& policy, Holding holding) {
  // A policy that warns or records keeps nobody waiting.
  const bool denies = policy::AnswerUnscanned(policy) == Action::kDeny;
  switch (holding) {
    case Holding::kNo:
      return false;
    case Holding::kCan:
    case Holding::kGated:
      return denies && policy.holds;
    case Holding::kHeld:
      return denies;
  }
  return false;
}

/// Row 6, 4 or 8 when there is no more time.
Judgement Unscanned(const policy::ScanPolicy& policy, const ImageFacts& image, const Facts& facts) {
  Judgement judgement;
  judgement.policy = policy.name;
  judgement.generation = policy.generation;
  judgement.ground = Ground::kUnscanned;
  judgement.verdict = Verdict::kUnknown;
  judgement.action = policy::AnswerUnscanned(policy);
  judgement.text = WhyUnscanned(policy, image);
  const std::string most = Written(policy.hold_for);
  if (LetsWait(policy, facts.holding)) {
    if (facts.holding == Holding::kHeld && facts.held_for >= policy.hold_for) {
      return Incomplete(policy, judgement.text + ", and the pod was held for " + most + " already");
    }
    judgement.held = true;
    judgement.action = Action::kAllow;
    judgement.text += "; the pod waits for that, at most " + most;
  } else if (!image.failure || !image.failure->unreachable) {
    judgement.text += policy.holds && judgement.action == Action::kDeny
                          ? ", and this cannot be held; try again in a moment"
                          : "; try again in a moment";
  }
  return judgement;
}

struct ScanAnswer {
  std::optional<Judgement> judgement;  // absent: pending
  bool ask = false;
};

ScanAnswer AnswerFromScan(const policy::ScanPolicy& policy, const ImageFacts& image,
                          const Facts& facts) {
  const resources::ImageScan& scan = *image.scan;
  if (!IsAbout(scan, *image.digest)) {
    return {
        Incomplete(policy, "NameCollision: ImageScan " + scan.name + " is about another digest"),
        false};
  }
  const auto* ready = resources::FindCondition(scan.status.conditions, "Ready");
  const bool under_way = IsUnderWay(ready);
  // A pod that waits already waits for the next try, too.
  const bool next_try = facts.holding == Holding::kHeld && !under_way && ready->status != "True" &&
                        MayPass(ready->reason);
  // What was found counts, also while the image is looked at again, and where a part of it could
  // not be read: rules that do not need that part were decided all the same.
  if (const auto* row = JudgementOf(scan, policy)) {
    const auto* judged =
        resources::JudgementFor(*row, policy, *image.reference, facts.ns, facts.now);
    if (judged == nullptr) return {std::nullopt, !under_way};
    Judgement judgement = JudgeContent(policy, scan, *judged, facts.now);
    LetInAsRunning(policy, *row, facts.ns, facts.now, judgement);
    // Without a database, say, there is no verdict in it but what rules could tell without one.
    if (next_try && judgement.verdict == Verdict::kUnknown) return {std::nullopt, false};
    return {std::move(judgement), false};
  }
  if (!under_way && ready->status != "True") {
    if (next_try) return {std::nullopt, false};
    // Asked for all the same: the registry or the credentials may have been mended since.
    return {Incomplete(policy, ready->reason + ": " + ready->message), true};
  }
  return {std::nullopt, !under_way};
}

/// What one policy says of one image; pending where neither is known nor time is up.
struct PolicyAnswer {
  std::vector<Judgement> judgements;
  bool pending = false;
  bool ask = false;
};

PolicyAnswer AnswerOf(const policy::ScanPolicy& policy, const ImageFacts& image,
                      const Facts& facts) {
  PolicyAnswer answer;
  if (!image.reference) {
    answer.judgements.push_back(Incomplete(policy, image.parse_error));
    return answer;
  }
  if (auto judged = JudgeReference(policy, *image.reference, facts)) {
    answer.judgements.push_back(*std::move(judged));
  }
  if (!policy::NeedsScan(policy)) return answer;

  ScanAnswer scanned{std::nullopt, true};
  if (image.scan && image.digest) {
    scanned = AnswerFromScan(policy, image, facts);
  } else if (image.failure && !image.failure->unreachable) {
    scanned = {Incomplete(policy, image.failure->reason + ": " + image.failure->message), false};
  }
  answer.ask = scanned.ask;
  if (scanned.judgement) {
    answer.judgements.push_back(*std::move(scanned.judgement));
    return answer;
  }
  const bool unreachable = image.failure && image.failure->unreachable;
  const milliseconds limit = std::min<milliseconds>(policy.wait, facts.budget);
  // An Audit policy's answer changes nothing for the caller, so nobody waits for it.
  const bool matters = policy.enforcement != Enforcement::kAudit;
  Judgement unscanned = Unscanned(policy, image, facts);
  // The pod waits by itself, so its request need not.
  const bool waits_here = !unscanned.held || facts.holding == Holding::kCan;
  answer.pending = matters && waits_here && !unreachable && facts.elapsed < limit;
  answer.judgements.push_back(std::move(unscanned));
  return answer;
}

/// Notes that the pod is held by this policy.
void Hold(const Facts& facts, const policy::ScanPolicy& policy, Decision& whole) {
  const milliseconds left = std::max(milliseconds(0), policy.hold_for - facts.held_for);
  whole.hold_left = whole.held ? std::min(whole.hold_left, left) : left;
  whole.held = true;
}

ImageDecision DecideImage(const Facts& facts, std::size_t index, Decision& whole) {
  const ImageFacts& image = facts.images[index];
  ImageDecision decision;
  decision.image = index;
  for (const auto& policy : facts.policies) {
    // What cannot be parsed cannot be excluded either: every policy judges it.
    if (image.reference && !policy::MatchesImage(*policy, *image.reference)) continue;
    PolicyAnswer answer = AnswerOf(*policy, image, facts);
    decision.ask = decision.ask || answer.ask;
    if (answer.pending) {
      decision.pending = true;
      whole.decide_again =
          std::min(whole.decide_again, std::min<milliseconds>(policy->wait, facts.budget));
    }
    if (answer.judgements.empty()) {
      answer.judgements.push_back(Start(*policy, Ground::kPassed, Verdict::kPass));
    }
    for (auto& judgement : answer.judgements) {
      judgement.denies_workloads = policy->deny_workloads;
      // What is pending is no reason to deny yet.
      const bool open = answer.pending && judgement.ground == Ground::kUnscanned;
      if (!open && Worse(judgement.action, decision.action)) decision.action = judgement.action;
      if (judgement.held) {
        decision.held = true;
        Hold(facts, *policy, whole);
      }
      decision.judgements.push_back(std::move(judgement));
    }
  }
  std::stable_sort(decision.judgements.begin(), decision.judgements.end(),
                   [](const auto& a, const auto& b) { return Worse(a.action, b.action); });
  return decision;
}

}  // namespace

ImageFacts FactsOfReference(std::string written, std::string where) {
  ImageFacts facts;
  auto reference = ImageReference::Parse(written);
  facts.written = std::move(written);
  facts.where = std::move(where);
  if (reference) {
    facts.digest = reference->digest;
    facts.reference = *std::move(reference);
  } else {
    facts.parse_error = "InvalidReference: " + reference.error().message;
  }
  return facts;
}

Decision Decide(const Facts& facts) {
  Decision decision;
  decision.decide_again = milliseconds::max();
  for (std::size_t i = 0; i < facts.images.size(); ++i) {
    ImageDecision image = DecideImage(facts, i, decision);
    if (Worse(image.action, decision.action)) decision.action = image.action;
    decision.pending = decision.pending || image.pending;
    decision.images.push_back(std::move(image));
  }
  // Nothing that is still to come can make a denial milder.
  if (decision.action == Action::kDeny) decision.pending = decision.held = false;
  return decision;
}

}  // namespace landwaiter::admission
