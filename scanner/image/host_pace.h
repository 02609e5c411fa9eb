// How fast registries are asked, by all scans of a role together. One registry object asks for all
// of them (the parsers' children have no network, docs/adr/0002), so this is where they meet.
//
// A host has at most so many requests without an answer, and a bounded rate after a first burst.
// Where it answers 429, or 503 with a time, nothing more is asked of it under the same login before
// that time: the others wait, too, in place of each meeting a refusal of its own. By login, because
// registries count pulls by account, and one tenant's account that is used up must not hold up the
// others'. Who would wait for too long is told RateLimited without another request.
//
// Included by this room's sources only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "scanner/image/registry.h"

namespace landwaiter::image {

struct HostPaceOptions {
  /// Of a host; more than the layers of two scans that are fetched at once.
  std::size_t max_in_flight = 16;
  /// Of these, under one login: whoever's requests a registry leaves without an answer leaves the
  /// others theirs.
  std::size_t max_in_flight_of_login = 8;
  /// What Azure's Standard registries allow (3,000 reads a minute), the least of the documented
  /// bounds that a paid registry has. A thread that waits for each answer asks 20 to 50 a second.
  double per_second = 50;
  /// Requests without a rate after a pause: a hundred images of five layers.
  double burst = 500;
  /// Of one pause. It is a registry's word: no answer holds scans up for longer than this.
  std::chrono::milliseconds longest_pause{30'000};
  RegistryTime time = {};
  /// Told of each pause that begins; thread-safe, and quick.
  std::function<void()> on_pause = {};
};

class HostPace {
 public:
  explicit HostPace(HostPaceOptions options);

  /// A request under way; ends with the object, or earlier by End().
  class Turn {
   public:
    Turn(HostPace* pace, std::string host, std::string login)
        : pace_(pace), host_(std::move(host)), login_(std::move(login)) {}
    ~Turn() { End(); }
    Turn(Turn&& other) noexcept;
    Turn& operator=(Turn&&) = delete;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    void End();

   private:
    HostPace* pace_;
    std::string host_;
    std::string login_;
  };

  /// Waits until the host ("registry.example:443") may be asked under this login (any text that
  /// tells logins apart). `patience`: the longest pause to wait for.
  /// Errors: ResourceExhausted reason RateLimited (a pause beyond patience or deadline: to try
  /// again at once is no use), Cancelled, DeadlineExceeded.
  Result<Turn> Enter(const std::string& host, const std::string& login,
                     std::chrono::milliseconds patience, const Cancellation& cancel);

  /// What the host answered: begins a pause where it asks for one, logs where a pull limit is used
  /// up. `unnamed`: the pause for a 429 that names no time.
  void Heard(const std::string& host, const std::string& login, const http::Response& head,
             std::chrono::milliseconds unnamed);

  /// What is left of the pause that the host has asked for under this login, unbounded; 0: none.
  std::chrono::milliseconds PauseLeft(const std::string& host, const std::string& login);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Pause {
    Time until{};   // bounded
    Time wanted{};  // what the host has asked for
  };
  struct Host {
    std::size_t in_flight = 0;
    std::map<std::string, std::size_t> by_login;  // in flight
    double tokens = 0;
    Time filled{};                        // when `tokens` was right
    std::map<std::string, Pause> paused;  // by login
    Time warned_until{};
  };

  Host* Find(const std::string& host, Time now);
  double TokensOf(const Host& host, Time now) const;
  bool IsAtRest(const Host& host, Time now) const;
  void Begin(const std::string& host, const std::string& login, std::chrono::milliseconds wanted);
  void Warn(const std::string& host, std::chrono::seconds window);
  bool HasRoom(const Host& host, const std::string& login) const;
  void Leave(const std::string& host, const std::string& login);

  const HostPaceOptions options_;
  std::mutex mutex_;
  std::condition_variable_any left_;
  std::map<std::string, Host> hosts_;
};

}  // namespace landwaiter::image
