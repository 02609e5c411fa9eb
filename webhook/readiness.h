// What /readyz says over the role's life: a Service sends requests to a webhook that answers them
// and to no other.
#pragma once

#include <atomic>
#include <string>

namespace landwaiter::webhook {

/// Thread-safe.
class Readiness {
 public:
  /// The listener is up.
  void Serve() { phase_ = Phase::kServing; }
  /// New requests are for the other replicas, from now on.
  void Drain() { phase_ = Phase::kDraining; }
  /// "" when ready; `missing` is what the informers have not listed yet, or "".
  std::string NotReady(const std::string& missing) const {
    switch (phase_.load()) {
      case Phase::kStarting:
        return missing.empty() ? "the admission server does not listen yet" : missing;
      case Phase::kServing:
        return missing;
      case Phase::kDraining:
        break;
    }
    return "is stopping: what is in hand is answered, nothing new is wanted";
  }

 private:
  enum class Phase { kStarting, kServing, kDraining };
  std::atomic<Phase> phase_{Phase::kStarting};
};

}  // namespace landwaiter::webhook
