// A libcurl easy handle with a multi handle of its own, and the pool they rest in between exchanges
// with their connections open. One exchange, one session: nothing is shared between threads, and
// curl_multi_poll can be woken by another thread, which is what makes cancelling immediate.
// Included by this room's sources only.
#pragma once

#include <curl/curl.h>

#include <list>
#include <memory>
#include <string>

#include "lib/base/guarded.h"
#include "lib/base/result.h"
#include "lib/http/client.h"

namespace landwaiter::http {

struct Session {
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  // The easy handle goes first: it is never in the multi handle when a session is let go.
  std::unique_ptr<CURLM, FreeMulti> multi;
  std::unique_ptr<CURL, FreeEasy> easy;
  std::string key;  // scheme, host, port, proxy, trust: whose connections it holds

  static Result<std::unique_ptr<Session>> Create(std::string key);
};

/// Thread-safe. Keeps at most `capacity` sessions, lets the longest idle go first.
class SessionPool {
 public:
  explicit SessionPool(std::size_t capacity) : capacity_(capacity) {}
  Result<std::unique_ptr<Session>> Take(const std::string& key);
  /// `session`'s easy handle is in no multi handle.
  void Return(std::unique_ptr<Session> session);

 private:
  const std::size_t capacity_;
  Guarded<std::list<std::unique_ptr<Session>>> idle_;  // most recently used first
};

/// Once per process, before any other use of libcurl. Thread-safe.
Status InitCurl();

/// What is the same for all requests of a client: TLS, agent, protocols.
Status ApplyClientOptions(CURL* easy, const ClientOptions& options);
/// For this exchange alone (Request::only_handshake); the reset of a handle takes it back.
Status TrustAnyCertificate(CURL* easy);

}  // namespace landwaiter::http
