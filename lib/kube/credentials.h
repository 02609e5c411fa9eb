// The bearer token of a ClusterConfig: from a file it is read anew when the file changes (the
// kubelet renews mounted tokens by swapping a link), at most once a second.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "lib/base/secret.h"
#include "lib/kube/config.h"

namespace landwaiter::kube {

/// Thread-safe.
class TokenSource {
 public:
  explicit TokenSource(const ClusterConfig& config);
  /// Empty where the configuration has no token. While the file cannot be read the last token is
  /// given (a renewal may be half done).
  Secret Token();
  /// The next Token() reads the file whatever its age: the server refused the last one.
  void Expire();

 private:
  std::mutex mutex_;
  const std::string file_;
  Secret token_;
  std::chrono::steady_clock::time_point read_at_{};
  bool read_ = false;
};

/// A token bucket for writes; the wait is told, not taken.
class WriteLimiter {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  WriteLimiter(double per_second, double burst);
  /// Takes one permit and says how long to wait before using it.
  std::chrono::milliseconds Take(SteadyTime now);

 private:
  std::mutex mutex_;
  const double per_second_;
  const double burst_;
  double tokens_;  // negative: promised to those who wait
  SteadyTime at_{};
};

}  // namespace landwaiter::kube
