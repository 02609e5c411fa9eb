#include "scanner/image/host_failures.h"

#include "lib/base/text.h"
#include "model/scan_request.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxMessage = 300;  // of one host

int RankOf(const Error& error, bool answered) {
  if (error.reason == scan_reason::kNotFound) return 2;
  // A token realm's refusal is a word, too.
  return answered || error.reason == scan_reason::kPullUnauthorized ? 3 : 1;
}

}  // namespace

void HostFailures::Add(const std::string& host, const Error& error, bool answered) {
  const int rank = RankOf(error, answered);
  if (rank > rank_) {
    best_ = error;
    rank_ = rank;
  }
  all_ += (all_.empty() ? "" : "; ") + host + ": " + text::Truncate(error.message, kMaxMessage);
}

Error HostFailures::Best() const {
  Error error = best_;
  error.message = all_;
  return error;
}

}  // namespace landwaiter::image
