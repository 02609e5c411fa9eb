#include "scanner/image/host_pace.h"

#include <algorithm>
#include <cmath>

#include "lib/base/log.h"
#include "scanner/image/failure.h"
#include "scanner/image/rate_limit.h"
#include "scanner/image/registry_errors.h"

namespace landwaiter::image {
namespace {

using std::chrono::milliseconds;

// References name hosts: whoever names more than this has none of them paced, and slows nobody.
constexpr std::size_t kMaxPacedHosts = 4096;
constexpr std::size_t kMaxPausedLogins = 1024;  // of a host that pauses at once
constexpr std::chrono::hours kWarnEvery{1};
constexpr std::chrono::hours kLongestWanted{24};  // so that it can be added to a clock

Error TooLong(const std::string& host, milliseconds left) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
  return Failure(Code::kResourceExhausted, scan_reason::kRateLimited,
                 "registry " + host + ": was not asked, since it asks to wait " +
                     std::to_string(seconds) + " s");
}

Error NoTime(const std::string& host, const Cancellation& cancel) {
  const bool stopped = cancel.Stopped();
  return Error{stopped ? Code::kCancelled : Code::kDeadlineExceeded,
               "registry " + host + ": no time was left for its turn"};
}

/// How long the answer asks to be left alone; zero: it does not.
milliseconds PauseOf(const http::Response& head, milliseconds unnamed, milliseconds longest) {
  const auto asked = RetryAfter(head.HeaderValue("Retry-After"), std::chrono::system_clock::now());
  if (head.status == 429) return asked ? std::max(*asked, unnamed) : unnamed;
  if (head.status == 503) return asked.value_or(milliseconds(0));
  const auto limit = ReadRateLimit(head);
  // The next request would be refused. A longer one is left to the registry to refuse: some count
  // pulls alone, and still say what a tag means.
  if (limit && limit->remaining == 0 && limit->reset && *limit->reset <= longest) {
    return *limit->reset;
  }
  return milliseconds(0);
}

}  // namespace

HostPace::Turn::Turn(Turn&& other) noexcept
    : pace_(std::exchange(other.pace_, nullptr)),
      host_(std::move(other.host_)),
      login_(std::move(other.login_)) {}

void HostPace::Turn::End() {
  if (HostPace* pace = std::exchange(pace_, nullptr)) pace->Leave(host_, login_);
}

HostPace::HostPace(HostPaceOptions options) : options_(std::move(options)) {}

double HostPace::TokensOf(const Host& host, Time now) const {
  const double seconds = std::chrono::duration<double>(now - host.filled).count();
  return std::min(options_.burst, host.tokens + std::max(seconds, 0.0) * options_.per_second);
}

/// Nothing of it would be missed.
bool HostPace::IsAtRest(const Host& host, Time now) const {
  return host.in_flight == 0 && TokensOf(host, now) >= options_.burst &&
         std::all_of(host.paused.begin(), host.paused.end(),
                     [&](const auto& pause) { return pause.second.until <= now; });
}

/// The host's entry, made where there is none; null where there are too many.
HostPace::Host* HostPace::Find(const std::string& host, Time now) {
  if (const auto found = hosts_.find(host); found != hosts_.end()) return &found->second;
  if (hosts_.size() >= kMaxPacedHosts) {
    std::erase_if(hosts_, [&](const auto& entry) { return IsAtRest(entry.second, now); });
    if (hosts_.size() >= kMaxPacedHosts) return nullptr;
  }
  Host& made = hosts_[host];
  made.tokens = options_.burst;
  made.filled = now;
  return &made;
}

Result<HostPace::Turn> HostPace::Enter(const std::string& host, const std::string& login,
                                       milliseconds patience, const Cancellation& cancel) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const Time now = options_.time.now();
    Host* const entry = Find(host, now);
    if (entry == nullptr) return Turn(nullptr, host, login);
    milliseconds wait{0};
    const auto pause = entry->paused.find(login);
    if (pause != entry->paused.end() && pause->second.until > now) {
      // As long as the host said: where it means an hour, asking after the bound is no use either.
      const auto wanted = std::chrono::ceil<milliseconds>(pause->second.wanted - now);
      if (wanted > patience || wanted > cancel.Left()) return TooLong(host, wanted);
      wait = wanted;
    } else if (!HasRoom(*entry, login)) {
      left_.wait_for(lock, cancel.stop, cancel.Left(), [&] {
        const auto found = hosts_.find(host);
        return found == hosts_.end() || HasRoom(found->second, login);
      });
      if (cancel.Stopped() || cancel.Expired()) return NoTime(host, cancel);
      continue;
    } else {
      if (pause != entry->paused.end()) entry->paused.erase(pause);
      entry->tokens = TokensOf(*entry, now);
      entry->filled = now;
      if (entry->tokens >= 1) {
        entry->tokens -= 1;
        ++entry->in_flight;
        ++entry->by_login[login];
        return Turn(this, host, login);
      }
      wait = milliseconds(
          static_cast<std::int64_t>(std::ceil((1 - entry->tokens) * 1000 / options_.per_second)));
    }
    lock.unlock();
    if (!options_.time.wait(wait, cancel)) return NoTime(host, cancel);
    lock.lock();
  }
}

milliseconds HostPace::PauseLeft(const std::string& host, const std::string& login) {
  const std::lock_guard lock(mutex_);
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return milliseconds(0);
  const auto pause = found->second.paused.find(login);
  if (pause == found->second.paused.end()) return milliseconds(0);
  const auto left = std::chrono::ceil<milliseconds>(pause->second.wanted - options_.time.now());
  return std::max(left, milliseconds(0));
}

bool HostPace::HasRoom(const Host& host, const std::string& login) const {
  const auto own = host.by_login.find(login);
  return host.in_flight < options_.max_in_flight &&
         (own == host.by_login.end() || own->second < options_.max_in_flight_of_login);
}

void HostPace::Leave(const std::string& host, const std::string& login) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = hosts_.find(host);  // one with requests in flight is not forgotten
    if (found != hosts_.end()) {
      --found->second.in_flight;
      const auto own = found->second.by_login.find(login);
      if (--own->second == 0) found->second.by_login.erase(own);
    }
  }
  left_.notify_all();
}

void HostPace::Heard(const std::string& host, const std::string& login, const http::Response& head,
                     milliseconds unnamed) {
  const milliseconds pause = PauseOf(head, unnamed, options_.longest_pause);
  if (pause.count() > 0) Begin(host, login, std::min<milliseconds>(pause, kLongestWanted));
  const auto limit = ReadRateLimit(head);
  if (limit && limit->remaining == 0) Warn(host, limit->window.value_or(std::chrono::seconds(0)));
}

void HostPace::Begin(const std::string& host, const std::string& login, milliseconds wanted) {
  {
    const std::lock_guard lock(mutex_);
    const Time now = options_.time.now();
    Host* const entry = Find(host, now);
    if (entry == nullptr) return;
    if (entry->paused.size() >= kMaxPausedLogins) {
      std::erase_if(entry->paused, [&](const auto& other) { return other.second.until <= now; });
      if (entry->paused.size() >= kMaxPausedLogins) return;
    }
    Pause& pause = entry->paused[login];
    const bool runs = pause.until > now;
    if (!runs) pause = {};  // what an earlier one wanted is over
    pause.until = std::max(pause.until, now + std::min(wanted, options_.longest_pause));
    pause.wanted = std::max(pause.wanted, now + wanted);
    if (runs) return;  // others had been on their way
  }
  log::Debug("registry asks for a pause", {{"host", host}, {"wanted_ms", wanted.count()}});
  if (options_.on_pause) options_.on_pause();
}

void HostPace::Warn(const std::string& host, std::chrono::seconds window) {
  {
    const std::lock_guard lock(mutex_);
    const Time now = options_.time.now();
    Host* const entry = Find(host, now);
    if (entry == nullptr || entry->warned_until > now) return;
    entry->warned_until = now + kWarnEvery;
  }
  log::Warn("the pull limit of a registry is used up: give it credentials, or a mirror",
            {{"host", host}, {"window_seconds", window.count()}});
}

}  // namespace landwaiter::image
