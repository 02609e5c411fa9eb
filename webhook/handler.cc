#include "webhook/handler.h"

#include <algorithm>
#include <array>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "policy/evaluate.h"

namespace landwaiter::webhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::array<std::string_view, 4> kVerdicts = {"allow", "warn", "deny", "error"};
constexpr std::array<std::string_view, 12> kReasons = {
    "judged",     "nothing",    "no_policy", "reference", "content", "unscanned",
    "incomplete", "unreadable", "malformed", "held",      "gate",    "running"};

metrics::Counter& RequestCounter(metrics::Registry& registry, std::string_view verdict,
                                 std::string_view reason) {
  return registry.AddCounter("landwaiter_admission_requests_total",
                             "Admission requests by answer and its ground.",
                             {{"verdict", std::string(verdict)}, {"reason", std::string(reason)}});
}

std::string_view ReasonName(Ground ground) {
  switch (ground) {
    case Ground::kPassed:
      return "judged";
    case Ground::kReference:
      return "reference";
    case Ground::kContent:
      return "content";
    case Ground::kAlreadyRunning:
      return "running";
    case Ground::kUnscanned:
      return "unscanned";
    case Ground::kIncomplete:
      return "incomplete";
  }
  return "judged";
}

/// The ground of the worst judgement.
std::string_view ReasonOf(const Decision& decision) {
  bool any = false;
  for (const ImageDecision& image : decision.images) {
    any = any || !image.judgements.empty();
    if (image.action != decision.action || decision.action == Action::kAllow) continue;
    if (!image.judgements.empty()) return ReasonName(image.judgements.front().ground);
  }
  if (decision.held) return "held";
  return any ? "judged" : "no_policy";
}

/// What cannot be read may hold what every rule is against: answered as a Fail is, so never denied
/// by policies that only warn or record.
Action WorstAnswerToFail(const PolicyList& policies) {
  Action worst = Action::kAllow;
  for (const auto& policy : policies) {
    const Action answer = policy::AnswerTo(*policy, Verdict::kFail);
    if (answer == Action::kDeny) return answer;
    if (answer == Action::kWarn) worst = answer;
  }
  return worst;
}

/// Warnings wait for nobody; a denial does.
bool NoWorkloadWaits(const Facts&, const Decision& decision) {
  return std::none_of(
      decision.images.begin(), decision.images.end(), [](const ImageDecision& image) {
        return std::any_of(
            image.judgements.begin(), image.judgements.end(), [](const Judgement& judgement) {
              return judgement.ground == Ground::kUnscanned && judgement.denies_workloads;
            });
      });
}

}  // namespace

struct AdmissionHandler::Admission {
  ReviewRequest request;
  steady_clock::time_point start;
  Manner manner = Manner::kJudge;
  std::string note;
  std::string unreadable;  // why the object cannot be judged; "" where it can
  http::Responder respond;
};

AdmissionHandler::AdmissionHandler(Deliberation& deliberation, Ensurer& ensurer,
                                   AdmissionOptions options, metrics::Registry& registry)
    : deliberation_(deliberation),
      ensurer_(ensurer),
      options_(std::move(options)),
      duration_(registry.AddHistogram("landwaiter_admission_duration_seconds",
                                      "From the whole review to its answer, waiting included.",
                                      metrics::SecondsBounds())) {
  for (const auto verdict : kVerdicts) {
    for (const auto reason : kReasons) {
      requests_[{verdict, reason}] = &RequestCounter(registry, verdict, reason);
    }
  }
}

void AdmissionHandler::Handle(http::ServerRequest&& request, http::Responder respond) {
  const auto start = steady_clock::now();
  ReviewReading reading = ReadReview(request.body);
  request.DropBody();
  if (!reading.request) {
    Count("error", "malformed");
    return RefuseReview(reading.problem, std::move(respond));
  }

  auto admission = std::make_shared<Admission>();
  admission->request = *std::move(reading.request);
  admission->start = start;
  admission->respond = std::move(respond);
  Start(admission, BudgetOf(request));
}

void AdmissionHandler::Start(const std::shared_ptr<Admission>& admission, milliseconds budget) {
  const ReviewRequest& review = admission->request;
  if (review.subject == Subject::kNothing) {
    return Finish(*admission, AllowWithNote(review.uid, "nothing to judge"), "nothing");
  }
  if (review.deleting) {
    return Finish(*admission, AllowWithNote(review.uid, "is being deleted"), "nothing");
  }
  if (options_.hold && review.takes_gate_off && review.username != options_.controller_user) {
    return Finish(*admission, DenyGateRemoval(review.uid), "gate");
  }
  admission->unreadable = review.unreadable;
  std::vector<ImageFacts> images = ImagesToJudge(review);
  if (images.empty() && admission->unreadable.empty()) {
    return Finish(*admission, AllowWithNote(review.uid, "no new image"), "nothing");
  }
  Describe(*admission, images.size());
  if (!admission->unreadable.empty()) images.clear();
  const bool workload = review.subject == Subject::kWorkload && !review.object.controller;
  const bool waits = (admission->manner == Manner::kJudge || workload) && !review.dry_run;
  auto question = std::make_shared<Question>(
      Question{.ns = review.ns,
               .images = std::move(images),
               .credentials = CredentialsOf(review),
               .start = admission->start,
               .budget = waits ? budget : milliseconds(0),
               .holding = HoldingOf(review),
               .may_ask = !review.dry_run,
               .settled = workload ? NoWorkloadWaits : nullptr,
               .answer = [this, admission](const Facts& facts, const Decision& decision) {
                 Answer(*admission, facts, decision);
               }});
  deliberation_.Begin(question);
}

void AdmissionHandler::Describe(Admission& admission, std::size_t images) const {
  const ReviewRequest& review = admission.request;
  if (review.subject == Subject::kWorkload) {
    admission.manner = Manner::kWarnOnly;
    admission.note = "workload: its pods are judged when they are made";
  } else if (review.IsMirrorPodOfANode()) {
    admission.manner = Manner::kWarnOnly;
    admission.note = "mirror pod: the kubelet runs it whatever is answered";
  }
  if (review.dry_run) admission.note = "dry run: judged from memory, nothing was asked";
  if (images > kMaxDistinctImages) {
    admission.unreadable = "it has " + std::to_string(images) + " distinct images, at most " +
                           std::to_string(kMaxDistinctImages) + " are judged";
  }
}

admission::Holding AdmissionHandler::HoldingOf(const ReviewRequest& review) const {
  using admission::Holding;
  if (!options_.hold) return Holding::kNo;
  // Its pods will be held, unless they cannot be.
  if (review.subject == Subject::kWorkload) {
    return review.object.node_name.empty() ? Holding::kGated : Holding::kNo;
  }
  // An ephemeral container starts in a pod that runs: no gate holds it back.
  if (review.subresource == "ephemeralcontainers") return Holding::kNo;
  return review.object.scan_gate ? Holding::kGated : Holding::kNo;
}

void AdmissionHandler::Answer(Admission& admission, const Facts& facts, const Decision& decision) {
  if (!admission.unreadable.empty()) return AnswerUnreadable(admission, facts.policies);
  ReviewAnswer answer =
      MakeAnswer(admission.request, facts, decision, admission.manner, admission.note);
  const bool denied = !answer.allowed;
  Finish(admission, std::move(answer), ReasonOf(decision));
  if (denied) TellOfDenial(admission.request, facts, decision);
}

void AdmissionHandler::TellOfDenial(const ReviewRequest& review, const Facts& facts,
                                    const Decision& decision) {
  const bool tells = options_.nudge && !review.dry_run && review.subject == Subject::kPod &&
                     review.operation == "CREATE" && review.object.controller;
  if (!tells) return;
  std::vector<std::string> references;
  for (const ImageDecision& image : decision.images) {
    const bool unscanned = std::any_of(
        image.judgements.begin(), image.judgements.end(), [](const Judgement& judgement) {
          return judgement.ground == Ground::kUnscanned && judgement.action == Action::kDeny;
        });
    const auto& reference = facts.images[image.image].reference;
    if (unscanned && reference) references.push_back(reference->ToString());
  }
  if (references.empty()) return;
  ensurer_.Tell(CredentialsOf(review), references, review.object.owners[*review.object.controller]);
}

void AdmissionHandler::AnswerUnreadable(Admission& admission, const PolicyList& policies) {
  const std::string& uid = admission.request.uid;
  const std::string why = text::Printable(admission.unreadable);
  if (policies.empty()) {
    return Finish(admission, AllowWithNote(uid, "no policy matches: " + why), "no_policy");
  }
  const Action action = WorstAnswerToFail(policies);
  if (action == Action::kDeny && admission.manner == Manner::kJudge) {
    return Finish(admission, DenyUnreadable(uid, why), "unreadable");
  }
  Finish(admission, AllowUnreadable(uid, why, action), "unreadable");
}

void AdmissionHandler::Count(std::string_view verdict, std::string_view reason) {
  requests_.at({verdict, reason})->Add();
}

void AdmissionHandler::Finish(Admission& admission, ReviewAnswer answer, std::string_view reason) {
  if (!admission.request.dry_run) {
    const std::string_view verdict =
        !answer.allowed ? "deny" : (answer.warnings.empty() ? "allow" : "warn");
    Count(verdict, reason);
    const std::chrono::duration<double> took = steady_clock::now() - admission.start;
    duration_.Observe(took.count());
  }
  if (!answer.allowed) {
    log::Info("admission denied", {{"uid", answer.uid},
                                   {"namespace", text::Printable(admission.request.ns)},
                                   {"kind", text::Printable(admission.request.kind)},
                                   {"reason", reason},
                                   {"dry_run", admission.request.dry_run}});
  }
  admission.respond({.body = WriteReview(answer)});
}

}  // namespace landwaiter::webhook
