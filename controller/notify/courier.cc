#include "controller/notify/courier.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "controller/notify/message.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

namespace landwaiter::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxSecretFile = 16u << 10;
constexpr std::size_t kMaxAnswer = 64u << 10;
constexpr std::size_t kAtOnce = 50;
constexpr std::size_t kMostRefused = 950;  // so many are passed by
constexpr milliseconds kIdle{5'000};       // another replica may have queued something
constexpr int kMaxDoublings = 16;

milliseconds WithJitter(milliseconds pause) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> jitter(0, pause.count() / 4);
  return pause - milliseconds(jitter(random));
}

milliseconds RetryAfter(const http::Response* answer) {
  if (answer == nullptr) return milliseconds(0);
  const std::string_view value = text::Trim(answer->HeaderValue("Retry-After"));
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  return whole ? milliseconds(std::int64_t{1000} * seconds) : milliseconds(0);
}

}  // namespace

Delivery DeliveryOf(int status) {
  if (status >= 200 && status < 300) return Delivery::kArrived;
  const bool away = status >= 500 || status == 408 || status == 429;
  return away ? Delivery::kReceiverAway : Delivery::kRefused;
}

milliseconds PauseAfter(int failures, const CourierOptions& options) {
  const auto full = options.first_pause * (1 << std::clamp(failures - 1, 0, kMaxDoublings));
  return std::min<milliseconds>(full, options.longest_pause);
}

std::string SignatureOf(const std::string& key, std::int64_t unix_seconds,
                        const std::string& body) {
  const std::string signed_text = std::to_string(unix_seconds) + "." + body;
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), mac, &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    static constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[mac[i] >> 4];
    hex += kDigits[mac[i] & 15];
  }
  return "t=" + std::to_string(unix_seconds) + ",v1=" + hex;
}

Result<http::Response> Courier::Send(const store::OutboxMessage& message,
                                     const Cancellation& cancel) {
  // Read anew each time: a Secret that was changed counts for the next try.
  auto url = ReadFile(parts_.subscription.url_file, kMaxSecretFile);
  if (!url) return std::move(url).error();
  http::Request request;
  request.method = "POST";
  request.url = std::string(text::Trim(*url));
  request.body = message.document;
  request.timeout = options_.timeout;
  request.max_body_bytes = kMaxAnswer;
  request.headers.push_back({"Content-Type", ContentType(parts_.subscription.format)});
  if (!parts_.subscription.hmac_key_file.empty()) {
    auto key = ReadFile(parts_.subscription.hmac_key_file, kMaxSecretFile);
    if (!key) return std::move(key).error();
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(parts_.clock.Now().time_since_epoch());
    request.headers.push_back(
        {"X-Landwaiter-Signature",
         SignatureOf(std::string(text::Trim(*key)), now.count(), message.document)});
  }
  auto answer = parts_.client.Send(request, cancel);
  if (answer) return answer;
  // A URL may be a secret, and a transport's words may repeat it: the reason is enough.
  Error error{answer.error().code, "the receiver was not reached", answer.error().reason};
  return error;
}

bool Courier::GiveUp(const store::OutboxMessage& message) {
  if (parts_.clock.Now() - message.made < options_.given_up_after) return false;
  if (Status removed = parts_.outbox.Remove(message.box, message.id); !removed) return false;
  tried_.erase(message.id);
  if (parts_.metrics.given_up != nullptr) parts_.metrics.given_up->Add();
  log::Error("message given up: it has not arrived in time",
             {{"subscription", message.box}, {"id", message.id}});
  parts_.on_given_up(message);
  return true;
}

milliseconds Courier::ReceiverAway(const http::Response* answer) {
  ++failures_;
  const auto asked = std::min<milliseconds>(RetryAfter(answer), options_.longest_retry_after);
  return std::max(asked, WithJitter(PauseAfter(failures_, options_)));
}

milliseconds Courier::Round(const Cancellation& cancel) {
  auto waiting = parts_.outbox.Oldest(parts_.subscription.name,
                                      kAtOnce + std::min(tried_.size(), kMostRefused));
  if (!waiting) {
    log::Warn("outbox not read",
              {{"subscription", parts_.subscription.name}, {"error", waiting.error()}});
    return kIdle;
  }
  milliseconds next = kIdle;
  for (const store::OutboxMessage& message : *waiting) {
    if (cancel.Stopped() || !parts_.may_send()) return kIdle;
    if (GiveUp(message)) continue;
    const auto tried = tried_.find(message.id);
    const auto now = steady_clock::now();
    if (tried != tried_.end() && tried->second.again > now) {
      next = std::min(next, std::chrono::ceil<milliseconds>(tried->second.again - now));
      continue;
    }
    auto answer = Send(message, cancel);
    if (cancel.Stopped()) return kIdle;
    const Delivery delivery = answer ? DeliveryOf(answer->status) : Delivery::kReceiverAway;
    if (delivery == Delivery::kArrived) {
      failures_ = 0;
      tried_.erase(message.id);
      if (parts_.metrics.delivered != nullptr) parts_.metrics.delivered->Add();
      if (Status removed = parts_.outbox.Remove(message.box, message.id); !removed) {
        log::Warn("message that has arrived stays in the outbox, and is sent again",
                  {{"subscription", message.box}, {"error", removed.error()}});
        return kIdle;
      }
      next = milliseconds(0);  // there may be more
      continue;
    }
    if (parts_.metrics.failed != nullptr) parts_.metrics.failed->Add();
    log::Warn("message not delivered, it is tried again",
              {{"subscription", message.box},
               {"id", message.id},
               {"status", answer ? answer->status : 0},
               {"reason", answer ? "" : std::string(CodeName(answer.error().code))}});
    if (delivery == Delivery::kReceiverAway) return ReceiverAway(answer ? &*answer : nullptr);
    Tried& refused = tried_[message.id];
    const milliseconds pause = WithJitter(PauseAfter(++refused.failures, options_));
    refused.again = steady_clock::now() + pause;
    next = std::min(next, pause);
  }
  return next;
}

void Courier::Run(const std::stop_token& stop) {
  milliseconds wait{0};
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      // What is new does not end a pause that the receiver needs.
      const bool away = failures_ > 0;
      woken_.wait_for(lock, stop, wait, [&] { return wake_ && !away; });
      wake_ = false;
    }
    if (stop.stop_requested()) return;
    try {
      wait = parts_.may_send() ? Round(Cancellation{stop}) : kIdle;
    } catch (const std::exception& error) {
      log::Error("courier threw", {{"subscription", parts_.subscription.name},
                                   {"error", std::string(error.what())}});
      wait = kIdle;
    }
  }
}

void Courier::Wake() {
  {
    const std::lock_guard lock(mutex_);
    wake_ = true;
  }
  woken_.notify_all();
}

void Courier::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Courier::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace landwaiter::controller
