#include "scanner/image/registry_errors.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/failure.h"
#include "scanner/image/registry.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxErrorBody = 64u << 10;
constexpr std::size_t kMaxErrorText = 200;

/// ": DENIED: requested access …" from {"errors":[{"code","message"}]}, or nothing.
std::string OwnWords(const http::Response& response) {
  if (response.body.empty() || response.body.size() > kMaxErrorBody) return "";
  const auto json = ParseJson(response.body, {kMaxErrorBody, 16});
  if (!json) return "";
  std::string words;
  JsonFields fields(*json, "");
  fields.Objects("errors", 64, [&](JsonFields& item) {
    std::string code, message;
    item.String("code", code, kMaxErrorBody);
    item.String("message", message, kMaxErrorBody);
    if (words.empty()) words = ": " + code + (message.empty() ? "" : ": " + message);
    return Ok();
  });
  return text::Printable(text::Truncate(words, kMaxErrorText));
}

}  // namespace

Error FromTransport(const Error& error, const Cancellation& cancel) {
  Error out = error;
  if (out.code == Code::kCancelled || cancel.Stopped()) {
    out.code = Code::kCancelled;
    out.reason.clear();
  } else if (out.code == Code::kDeadlineExceeded && cancel.Expired()) {
    out.reason.clear();
  } else if (out.code == Code::kDeadlineExceeded || out.code == Code::kUnavailable) {
    out.code = Code::kUnavailable;
    if (out.reason.empty()) out.reason = scan_reason::kRegistryUnavailable;
  } else if (out.reason == "CertificateRefused" || out.reason.empty()) {
    // A person must mend it (--cacert, a URL): the code says that trying again will not help.
    out.reason = scan_reason::kRegistryUnavailable;
  }
  return out;
}

Error FromStatus(std::string_view what, const http::Response& response) {
  const int status = response.status;
  const std::string message =
      std::string(what) + ": answered " + std::to_string(status) + OwnWords(response);
  if (status == 401) {
    return Failure(Code::kUnauthenticated, scan_reason::kPullUnauthorized, message);
  }
  if (status == 403) {
    return Failure(Code::kPermissionDenied, scan_reason::kPullUnauthorized, message);
  }
  if (status == 404) return Failure(Code::kNotFound, scan_reason::kNotFound, message);
  if (status == 429) return Failure(Code::kUnavailable, scan_reason::kRateLimited, message);
  // What is neither a server's trouble nor a wish to wait will be the same the next time.
  const bool passing = status >= 500 || status == 408;
  return Failure(passing ? Code::kUnavailable : Code::kUnsupported,
                 scan_reason::kRegistryUnavailable, message);
}

std::optional<std::chrono::milliseconds> RetryAfter(std::string_view value,
                                                    std::chrono::system_clock::time_point now) {
  const std::string_view trimmed = text::Trim(value);
  if (trimmed.empty()) return std::nullopt;
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), count);
  if (error == std::errc() && end == trimmed.data() + trimmed.size()) {
    return std::chrono::seconds(count);
  }
  std::tm when{};
  const std::string date(trimmed);
  const char* rest = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &when);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  // In milliseconds: a time_point of the clock ends in the year 2262.
  using std::chrono::milliseconds;
  const milliseconds then = std::chrono::seconds(timegm(&when));
  return std::max(then - std::chrono::duration_cast<milliseconds>(now.time_since_epoch()),
                  milliseconds(0));
}

RegistryTime::RegistryTime() : now(std::chrono::steady_clock::now), wait(WaitFor) {}

bool WaitFor(std::chrono::milliseconds time, const Cancellation& cancel) {
  if (cancel.Stopped() || time > cancel.Left()) return false;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, cancel.stop, time, [] { return false; });
  return !cancel.Stopped();
}

}  // namespace landwaiter::image
