// POST /validate: has a review's images decided and answers. One object for the role; thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/metrics.h"
#include "lib/http/server.h"
#include "webhook/deliberation.h"
#include "webhook/messages.h"
#include "webhook/review.h"

namespace landwaiter::webhook {

struct AdmissionOptions {
  /// Pods wait behind the scan gate where a policy says Hold: the mutating webhook puts it on, and
  /// the controller takes it off.
  bool hold = false;
  bool pin_digests = false;
  /// The controller is told whose pods are denied for want of a verdict, so that it can nudge them.
  bool nudge = false;
  /// Who may take it off.
  std::string controller_user = "system:serviceaccount:landwaiter:controller";
};

class AdmissionHandler {
 public:
  /// `deliberation`, `ensurer` and `registry` outlive the handler.
  AdmissionHandler(Deliberation& deliberation, Ensurer& ensurer, AdmissionOptions options,
                   metrics::Registry& registry);

  void Handle(http::ServerRequest&& request, http::Responder respond);

 private:
  struct Admission;  // one request on its way

  void Start(const std::shared_ptr<Admission>& admission, std::chrono::milliseconds budget);
  void Describe(Admission& admission, std::size_t images) const;
  admission::Holding HoldingOf(const ReviewRequest& review) const;
  void Answer(Admission& admission, const Facts& facts, const Decision& decision);
  void TellOfDenial(const ReviewRequest& review, const Facts& facts, const Decision& decision);
  void AnswerUnreadable(Admission& admission, const PolicyList& policies);
  void Finish(Admission& admission, ReviewAnswer answer, std::string_view reason);
  void Count(std::string_view verdict, std::string_view reason);

  Deliberation& deliberation_;
  Ensurer& ensurer_;
  const AdmissionOptions options_;
  /// By verdict and reason, from two closed sets.
  std::map<std::pair<std::string_view, std::string_view>, metrics::Counter*> requests_;
  metrics::Histogram& duration_;
};

}  // namespace landwaiter::webhook
