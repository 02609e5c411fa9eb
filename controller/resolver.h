// Tag → digest, remembered for a minute per (reference, credential set), failures for 30 s:
// admission.md's rows 5 and 6. Questions for the same reference at the same time are asked once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "lib/base/cancellation.h"
#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "model/image_reference.h"
#include "model/scan_request.h"
#include "resources/ensure.h"

namespace landwaiter::controller {

/// Asks the registry; image::Registry::Resolve in production.
using ResolveFunction = std::function<Result<Digest>(
    const ImageReference&, const std::vector<RegistryCredential>&, const Cancellation&)>;

struct ResolverOptions {
  std::chrono::milliseconds keep{resources::kTagBelievedByController};
  std::chrono::milliseconds keep_failure{std::chrono::seconds(30)};
  std::size_t max_entries = 50'000;
  std::chrono::milliseconds timeout{std::chrono::seconds(20)};
};

/// Thread-safe.
class Resolver {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  Resolver(ResolveFunction resolve, ResolverOptions options)
      : resolve_(std::move(resolve)), options_(options) {}

  /// What the reference means: from memory, else asked. Errors: the registry's, with its reason;
  /// remembered (that there was none in time too), except where the question was cancelled;
  /// DeadlineExceeded where the caller's time is over.
  Result<Digest> Resolve(const ImageReference& image,
                         const std::vector<RegistryCredential>& credentials,
                         const Cancellation& cancel);
  /// The next question is the registry's to answer: somebody who asks by hand means what the tag is
  /// now.
  void Forget(const ImageReference& image, const std::vector<RegistryCredential>& credentials);
  std::size_t size() const;

 private:
  struct Entry {
    std::optional<Digest> digest;
    Error error;
    SteadyTime until;
  };

  std::optional<Result<Digest>> Remembered(const std::string& key);
  void Remember(const std::string& key, const Result<Digest>& answer);

  const ResolveFunction resolve_;
  const ResolverOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> by_age_;  // oldest first; may name entries that are gone
  std::unordered_set<std::string> asked_;
};

}  // namespace landwaiter::controller
