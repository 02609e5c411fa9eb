// POST /validate: gathers what memory knows of a review's images, decides, and answers, asks or
// waits. One object for the role; thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/http/server.h"
#include "webhook/ensurer.h"
#include "webhook/memory.h"
#include "webhook/messages.h"
#include "webhook/review.h"
#include "webhook/waiters.h"

namespace landwaiter::webhook {

/// Beyond it a pod is denied and a workload warned about: no honest one has as many.
inline constexpr std::size_t kMaxDistinctImages = 200;
/// The API server's own default; the webhook's configuration sends the true one in the query.
inline constexpr std::chrono::seconds kDefaultTimeout{10};
/// Kubernetes' own bound on a webhook's timeoutSeconds.
inline constexpr std::chrono::seconds kLongestTimeout{30};
/// Kept for the way back.
inline constexpr std::chrono::seconds kAnswerMargin{1};

class AdmissionHandler {
 public:
  /// All borrowed; they outlive the handler.
  AdmissionHandler(Memory& memory, Waiters& waiters, Ensurer& ensurer, const Clock& clock,
                   metrics::Registry& registry);

  void Handle(http::ServerRequest&& request, http::Responder respond);

 private:
  struct Admission;  // one request on its way

  void Start(const std::shared_ptr<Admission>& admission);
  void Judge(const std::shared_ptr<Admission>& admission);
  Facts Gather(const Admission& admission, std::vector<std::string>& wait_keys) const;
  void GatherImage(const Admission& admission, ImageFacts& image,
                   std::vector<std::string>& wait_keys) const;
  void Ask(Admission& admission, const Facts& facts, const Decision& decision);
  bool WaitFor(const std::shared_ptr<Admission>& admission, const Decision& decision,
               const std::vector<std::string>& keys, std::uint64_t epoch);
  bool WaitForNamespace(const std::shared_ptr<Admission>& admission, std::uint64_t epoch);
  void FinishUnreadable(Admission& admission);
  void Finish(Admission& admission, ReviewAnswer answer, std::string_view reason);
  void Count(std::string_view verdict, std::string_view reason);
  void RefuseReview(const ReviewProblem& problem, http::Responder respond);

  Memory& memory_;
  Waiters& waiters_;
  Ensurer& ensurer_;
  const Clock& clock_;
  /// By verdict and reason, from two closed sets.
  std::map<std::pair<std::string_view, std::string_view>, metrics::Counter*> requests_;
  metrics::Histogram& duration_;
  metrics::Counter& waited_;
  metrics::Counter& waiters_full_;
};

}  // namespace landwaiter::webhook
