// The loop that moves an exchange on, its clocks, and what libcurl's outcomes mean.
#include <stop_token>

#include "lib/base/text.h"
#include "lib/http/transfer.h"

namespace landwaiter::http {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// An upper bound of one wait; nothing depends on it, since libcurl, the deadline, the stall limit
// and a stop request all end a wait by themselves.
constexpr milliseconds kLongestWait{60'000};

}  // namespace

Status Transfer::CheckTime(Clock::time_point now) {
  if (plan_.cancel.Stopped()) return Error{Code::kCancelled, where_ + ": cancelled"};
  if (now >= deadline_) {
    return Error{Code::kDeadlineExceeded, where_ + ": not finished within its time"};
  }
  const milliseconds stall = plan_.request.stall_timeout;
  if (connected_ && stall.count() > 0 && now - last_progress_ >= stall) {
    return Error{Code::kDeadlineExceeded,
                 where_ + ": the server sent nothing for " + std::to_string(stall.count()) + " ms"};
  }
  return Ok();
}

milliseconds Transfer::LongestWait(Clock::time_point now) const {
  milliseconds wait = kLongestWait;
  const auto until = [&](Clock::time_point then) {
    const auto left = std::chrono::ceil<milliseconds>(then - now);
    if (left < wait) wait = std::max(left, milliseconds(0));
  };
  if (deadline_ != Clock::time_point::max()) until(deadline_);
  const milliseconds stall = plan_.request.stall_timeout;
  if (stall.count() > 0) until(last_progress_ + stall);
  return std::max(wait, milliseconds(1));
}

Status Transfer::Drive(const std::function<bool()>& ready) {
  CURLM* multi = session_->multi.get();
  const std::stop_callback wake(plan_.cancel.stop, [multi] { curl_multi_wakeup(multi); });
  while (!failure_ && !done_ && !ready()) {
    int running = 0;
    const CURLMcode moved = curl_multi_perform(multi, &running);
    if (moved != CURLM_OK) {
      Fail(Internal(where_ + ": " + curl_multi_strerror(moved)));
      break;
    }
    TakeOutcome();
    if (failure_ || done_ || ready()) break;
    const auto now = Clock::now();
    if (auto status = CheckTime(now); !status) {
      Fail(std::move(status).error());
      break;
    }
    curl_multi_poll(multi, nullptr, 0, static_cast<int>(LongestWait(now).count()), nullptr);
  }
  if (failure_) return *failure_;
  return Ok();
}

void Transfer::TakeOutcome() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(session_->multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    done_ = true;
    outcome_ = message->data.result;
  }
  if (done_ && outcome_ != CURLE_OK) Fail(OutcomeError(outcome_));
}

Error Transfer::OutcomeError(CURLcode code) const {
  const std::string why =
      where_ + ": " +
      text::Printable(curl_message_[0] != '\0' ? curl_message_ : curl_easy_strerror(code));
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      if (refused_) return Error(*refused_).Context(where_);
      return Unavailable(why);
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::kDeadlineExceeded, why};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return {Code::kUnauthenticated, why, "CertificateRefused"};
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_URL_MALFORMAT:
      return InvalidArgument(why);
    case CURLE_OUT_OF_MEMORY:
      // libcurl's answer to a header line above its own 100 KB.
      if (!head_done_) {
        return {Code::kResourceExhausted, where_ + ": the response's headers are above 64 KiB",
                "TooLarge"};
      }
      return ResourceExhausted(why);
    default:
      return Unavailable(why);
  }
}

}  // namespace landwaiter::http
