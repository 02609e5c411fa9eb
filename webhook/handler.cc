#include "webhook/handler.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "policy/evaluate.h"

namespace landwaiter::webhook {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A namespace that was made a moment ago: its informer is milliseconds behind.
constexpr milliseconds kNamespaceWait{1000};
/// A failure to resolve that another request has just met is not asked for again at once.
constexpr milliseconds kFreshFailure{2000};
/// The same for an answer: the ImageScan is on its way through the informer.
constexpr milliseconds kFreshAnswer{2000};

constexpr std::array<std::string_view, 4> kVerdicts = {"allow", "warn", "deny", "error"};
constexpr std::array<std::string_view, 9> kReasons = {"judged",     "nothing",    "no_policy",
                                                      "reference",  "content",    "unscanned",
                                                      "incomplete", "unreadable", "malformed"};

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
  return any ? "judged" : "no_policy";
}

/// "?timeout=10s", as the API server sends it, less the margin.
milliseconds BudgetOf(const http::ServerRequest& request) {
  milliseconds timeout = kDefaultTimeout;
  if (const auto text = request.QueryValue("timeout")) {
    if (auto parsed = ParseDuration(*text)) timeout = *parsed;
  }
  timeout = std::min<milliseconds>(timeout, kLongestTimeout);
  return std::max<milliseconds>(timeout - kAnswerMargin, milliseconds(0));
}

std::string WhereOf(const resources::PodImage& image) {
  return std::string(resources::ContainerKindName(image.kind)) + " " + image.container;
}

/// The distinct images to judge: on an UPDATE only those that the old object did not have.
std::vector<ImageFacts> ImagesToJudge(const ReviewRequest& request) {
  const std::set<std::string> old(request.old_references.begin(), request.old_references.end());
  std::unordered_map<std::string, std::size_t> seen;
  std::vector<ImageFacts> out;
  for (const resources::PodImage& image : request.object.images) {
    if (old.contains(image.reference)) continue;
    // A template's "auto" is a mark for a sidecar injector, which puts a real image in its place.
    if (request.subject == Subject::kWorkload && image.reference == "auto") continue;
    if (!seen.emplace(image.reference, out.size()).second) continue;
    ImageFacts facts;
    facts.written = image.reference;
    facts.where = WhereOf(image);
    auto reference = ImageReference::Parse(image.reference);
    if (reference) {
      facts.digest = reference->digest;
      facts.reference = *std::move(reference);
    } else {
      facts.parse_error = "InvalidReference: " + reference.error().message;
    }
    out.push_back(std::move(facts));
  }
  return out;
}

/// No more names than the controller takes, and none that no Secret can have: the whole question
/// would be refused.
CredentialSet CredentialsOf(const ReviewRequest& request) {
  CredentialSet set{request.ns, request.object.service_account, {}};
  std::unordered_set<std::string_view> seen;
  std::size_t left_out = 0;
  for (const std::string& name : request.object.pull_secrets) {
    if (!seen.insert(name).second) continue;
    if (set.pull_secrets.size() < resources::kMaxEnsureSecrets &&
        name.size() <= resources::kMaxSecretName) {
      set.pull_secrets.push_back(name);
    } else {
      ++left_out;
    }
  }
  if (left_out > 0) {
    log::Warn("pull secrets left out", {{"uid", text::Printable(request.uid)},
                                        {"namespace", text::Printable(request.ns)},
                                        {"left_out", left_out},
                                        {"most", resources::kMaxEnsureSecrets},
                                        {"longest_name", resources::kMaxSecretName}});
  }
  return set;
}

PolicyList PoliciesFor(const Memory& memory, const std::string& ns) {
  PolicyList out;
  const auto labels = memory.NamespaceLabels(ns);
  for (const auto& policy : *memory.Policies()) {
    // A namespace that is still unknown gets every policy: too strict for a moment, never too mild.
    if (!labels || policy::MatchesNamespace(*policy, *labels)) out.push_back(policy);
  }
  return out;
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

}  // namespace

struct AdmissionHandler::Admission {
  ReviewRequest request;
  std::vector<ImageFacts> images;
  CredentialSet credentials;
  steady_clock::time_point start;
  milliseconds budget{0};
  Manner manner = Manner::kJudge;
  std::string note;
  std::string unreadable;  // why the object cannot be judged; "" where it can
  std::set<std::string> asked;
  bool namespace_waited = false;
  bool waited = false;
  http::Responder respond;

  milliseconds Elapsed() const {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
  }
};

AdmissionHandler::AdmissionHandler(Memory& memory, Waiters& waiters, Ensurer& ensurer,
                                   const Clock& clock, metrics::Registry& registry)
    : memory_(memory),
      waiters_(waiters),
      ensurer_(ensurer),
      clock_(clock),
      duration_(registry.AddHistogram("landwaiter_admission_duration_seconds",
                                      "From the whole review to its answer, waiting included.",
                                      metrics::SecondsBounds())),
      waited_(registry.AddCounter("landwaiter_admission_waited_total",
                                  "Requests that waited for a scan.")),
      waiters_full_(registry.AddCounter("landwaiter_admission_waiters_full_total",
                                        "Requests answered at once because too many waited.")) {
  for (const auto verdict : kVerdicts) {
    for (const auto reason : kReasons) {
      requests_[{verdict, reason}] = &RequestCounter(registry, verdict, reason);
    }
  }
  registry.AddCallback("landwaiter_admission_waiting", "Requests that wait for a scan now.",
                       [&waiters] { return static_cast<double>(waiters.size()); });
  memory.OnChange([&waiters](const std::string& key) { waiters.Wake(key); });
}

void AdmissionHandler::Handle(http::ServerRequest&& request, http::Responder respond) {
  const auto start = steady_clock::now();
  ReviewReading reading = ReadReview(request.body);
  request.DropBody();
  if (!reading.request) return RefuseReview(reading.problem, std::move(respond));

  auto admission = std::make_shared<Admission>();
  admission->request = *std::move(reading.request);
  admission->start = start;
  admission->respond = std::move(respond);
  admission->budget = BudgetOf(request);
  Start(admission);
}

void AdmissionHandler::Start(const std::shared_ptr<Admission>& admission) {
  const ReviewRequest& review = admission->request;
  if (review.subject == Subject::kNothing) {
    return Finish(*admission, AllowWithNote(review.uid, "nothing to judge"), "nothing");
  }
  if (review.deleting) {
    return Finish(*admission, AllowWithNote(review.uid, "is being deleted"), "nothing");
  }
  admission->unreadable = review.unreadable;
  admission->images = ImagesToJudge(review);
  if (admission->images.empty() && admission->unreadable.empty()) {
    return Finish(*admission, AllowWithNote(review.uid, "no new image"), "nothing");
  }
  admission->credentials = CredentialsOf(review);
  if (review.subject == Subject::kWorkload) {
    admission->manner = Manner::kWarnOnly;
    admission->note = "workload: its pods are judged when they are made";
  } else if (review.IsMirrorPodOfANode()) {
    admission->manner = Manner::kWarnOnly;
    admission->note = "mirror pod: the kubelet runs it whatever is answered";
  }
  if (review.dry_run) admission->note = "dry run: judged from memory, nothing was asked";
  if (admission->images.size() > kMaxDistinctImages) {
    admission->unreadable = "it has " + std::to_string(admission->images.size()) +
                            " distinct images, at most " + std::to_string(kMaxDistinctImages) +
                            " are judged";
  }
  const bool waits = admission->manner == Manner::kJudge && !review.dry_run;
  if (!waits) admission->budget = milliseconds(0);
  Judge(admission);
}

void AdmissionHandler::Judge(const std::shared_ptr<Admission>& admission) {
  const std::uint64_t epoch = waiters_.Epoch();
  if (WaitForNamespace(admission, epoch)) return;
  if (!admission->unreadable.empty()) return FinishUnreadable(*admission);
  std::vector<std::string> keys;
  Facts facts = Gather(*admission, keys);
  Decision decision = Decide(facts);
  if (!admission->request.dry_run) Ask(*admission, facts, decision);
  if (decision.pending && WaitFor(admission, decision, keys, epoch)) return;
  if (decision.pending) {
    // No room to wait: as at the deadline.
    waiters_full_.Add();
    facts.budget = milliseconds(0);
    decision = Decide(facts);
  }
  ReviewAnswer answer =
      MakeAnswer(admission->request, facts, decision, admission->manner, admission->note);
  Finish(*admission, std::move(answer), ReasonOf(decision));
}

Facts AdmissionHandler::Gather(const Admission& admission,
                               std::vector<std::string>& wait_keys) const {
  Facts facts;
  facts.now = clock_.Now();
  facts.elapsed = admission.Elapsed();
  facts.budget = admission.budget;
  facts.policies = PoliciesFor(memory_, admission.request.ns);
  facts.images = admission.images;
  if (facts.policies.empty()) return facts;
  for (ImageFacts& image : facts.images) GatherImage(admission, image, wait_keys);
  return facts;
}

void AdmissionHandler::GatherImage(const Admission& admission, ImageFacts& image,
                                   std::vector<std::string>& wait_keys) const {
  if (!image.reference) return;
  const std::string ensure_key = EnsureKey(admission.credentials, image.reference->ToString());
  if (const auto last = memory_.LastEnsured(ensure_key)) {
    const auto now = steady_clock::now();
    if (!image.digest && last->digest && now - last->at < kResolutionLifetime) {
      image.digest = last->digest;
    }
    // A failure counts where it is the answer to this request's question, or is just as fresh.
    if (last->failure && last->at + kFreshFailure > admission.start) image.failure = last->failure;
  }
  if (!image.digest || image.failure) wait_keys.push_back(ensure_key);
  if (!image.digest) return;
  const std::string name = resources::ScanName(*image.digest);
  image.scan = memory_.Scan(name);
  wait_keys.push_back(ScanKey(name));
  wait_keys.push_back(ensure_key);
}

void AdmissionHandler::Ask(Admission& admission, const Facts& facts, const Decision& decision) {
  std::vector<std::string> references;
  const auto now = steady_clock::now();
  for (const ImageDecision& image : decision.images) {
    const ImageFacts& about = facts.images[image.image];
    if (!image.ask || !about.reference) continue;
    const std::string reference = about.reference->ToString();
    if (!admission.asked.insert(reference).second) continue;
    const auto last = memory_.LastEnsured(EnsureKey(admission.credentials, reference));
    const bool fresh = last && now - last->at < (last->failure ? kFreshFailure : kFreshAnswer);
    if (!fresh) references.push_back(reference);
  }
  if (!references.empty()) ensurer_.Ask(admission.credentials, references);
}

bool AdmissionHandler::WaitFor(const std::shared_ptr<Admission>& admission,
                               const Decision& decision, const std::vector<std::string>& keys,
                               std::uint64_t epoch) {
  const bool waits = waiters_.Add(keys, admission->start + decision.decide_again, epoch,
                                  [this, admission] { Judge(admission); });
  if (waits && !std::exchange(admission->waited, true)) waited_.Add();
  return waits;
}

bool AdmissionHandler::WaitForNamespace(const std::shared_ptr<Admission>& admission,
                                        std::uint64_t epoch) {
  if (admission->namespace_waited || admission->budget == milliseconds(0)) return false;
  if (memory_.NamespaceLabels(admission->request.ns)) return false;
  const auto until = admission->start + std::min(kNamespaceWait, admission->budget);
  if (steady_clock::now() >= until) {
    admission->namespace_waited = true;
    return false;
  }
  return waiters_.Add({NamespaceKey(admission->request.ns)}, until, epoch,
                      [this, admission] { Judge(admission); });
}

void AdmissionHandler::FinishUnreadable(Admission& admission) {
  const std::string& uid = admission.request.uid;
  const std::string why = text::Printable(admission.unreadable);
  const auto policies = PoliciesFor(memory_, admission.request.ns);
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

void AdmissionHandler::RefuseReview(const ReviewProblem& problem, http::Responder respond) {
  Count("error", "malformed");
  const std::string why = text::Printable(problem.error.message);
  log::Warn("review refused", {{"uid", text::Printable(problem.uid)}, {"error", why}});
  if (problem.uid.empty()) return respond(http::TextResponse(400, "bad request: " + why + "\n"));
  respond({.status = 400, .body = WriteReview(DenyUnreadable(problem.uid, why))});
}

}  // namespace landwaiter::webhook
