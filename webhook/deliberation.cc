#include "webhook/deliberation.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "policy/evaluate.h"
#include "webhook/messages.h"

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

std::string WhereOf(const resources::PodImage& image) {
  return std::string(resources::ContainerKindName(image.kind)) + " " + image.container;
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

}  // namespace

milliseconds BudgetOf(const http::ServerRequest& request) {
  milliseconds timeout = kDefaultTimeout;
  if (const auto text = request.QueryValue("timeout")) {
    if (auto parsed = ParseDuration(*text)) timeout = *parsed;
  }
  timeout = std::min<milliseconds>(timeout, kLongestTimeout);
  return std::max<milliseconds>(timeout - kAnswerMargin, milliseconds(0));
}

std::vector<ImageFacts> ImagesToJudge(const ReviewRequest& request) {
  const std::set<std::string> old(request.old_references.begin(), request.old_references.end());
  std::unordered_map<std::string, std::size_t> seen;
  std::vector<ImageFacts> out;
  for (const resources::PodImage& image : request.object.images) {
    if (old.contains(image.reference)) continue;
    // A template's "auto" is a mark for a sidecar injector, which puts a real image in its place.
    if (request.subject == Subject::kWorkload && image.reference == "auto") continue;
    if (!seen.emplace(image.reference, out.size()).second) continue;
    out.push_back(admission::FactsOfReference(image.reference, WhereOf(image)));
  }
  return out;
}

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

void RefuseReview(const ReviewProblem& problem, http::Responder respond) {
  const std::string why = text::Printable(problem.error.message);
  log::Warn("review refused", {{"uid", text::Printable(problem.uid)}, {"error", why}});
  if (problem.uid.empty()) return respond(http::TextResponse(400, "bad request: " + why + "\n"));
  respond({.status = 400, .body = WriteReview(DenyUnreadable(problem.uid, why))});
}

Deliberation::Deliberation(Memory& memory, Waiters& waiters, Ensurer& ensurer, const Clock& clock,
                           metrics::Registry& registry)
    : memory_(memory),
      waiters_(waiters),
      ensurer_(ensurer),
      clock_(clock),
      waited_(registry.AddCounter("landwaiter_admission_waited_total",
                                  "Requests that waited for a scan.")),
      waiters_full_(registry.AddCounter("landwaiter_admission_waiters_full_total",
                                        "Requests answered at once because too many waited.")) {
  registry.AddCallback("landwaiter_admission_waiting", "Requests that wait for a scan now.",
                       [&waiters] { return static_cast<double>(waiters.size()); });
  memory.OnChange([&waiters](const std::string& key) { waiters.Wake(key); });
}

void Deliberation::Begin(const std::shared_ptr<Question>& question) {
  const std::uint64_t epoch = waiters_.Epoch();
  if (WaitForNamespace(question, epoch)) return;
  std::vector<std::string> keys;
  Facts facts = Gather(*question, keys);
  Decision decision = Decide(facts);
  if (question->may_ask) Ask(*question, facts, decision);
  const bool settled = question->settled && question->settled(facts, decision);
  if (decision.pending && !settled && WaitFor(question, decision, keys, epoch)) return;
  if (decision.pending) {
    // Nobody waits for more, or there is no room to wait: as at the deadline.
    if (!settled) waiters_full_.Add();
    facts.budget = milliseconds(0);
    decision = Decide(facts);
  }
  question->answer(facts, decision);
}

Facts Deliberation::Gather(const Question& question, std::vector<std::string>& wait_keys) const {
  Facts facts;
  facts.ns = question.ns;
  facts.now = clock_.Now();
  facts.elapsed = std::chrono::duration_cast<milliseconds>(steady_clock::now() - question.start);
  facts.budget = question.budget;
  facts.holding = question.holding;
  facts.policies = PoliciesFor(memory_, question.ns);
  if (question.concerns) {
    std::erase_if(facts.policies, [&](const auto& policy) { return !question.concerns(*policy); });
  }
  facts.images = question.images;
  if (facts.policies.empty()) return facts;
  for (ImageFacts& image : facts.images) GatherImage(question, image, wait_keys);
  return facts;
}

void Deliberation::GatherImage(const Question& question, ImageFacts& image,
                               std::vector<std::string>& wait_keys) const {
  if (!image.reference) return;
  const std::string ensure_key = EnsureKey(question.credentials, image.reference->ToString());
  if (const auto last = memory_.LastEnsured(ensure_key)) {
    const auto now = steady_clock::now();
    if (!image.digest && last->digest && now - last->at < kResolutionLifetime) {
      image.digest = last->digest;
    }
    // A failure counts where it is the answer to this request's question, or is just as fresh.
    if (last->failure && last->at + kFreshFailure > question.start) image.failure = last->failure;
  }
  if (!image.digest || image.failure) wait_keys.push_back(ensure_key);
  if (!image.digest) return;
  const std::string name = resources::ScanName(*image.digest);
  image.scan = memory_.Scan(name);
  wait_keys.push_back(ScanKey(name));
  wait_keys.push_back(ensure_key);
}

void Deliberation::Ask(Question& question, const Facts& facts, const Decision& decision) {
  std::vector<std::string> references;
  const auto now = steady_clock::now();
  for (const admission::ImageDecision& image : decision.images) {
    const ImageFacts& about = facts.images[image.image];
    if (!image.ask || !about.reference) continue;
    const std::string reference = about.reference->ToString();
    if (!question.asked.insert(reference).second) continue;
    const auto last = memory_.LastEnsured(EnsureKey(question.credentials, reference));
    const bool fresh = last && now - last->at < (last->failure ? kFreshFailure : kFreshAnswer);
    if (!fresh) references.push_back(reference);
  }
  if (!references.empty()) ensurer_.Ask(question.credentials, references);
}

bool Deliberation::WaitFor(const std::shared_ptr<Question>& question, const Decision& decision,
                           const std::vector<std::string>& keys, std::uint64_t epoch) {
  const bool waits = waiters_.Add(keys, question->start + decision.decide_again, epoch,
                                  [this, question] { Begin(question); });
  if (waits && !std::exchange(question->waited, true)) waited_.Add();
  return waits;
}

bool Deliberation::WaitForNamespace(const std::shared_ptr<Question>& question,
                                    std::uint64_t epoch) {
  if (question->namespace_waited || question->budget == milliseconds(0)) return false;
  if (memory_.NamespaceLabels(question->ns)) return false;
  const auto until = question->start + std::min(kNamespaceWait, question->budget);
  if (steady_clock::now() >= until) {
    question->namespace_waited = true;
    return false;
  }
  return waiters_.Add({NamespaceKey(question->ns)}, until, epoch,
                      [this, question] { Begin(question); });
}

}  // namespace landwaiter::webhook
