// POST /mutate: puts the scan gate on new pods whose verdict is not in, where a policy says Hold,
// and the digest behind the tag, where a policy says pinDigests. It never denies; the validating
// webhook sees what came of it.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lib/base/metrics.h"
#include "lib/http/server.h"
#include "webhook/deliberation.h"
#include "webhook/review.h"

namespace landwaiter::webhook {

class MutationHandler {
 public:
  struct Options {
    bool hold = false;         // else no gate is put on
    bool pin_digests = false;  // else no name is changed
  };
  /// `deliberation`, `memory` and `registry` outlive the handler.
  MutationHandler(Deliberation& deliberation, const Memory& memory, const Options& options,
                  metrics::Registry& registry);

  void Handle(http::ServerRequest&& request, http::Responder respond);

 private:
  struct Mutation;  // one request on its way

  void Start(const std::shared_ptr<Mutation>& mutation, std::chrono::milliseconds budget);
  bool CanHold(const ReviewRequest& review) const;
  void Answer(Mutation& mutation, const Facts& facts, const Decision& decision);
  void AddPins(const ReviewRequest& review, const Facts& facts, nlohmann::json& patch) const;
  void Finish(Mutation& mutation, const ReviewAnswer& answer, bool held = false,
              bool pinned = false);

  Deliberation& deliberation_;
  const Memory& memory_;
  const Options options_;
  metrics::Counter& held_;
  metrics::Counter& pinned_;
  metrics::Counter& unchanged_;
  metrics::Counter& malformed_;
  metrics::Histogram& duration_;
};

}  // namespace landwaiter::webhook
