#include "webhook/messages.h"

#include <algorithm>
#include <set>

#include "lib/base/text.h"

namespace landwaiter::webhook {
namespace {

/// Of a message line; three of them fit into a message with room for the count of the rest.
constexpr std::size_t kMaxLineBytes = 640;
constexpr std::size_t kMaxReferenceBytes = 200;

std::string Shown(std::string_view text, std::size_t max_bytes) {
  return text::Truncate(text::Printable(text), max_bytes);
}

std::string HintFor(const ImageFacts& image) {
  if (!image.digest) return {};
  return "kubectl describe imagescan " + resources::ScanName(*image.digest);
}

/// As the user wrote it. A digest is cut to what tells it from others at a glance: the hint has the
/// whole of it, and a warning has room for 256 bytes.
std::string Written(const ImageFacts& image) {
  constexpr std::size_t kGlance = 12;
  std::string written = image.written;
  const auto at = written.find('@');
  const auto colon = written.find(':', at == std::string::npos ? 0 : at);
  if (at != std::string::npos && colon != std::string::npos && image.digest &&
      written.size() > colon + 1 + kGlance) {
    written.resize(colon + 1 + kGlance);
    written += "…";
  }
  return Shown(written, kMaxReferenceBytes);
}

/// A denial has room for both; in a warning what is wrong goes before where to read on.
enum class Hint { kWhole, kWhereItFits };

/// "image X (container web): policy baseline, rule no-critical: …; kubectl describe imagescan …".
/// The middle is cut.
std::string LineFor(const ImageFacts& image, const ImageDecision& decision, Action action,
                    std::size_t max_bytes, Hint when) {
  std::string head = "image " + Written(image);
  if (!image.where.empty()) head += " (" + Shown(image.where, 80) + ")";
  std::string body;
  for (const Judgement& judgement : decision.judgements) {
    if (judgement.action != action) continue;
    body += (body.empty() ? ": policy " : "; policy ") + judgement.policy + ": " + judgement.text;
  }
  const std::string hint = HintFor(image);
  std::string tail = hint.empty() ? "" : "; " + hint;
  const bool fits = head.size() + body.size() + tail.size() <= max_bytes;
  if (when == Hint::kWhereItFits && !fits) tail.clear();
  const std::size_t room = max_bytes > tail.size() ? max_bytes - tail.size() : 0;
  return Shown(head + body, room) + tail;
}

std::string MessageFor(const Facts& facts, const Decision& decision) {
  std::vector<std::string> lines;
  for (const ImageDecision& image : decision.images) {
    if (image.action != Action::kDeny) continue;
    lines.push_back(
        LineFor(facts.images[image.image], image, Action::kDeny, kMaxLineBytes, Hint::kWhole));
  }
  std::string out;
  // Room for "and 199 more images" on a line of its own.
  constexpr std::size_t kRoom = kMaxMessageBytes - 32;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (out.size() + lines[i].size() + 1 > kRoom) {
      out += "\nand " + std::to_string(lines.size() - i) + " more images";
      break;
    }
    out += (i == 0 ? "" : "\n") + lines[i];
  }
  return out;
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
                                 [&](const Judgement& j) { return j.action == action; });
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
                                                  Manner manner) {
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
  const bool warned = manner == Manner::kWarnOnly && decision.action == Action::kDeny;
  out["verdict"] = ActionName(warned ? Action::kWarn : decision.action);
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

ReviewAnswer MakeAnswer(const ReviewRequest& request, const Facts& facts, const Decision& decision,
                        Manner manner, const std::string& note) {
  ReviewAnswer answer;
  answer.uid = request.uid;
  answer.allowed = manner == Manner::kWarnOnly || decision.action != Action::kDeny;
  if (!answer.allowed) {
    answer.code = 403;
    answer.reason = "Forbidden";
    answer.message = MessageFor(facts, decision);
  }
  answer.warnings = WarningsFor(facts, decision, manner);
  answer.audit_annotations = AnnotationsFor(facts, decision, manner);
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
