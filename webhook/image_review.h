// POST /image-review: ImageReview, imagepolicy.k8s.io/v1alpha1 (Kubernetes, "Admission Controllers
// Reference", ImagePolicyWebhook): the same decision through the API server's own configuration. It
// says no more than images and a namespace: no user, no pull secrets, no update, no warning. The
// weaker door, for clusters whose API server cannot be given webhooks (docs/admission.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/metrics.h"
#include "lib/base/result.h"
#include "lib/http/server.h"
#include "webhook/deliberation.h"

namespace landwaiter::webhook {

/// 10,000 images of 4 KiB do not fit into a pod; a pod's own bound is etcd's 1.5 MiB.
inline constexpr std::size_t kMaxImageReviewBytes = std::size_t{4} << 20;

struct ImageReviewRequest {
  std::string ns;
  std::vector<std::string> images;  // as written, each once
};
/// Errors: InvalidArgument, ResourceExhausted. Annotations are not read: who writes a pod writes
/// them.
Result<ImageReviewRequest> ReadImageReview(std::string_view body);

struct ImageReviewOptions {
  /// The API server asks about every namespace: these are let in unasked, so that a cluster can
  /// start.
  std::vector<std::string> excluded_namespaces;
};

class ImageReviewHandler {
 public:
  /// `deliberation` and `registry` outlive the handler.
  ImageReviewHandler(Deliberation& deliberation, ImageReviewOptions options,
                     metrics::Registry& registry);

  void Handle(http::ServerRequest&& request, http::Responder respond);

 private:
  struct Review;  // one request on its way

  void Answer(Review& review, const Facts& facts, const Decision& decision);

  Deliberation& deliberation_;
  const ImageReviewOptions options_;
  metrics::Counter& allowed_;
  metrics::Counter& denied_;
  metrics::Counter& malformed_;
};

}  // namespace landwaiter::webhook
