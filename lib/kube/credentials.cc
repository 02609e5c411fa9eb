#include "lib/kube/credentials.h"

#include <algorithm>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::kube {
namespace {
constexpr std::size_t kMaxTokenBytes = 64u << 10;
constexpr std::chrono::seconds kRereadAfter{1};
}  // namespace

TokenSource::TokenSource(const ClusterConfig& config)
    : file_(config.token_file), token_(config.token) {}

Secret TokenSource::Token() {
  const std::lock_guard lock(mutex_);
  if (file_.empty()) return token_;
  const auto now = std::chrono::steady_clock::now();
  if (read_ && now - read_at_ < kRereadAfter) return token_;
  // The file is small and local; a lock around this read keeps two threads from reading it twice.
  if (auto bytes = ReadFile(file_, kMaxTokenBytes)) {
    const auto token = text::Trim(*bytes);
    if (!token.empty()) token_ = Secret(std::string(token));
  }
  read_ = true;
  read_at_ = now;
  return token_;
}

void TokenSource::Expire() {
  const std::lock_guard lock(mutex_);
  read_ = false;
}

WriteLimiter::WriteLimiter(double per_second, double burst)
    : per_second_(per_second), burst_(burst), tokens_(burst) {}

std::chrono::milliseconds WriteLimiter::Take(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (at_ != SteadyTime{}) {
    const double passed = std::chrono::duration<double>(now - at_).count();
    tokens_ = std::min(burst_, tokens_ + std::max(0.0, passed) * per_second_);
  }
  at_ = now;
  tokens_ -= 1;
  if (tokens_ >= 0) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(static_cast<std::int64_t>(-tokens_ / per_second_ * 1000) + 1);
}

}  // namespace landwaiter::kube
