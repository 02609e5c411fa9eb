// One question about images, from what memory knows to its answer: gathers, decides, asks the
// controller, waits without a thread, and decides again when something has become known. Every door
// (validate, mutate, image review) asks its questions here.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "admission/decide.h"
#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/http/server.h"
#include "webhook/ensurer.h"
#include "webhook/memory.h"
#include "webhook/review.h"
#include "webhook/waiters.h"

namespace landwaiter::webhook {

using admission::Decision;
using admission::Facts;
using admission::ImageFacts;

/// Beyond it a pod is denied and a workload warned about: no honest one has as many.
inline constexpr std::size_t kMaxDistinctImages = 200;
/// The API server's own default; the webhook's configuration sends the true one in the query.
inline constexpr std::chrono::seconds kDefaultTimeout{10};
/// Kubernetes' own bound on a webhook's timeoutSeconds.
inline constexpr std::chrono::seconds kLongestTimeout{30};
/// Kept for the way back.
inline constexpr std::chrono::seconds kAnswerMargin{1};

/// How long the request may be waited with: "?timeout=10s", as the API server sends it, less the
/// margin.
std::chrono::milliseconds BudgetOf(const http::ServerRequest& request);

struct Question {
  std::string ns;
  std::vector<ImageFacts> images;  // what is written; the rest is gathered
  CredentialSet credentials;
  SteadyTime start;
  std::chrono::milliseconds budget{0};
  admission::Holding holding = admission::Holding::kNo;
  bool may_ask = true;  // false in a dry run
  /// Policies that are asked; absent: all that hold in the namespace.
  std::function<bool(const policy::ScanPolicy&)> concerns = {};
  /// True where nothing has to be waited for any more; absent: where the decision is not pending.
  std::function<bool(const Facts&, const Decision&)> settled = {};
  /// Called once.
  std::function<void(const Facts&, const Decision&)> answer;

  // Of the deliberation:
  std::set<std::string> asked = {};
  bool namespace_waited = false;
  bool waited = false;
};

/// Thread-safe.
class Deliberation {
 public:
  /// All borrowed; they outlive it.
  Deliberation(Memory& memory, Waiters& waiters, Ensurer& ensurer, const Clock& clock,
               metrics::Registry& registry);

  /// The answer comes on this thread or on the waiters'.
  void Begin(const std::shared_ptr<Question>& question);

 private:
  Facts Gather(const Question& question, std::vector<std::string>& wait_keys) const;
  void GatherImage(const Question& question, ImageFacts& image,
                   std::vector<std::string>& wait_keys) const;
  void Ask(Question& question, const Facts& facts, const Decision& decision);
  bool WaitFor(const std::shared_ptr<Question>& question, const Decision& decision,
               const std::vector<std::string>& keys, std::uint64_t epoch);
  bool WaitForNamespace(const std::shared_ptr<Question>& question, std::uint64_t epoch);

  Memory& memory_;
  Waiters& waiters_;
  Ensurer& ensurer_;
  const Clock& clock_;
  metrics::Counter& waited_;
  metrics::Counter& waiters_full_;
};

/// Answers what cannot be read as a review: 400, with its uid where it has one.
void RefuseReview(const ReviewProblem& problem, http::Responder respond);

/// The distinct images to judge: on an UPDATE only those that the old object did not have.
std::vector<ImageFacts> ImagesToJudge(const ReviewRequest& request);
/// No more names than the controller takes, and none that no Secret can have: the whole question
/// would be refused.
CredentialSet CredentialsOf(const ReviewRequest& request);

}  // namespace landwaiter::webhook
