#include "webhook/messages.h"

#include <algorithm>
#include <set>

#include "admission/words.h"
#include "lib/base/text.h"

namespace landwaiter::webhook {
namespace {

using admission::Hint;
using admission::LineFor;
using admission::Tells;

std::string Shown(std::string_view text, std::size_t max_bytes) {
  return text::Truncate(text::Printable(text), max_bytes);
}

/// A warning's prefix, so that a person sees who speaks and what would happen.
std::string PrefixFor(Action action) {
  return action == Action::kDeny ? "landwaiter would deny: " : "landwaiter: ";
}

std::vector<std::string> WarningsFor(const Facts& facts, const Decision& decision, Manner manner) {
  std::vector<std::string> out;
  std::size_t total = 0;
  const auto add = [&](const ImageDecision& image, Action action) {
    const bool any = std::any_of(image.judgements.begin(), image.judgements.end(),
                                 [&](const Judgement& j) { return Tells(j, action); });
    if (!any) return;
    const std::string prefix = PrefixFor(action);
    std::string line = prefix + LineFor(facts.images[image.image], image, action,
                                        kMaxWarningBytes - prefix.size(), Hint::kWhereItFits);
    if (total + line.size() > kMaxWarningsBytes) return;
    total += line.size();
    out.push_back(std::move(line));
  };
  for (const ImageDecision& image : decision.images) {
    if (manner == Manner::kWarnOnly) add(image, Action::kDeny);
    add(image, Action::kWarn);
    if (decision.held && image.held) add(image, Action::kAllow);
  }
  return out;
}

/// A set of parts as one bounded annotation.
class Annotation {
 public:
  void Add(const std::string& part) { parts_.insert(part); }
  void PutInto(std::map<std::string, std::string>& annotations, const char* key) const {
    if (parts_.empty()) return;
    std::string out;
    for (const std::string& part : parts_) out += (out.empty() ? "" : ", ") + part;
    annotations[key] = Shown(out, kMaxAnnotationBytes);
  }

 private:
  std::set<std::string> parts_;
};

std::map<std::string, std::string> AnnotationsFor(const Facts& facts, const Decision& decision,
                                                  bool allowed) {
  std::map<std::string, std::string> out;
  Annotation policies, digests, databases, exceptions, unscanned, findings;
  for (const ImageDecision& image : decision.images) {
    const ImageFacts& about = facts.images[image.image];
    if (about.digest) digests.Add(about.written + "=" + about.digest->ToString());
    if (about.scan && !about.scan->status.database_built_at.empty()) {
      databases.Add(about.scan->status.database_built_at);
    }
    for (const Judgement& judgement : image.judgements) {
      policies.Add(judgement.policy + "@" + std::to_string(judgement.generation) + "=" +
                   std::string(VerdictName(judgement.verdict)));
      for (const auto& exception : judgement.exceptions) exceptions.Add(exception);
      if (judgement.ground == Ground::kUnscanned) unscanned.Add(about.written);
      if (judgement.verdict == Verdict::kFail) {
        findings.Add(about.written + ": " + judgement.text);
      }
    }
  }
  const bool warned = allowed && decision.action == Action::kDeny;
  out["verdict"] = ActionName(warned ? Action::kWarn : decision.action);
  if (decision.held) out["verdict"] = "Hold";
  policies.PutInto(out, "policies");
  if (decision.images.empty()) return out;
  if (!out.contains("policies")) out["policies"] = "none matches";
  digests.PutInto(out, "digests");
  databases.PutInto(out, "database");
  exceptions.PutInto(out, "exceptions");
  unscanned.PutInto(out, "unscanned");
  findings.PutInto(out, "failures");
  return out;
}

}  // namespace

bool DeniesWorkload(const ReviewRequest& request, const Decision& decision) {
  if (request.subject != Subject::kWorkload || request.object.controller) return false;
  return std::any_of(
      decision.images.begin(), decision.images.end(), [](const ImageDecision& image) {
        return std::any_of(image.judgements.begin(), image.judgements.end(), [](const auto& j) {
          return j.action == Action::kDeny && j.denies_workloads;
        });
      });
}

ReviewAnswer MakeAnswer(const ReviewRequest& request, const Facts& facts, const Decision& decision,
                        Manner manner, const std::string& note) {
  ReviewAnswer answer;
  answer.uid = request.uid;
  answer.allowed = decision.action != Action::kDeny ||
                   (manner == Manner::kWarnOnly && !DeniesWorkload(request, decision));
  if (!answer.allowed) {
    answer.code = 403;
    answer.reason = "Forbidden";
    answer.message = admission::DenialLines(facts, decision, kMaxMessageBytes);
  }
  answer.warnings = WarningsFor(facts, decision, answer.allowed ? manner : Manner::kJudge);
  answer.audit_annotations = AnnotationsFor(facts, decision, answer.allowed);
  if (!note.empty()) answer.audit_annotations["note"] = note;
  return answer;
}

ReviewAnswer AllowWithNote(const std::string& uid, const std::string& note) {
  ReviewAnswer answer;
  answer.uid = uid;
  answer.audit_annotations = {{"verdict", "Allow"}, {"note", note}};
  return answer;
}

ReviewAnswer AllowUnreadable(const std::string& uid, const std::string& why, Action action) {
  ReviewAnswer answer = AllowWithNote(uid, Shown(why, kMaxAnnotationBytes));
  if (action == Action::kAllow) return answer;
  answer.audit_annotations["verdict"] = ActionName(Action::kWarn);
  answer.warnings = {Shown(PrefixFor(action) + "it cannot judge this: " + why, kMaxWarningBytes)};
  return answer;
}

ReviewAnswer DenyGateRemoval(const std::string& uid) {
  ReviewAnswer answer;
  answer.uid = uid;
  answer.allowed = false;
  answer.code = 403;
  answer.reason = "Forbidden";
  answer.message = "the scheduling gate " + std::string(resources::kScanGate) +
                   " is taken off by landwaiter's controller alone, when the pod's images are "
                   "judged; its Events say what it waits for";
  answer.audit_annotations = {{"verdict", "Deny"}, {"note", "the scan gate was to be taken off"}};
  return answer;
}

ReviewAnswer DenyUnreadable(const std::string& uid, const std::string& why) {
  ReviewAnswer answer;
  answer.uid = uid;
  answer.allowed = false;
  answer.code = 400;
  answer.reason = "BadRequest";
  answer.message = Shown("landwaiter cannot judge this: " + why, kMaxMessageBytes);
  answer.audit_annotations = {{"verdict", "Deny"}, {"note", Shown(why, kMaxAnnotationBytes)}};
  return answer;
}

}  // namespace landwaiter::webhook
