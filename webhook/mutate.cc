#include "webhook/mutate.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "policy/evaluate.h"
#include "webhook/messages.h"

namespace landwaiter::webhook {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

metrics::Counter& MutationCounter(metrics::Registry& registry, const char* result) {
  return registry.AddCounter("landwaiter_mutation_requests_total",
                             "Requests of the mutating webhook by what was changed.",
                             {{"result", result}});
}

/// RFC 6902: a list that is not there is made, one that is there grows at its end.
json GatePatch(const resources::PodImages& pod) {
  const json gate{{"name", resources::kScanGate}};
  if (pod.has_gates) {
    return {{"op", "add"}, {"path", "/spec/schedulingGates/-"}, {"value", gate}};
  }
  return {{"op", "add"}, {"path", "/spec/schedulingGates"}, {"value", json::array({gate})}};
}

std::string HeldImages(const Facts& facts, const Decision& decision) {
  std::string out;
  for (const auto& image : decision.images) {
    if (!image.held) continue;
    out += (out.empty() ? "" : ", ") + facts.images[image.image].written;
  }
  return text::Truncate(text::Printable(out), kMaxAnnotationBytes);
}

/// As the pod has it, with the digest behind the tag; "" where it has one already.
std::string PinnedName(const ImageFacts& image) {
  if (!image.reference || !image.digest || image.reference->digest) return {};
  // What stood for a tag that was not written is written, so that it can still be read.
  const char* tag = image.reference->tag_defaulted ? ":latest" : "";
  return image.written + tag + "@" + image.digest->ToString();
}

bool IsToBePinned(const PolicyList& policies, const ImageFacts& image) {
  if (!image.reference || image.reference->digest) return false;
  return std::any_of(policies.begin(), policies.end(), [&](const auto& policy) {
    return policy->pin_digests && policy::NeedsScan(*policy) &&
           policy::MatchesImage(*policy, *image.reference);
  });
}

/// A pull by digest has no tag: rules, exclusions and exceptions for tags would not see what they
/// are for. Such a name stays as it is written, and is judged so.
std::string PinFor(const Memory& memory, const std::string& ns, const Facts& facts,
                   const ImageFacts& image) {
  if (!IsToBePinned(facts.policies, image)) return {};
  const std::string name = PinnedName(image);
  const auto pinned = ImageReference::Parse(name);
  if (!pinned) return {};  // longer than a reference may be
  const auto policies = memory.Policies();
  const auto labels = memory.NamespaceLabels(ns);
  const bool same = std::all_of(policies->begin(), policies->end(), [&](const auto& policy) {
    const bool elsewhere = labels && !policy::MatchesNamespace(*policy, *labels);
    return elsewhere || policy::SaysTheSameOf(*policy, *image.reference, *pinned, ns, facts.now);
  });
  return same ? name : std::string();
}

/// A pod whose image nobody waits for is answered at once: the other door waits. What is to be
/// pinned is waited for until its digest is known.
bool NobodyWaits(const Facts& facts, const Decision& decision, bool pin) {
  if (decision.held) return false;
  if (!pin) return true;
  return std::none_of(facts.images.begin(), facts.images.end(), [&](const ImageFacts& image) {
    return !image.digest && !image.failure && IsToBePinned(facts.policies, image);
  });
}

}  // namespace

struct MutationHandler::Mutation {
  ReviewRequest request;
  steady_clock::time_point start;
  http::Responder respond;
};

MutationHandler::MutationHandler(Deliberation& deliberation, const Memory& memory,
                                 const Options& options, metrics::Registry& registry)
    : deliberation_(deliberation),
      memory_(memory),
      options_(options),
      held_(MutationCounter(registry, "held")),
      pinned_(MutationCounter(registry, "pinned")),
      unchanged_(MutationCounter(registry, "unchanged")),
      malformed_(MutationCounter(registry, "malformed")),
      duration_(registry.AddHistogram("landwaiter_mutation_duration_seconds",
                                      "From the whole review to its answer, waiting included.",
                                      metrics::SecondsBounds())) {}

void MutationHandler::Handle(http::ServerRequest&& request, http::Responder respond) {
  const auto start = steady_clock::now();
  ReviewReading reading = ReadReview(request.body);
  request.DropBody();
  if (!reading.request) {
    malformed_.Add();
    return RefuseReview(reading.problem, std::move(respond));
  }
  auto mutation = std::make_shared<Mutation>();
  mutation->request = *std::move(reading.request);
  mutation->start = start;
  mutation->respond = std::move(respond);
  Start(mutation, BudgetOf(request));
}

/// A gate cannot be put on later, nor where the node is chosen already.
bool MutationHandler::CanHold(const ReviewRequest& review) const {
  return options_.hold && review.operation == "CREATE" && review.subresource.empty() &&
         review.object.node_name.empty();
}

void MutationHandler::Start(const std::shared_ptr<Mutation>& mutation,
                            std::chrono::milliseconds budget) {
  const ReviewRequest& review = mutation->request;
  // A mirror pod is a picture of one that runs already.
  const bool changeable = review.subject == Subject::kPod && !review.deleting &&
                          review.unreadable.empty() && !review.object.mirror;
  if (!changeable) return Finish(*mutation, AllowWithNote(review.uid, "nothing to change"));
  std::vector<ImageFacts> images = ImagesToJudge(review);
  if (images.empty() || images.size() > kMaxDistinctImages) {
    return Finish(*mutation, AllowWithNote(review.uid, "nothing to change"));
  }
  const bool can_hold = CanHold(review);
  auto question = std::make_shared<Question>(Question{
      .ns = review.ns,
      .images = std::move(images),
      .credentials = CredentialsOf(review),
      .start = mutation->start,
      .budget = review.dry_run ? std::chrono::milliseconds(0) : budget,
      .holding = can_hold ? admission::Holding::kCan : admission::Holding::kNo,
      .may_ask = !review.dry_run,
      .concerns =
          [can_hold, pin = options_.pin_digests](const policy::ScanPolicy& policy) {
            return (pin && policy.pin_digests) || (can_hold && policy.holds);
          },
      .settled = [pin = options_.pin_digests](
                     const Facts& facts,
                     const Decision& decision) { return NobodyWaits(facts, decision, pin); },
      .answer = [this, mutation](
                    const Facts& facts,
                    const Decision& decision) { Answer(*mutation, facts, decision); }});
  deliberation_.Begin(question);
}

void MutationHandler::Answer(Mutation& mutation, const Facts& facts, const Decision& decision) {
  const ReviewRequest& review = mutation.request;
  ReviewAnswer answer;
  answer.uid = review.uid;
  json patch = json::array();
  if (decision.held && !review.object.scan_gate) {
    patch.push_back(GatePatch(review.object));
    answer.audit_annotations["held"] = HeldImages(facts, decision);
  }
  const std::size_t gates = patch.size();
  AddPins(review, facts, patch);
  if (patch.size() > gates)
    answer.audit_annotations["pinned"] = std::to_string(patch.size() - gates);
  if (!patch.empty()) answer.patch = DumpJson(patch);
  Finish(mutation, answer, gates > 0, patch.size() > gates);
}

void MutationHandler::AddPins(const ReviewRequest& review, const Facts& facts, json& patch) const {
  if (!options_.pin_digests) return;
  std::map<std::string, std::string> pins;  // as written → with its digest
  for (const ImageFacts& image : facts.images) {
    std::string pin = PinFor(memory_, review.ns, facts, image);
    if (!pin.empty()) pins.emplace(image.written, std::move(pin));
  }
  // facts has the images that the old object did not have; of those every place is pinned.
  for (const resources::PodImage& image : review.object.images) {
    const auto pin = pins.find(image.reference);
    if (pin == pins.end()) continue;
    patch.push_back(
        {{"op", "replace"}, {"path", resources::PointerTo(image)}, {"value", pin->second}});
  }
}

void MutationHandler::Finish(Mutation& mutation, const ReviewAnswer& answer, bool held,
                             bool pinned) {
  if (!mutation.request.dry_run) {
    if (held) held_.Add();
    if (pinned) pinned_.Add();
    if (!held && !pinned) unchanged_.Add();
    const std::chrono::duration<double> took = steady_clock::now() - mutation.start;
    duration_.Observe(took.count());
  }
  mutation.respond({.body = WriteReview(answer)});
}

}  // namespace landwaiter::webhook
