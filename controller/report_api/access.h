// Who asks, and what may they see. A bearer token is checked by the API server (TokenReview,
// authentication.k8s.io/v1), a right by it too (SubjectAccessReview, authorization.k8s.io/v1): the
// report API has no users, tokens or rights of its own.
//
// Answers are kept for a short time, by a keyed hash of the token, which itself is kept nowhere. A
// right that was taken away, or a token that was revoked, may count for kKept longer.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"
#include "lib/kube/api.h"

namespace landwaiter::controller::report_api {

/// As the TokenReview says; SubjectAccessReviews are asked with all of it.
struct Caller {
  std::string name;
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

/// A right on landwaiter.io, cluster-wide: the resources are.
struct Right {
  std::string_view verb;    // "get", "list", "create"
  std::string_view plural;  // "imagescans", "scanpolicies"
};

/// A bucket for each key, of a bounded number of them. Thread-safe.
class RateLimiter {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  RateLimiter(double per_second, double burst) : per_second_(per_second), burst_(burst) {}
  bool Take(const std::string& key, SteadyTime now);

 private:
  struct Bucket {
    double tokens = 0;
    SteadyTime at{};
  };
  const double per_second_;
  const double burst_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

struct AccessOptions {
  /// Of the tokens; empty: the API server's own.
  std::vector<std::string> audiences = {};
  std::chrono::milliseconds kept{30'000};
  std::chrono::milliseconds refused_kept{10'000};
  std::size_t max_kept = 4096;  // of each kind
  /// Questions to the API server about tokens that are not known: a flood of bad ones is stopped
  /// here, and whoever is known already goes on.
  double reviews_per_second = 20;
  double review_burst = 100;
  /// std::chrono::steady_clock::now, or a test's.
  std::function<std::chrono::steady_clock::time_point()> now = {};
};

/// Thread-safe.
class Access {
 public:
  /// `api` with the rights to create tokenreviews and subjectaccessreviews; it outlives this.
  Access(kube::Api& api, AccessOptions options);

  /// Errors: Unauthenticated (no token, or one that the API server does not take),
  /// ResourceExhausted (too many questions), those of the API.
  Result<Caller> Authenticate(const Secret& token, const Cancellation& cancel);
  /// Errors: PermissionDenied naming the right, those of the API.
  Status Check(const Caller& caller, const Right& right, const Cancellation& cancel);
  /// By which answers are kept and turns are taken; says nothing of the token.
  std::string KeyOf(const Secret& token) const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  template <class T>
  struct Kept {
    T value;
    SteadyTime until{};
  };
  template <class T>
  using KeptMap = std::unordered_map<std::string, Kept<T>>;

  SteadyTime Now() const;
  template <class T>
  std::optional<T> Find(KeptMap<T>& map, const std::string& key);
  template <class T>
  void Keep(KeptMap<T>& map, const std::string& key, T value, std::chrono::milliseconds time);

  kube::Api& api_;
  const AccessOptions options_;
  const std::string salt_;
  RateLimiter reviews_;
  std::mutex mutex_;
  KeptMap<std::optional<Caller>> callers_;  // nullopt: refused
  KeptMap<bool> rights_;
};

/// The token of an "Authorization: Bearer …" (RFC 6750, section 2.1). Errors: Unauthenticated.
Result<Secret> BearerToken(std::string_view header);

}  // namespace landwaiter::controller::report_api
