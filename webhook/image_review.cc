#include "webhook/image_review.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "webhook/messages.h"

namespace landwaiter::webhook {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

constexpr const char* kApiVersion = "imagepolicy.k8s.io/v1alpha1";
constexpr std::size_t kMaxImages = 10'000;
constexpr std::size_t kMaxDepth = 16;  // a review has five levels

metrics::Counter& ReviewCounter(metrics::Registry& registry, const char* verdict) {
  return registry.AddCounter("landwaiter_image_reviews_total", "ImageReviews by answer.",
                             {{"verdict", verdict}});
}

Status CheckKind(const json& review) {
  std::string version;
  std::string kind;
  JsonFields fields(review, "ImageReview");
  fields.String("apiVersion", version);
  fields.String("kind", kind);
  if (version != kApiVersion || kind != "ImageReview") {
    fields.Fail("kind", "expected ImageReview of " + std::string(kApiVersion));
  }
  return fields.Done();
}

std::string WriteAnswer(const ReviewAnswer& answer) {
  json status = {{"allowed", answer.allowed}};
  if (!answer.allowed) status["reason"] = answer.message;
  if (!answer.audit_annotations.empty()) status["auditAnnotations"] = answer.audit_annotations;
  return DumpJson({{"apiVersion", kApiVersion},
                   {"kind", "ImageReview"},
                   {"spec", json::object()},
                   {"status", std::move(status)}});
}

/// An update asks about all images of a pod that runs, and nothing tells it from a creation: what
/// the namespace runs already is no news. A scan whose images have not been judged says nothing.
bool RunsAlready(const ImageFacts& image, const std::string& ns) {
  if (!image.scan || image.scan->status.scanned_at.empty()) return false;
  const auto& namespaces = image.scan->status.used_by_namespaces;
  return std::find(namespaces.begin(), namespaces.end(), ns) != namespaces.end();
}

}  // namespace

Result<ImageReviewRequest> ReadImageReview(std::string_view body) {
  auto review = ParseJson(
      body,
      {.max_bytes = kMaxImageReviewBytes, .max_depth = kMaxDepth, .max_values = kMaxReviewValues});
  if (!review) return std::move(review).error().Context("body");
  if (!review->is_object()) return InvalidArgument("body: expected an ImageReview object");
  if (Status kind = CheckKind(*review); !kind) return std::move(kind).error();
  ImageReviewRequest request;
  std::unordered_set<std::string> seen;
  JsonFields fields(*review, "");
  if (!fields.Has("spec")) fields.Fail("spec", "is missing");
  fields.Object("spec", [&](JsonFields& spec) {
    spec.String("namespace", request.ns);
    spec.Objects("containers", kMaxImages, [&](JsonFields& container) {
      std::string image;
      container.String("image", image);
      if (!image.empty() && seen.insert(image).second) request.images.push_back(std::move(image));
      return container.Done();
    });
    return spec.Done();
  });
  if (Status done = fields.Done(); !done) return std::move(done).error();
  return request;
}

struct ImageReviewHandler::Review {
  std::string ns;
  std::size_t images = 0;
  http::Responder respond;
};

ImageReviewHandler::ImageReviewHandler(Deliberation& deliberation, ImageReviewOptions options,
                                       metrics::Registry& registry)
    : deliberation_(deliberation),
      options_(std::move(options)),
      allowed_(ReviewCounter(registry, "allow")),
      denied_(ReviewCounter(registry, "deny")),
      malformed_(ReviewCounter(registry, "malformed")) {}

void ImageReviewHandler::Handle(http::ServerRequest&& request, http::Responder respond) {
  const auto start = steady_clock::now();
  auto read = ReadImageReview(request.body);
  request.DropBody();
  if (!read) {
    malformed_.Add();
    const std::string why = text::Printable(read.error().message);
    log::Warn("image review refused", {{"error", why}});
    return respond(http::TextResponse(400, "bad request: " + why + "\n"));
  }
  auto review = std::make_shared<Review>();
  review->ns = read->ns;
  review->images = read->images.size();
  review->respond = std::move(respond);
  const auto& excluded = options_.excluded_namespaces;
  if (std::find(excluded.begin(), excluded.end(), read->ns) != excluded.end()) {
    allowed_.Add();
    return review->respond({.body = WriteAnswer(AllowWithNote("", "the namespace is excluded"))});
  }
  auto question = std::make_shared<Question>(
      Question{.ns = read->ns,
               .images = {},
               .credentials = {read->ns, "default", {}},
               .start = start,
               .budget = BudgetOf(request),
               .answer = [this, review](const Facts& facts, const Decision& decision) {
                 Answer(*review, facts, decision);
               }});
  if (read->images.size() <= kMaxDistinctImages) {
    for (auto& image : read->images) {
      question->images.push_back(admission::FactsOfReference(std::move(image), ""));
    }
  }
  deliberation_.Begin(question);
}

void ImageReviewHandler::Answer(Review& review, const Facts& facts, const Decision& decision) {
  ReviewAnswer answer = MakeAnswer({}, facts, decision, Manner::kJudge, "");
  if (review.images > kMaxDistinctImages && !facts.policies.empty()) {
    answer = DenyUnreadable("", "it has " + std::to_string(review.images) +
                                    " distinct images, at most " +
                                    std::to_string(kMaxDistinctImages) + " are judged");
  } else if (!answer.allowed) {
    const bool all_run = std::all_of(
        decision.images.begin(), decision.images.end(), [&](const ImageDecision& image) {
          // A denial of one ends the wait for the others: those are not judged yet.
          const bool in_question = image.action == Action::kDeny || image.pending;
          return !in_question || RunsAlready(facts.images[image.image], review.ns);
        });
    if (all_run) {
      answer.allowed = true;
      answer.audit_annotations["verdict"] = ActionName(Action::kWarn);
      answer.audit_annotations["running"] = "a pod of the namespace runs what would be denied";
    }
  }
  (answer.allowed ? allowed_ : denied_).Add();
  if (!answer.allowed) {
    log::Info("image review denied", {{"namespace", text::Printable(review.ns)}});
  }
  review.respond({.body = WriteAnswer(answer)});
}

}  // namespace landwaiter::webhook
