// One file from its server, as considerately as can be: asked for only where it changed
// (If-None-Match, If-Modified-Since), taken up again where it broke off (Range with If-Range), and
// a host that has failed left alone for a while (Retry-After, never less than a floor), in this run
// and in the next (RFC 9110: 8.8, 10.2.3, 13.1, 14).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "lib/base/cancellation.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "lib/http/url.h"
#include "scanner/updates/addresses.h"
#include "scanner/updates/store.h"

namespace landwaiter::updates {

struct FetchOptions {
  int max_tries = 4;  // of one file
  /// Between two tries at one host after a failure, whatever shorter wait its server allows.
  std::chrono::milliseconds retry_floor{60'000};
  /// A host that asks for a longer wait is not waited for: that is the file's error.
  std::chrono::milliseconds max_wait{15 * 60'000};
  std::chrono::milliseconds stall_timeout{60'000};
  /// All of osv.dev in one archive has some 1.5 GB.
  std::uint64_t max_file_bytes = std::uint64_t{16} << 30;
};

class Fetcher {
 public:
  /// Waits; false where it was cut short. Tests turn a clock in its place.
  using Wait =
      std::function<bool(std::chrono::milliseconds, const std::string& host, const Cancellation&)>;
  /// Bytes that are there of those that are expected; 0 where the server does not say.
  using Progress = std::function<void(const FeedFile&, std::uint64_t, std::uint64_t)>;

  struct Outcome {
    bool changed = false;  // new/NAME is there; else files/NAME is what the server has
    KnownFile known = {};  // of new/NAME
  };

  /// All must outlive it.
  Fetcher(http::Client& client, Store& store, const Clock& clock, FetchOptions options, Wait wait,
          Progress progress);

  /// A host that could not be reached, or would not be asked, in all tries of one file is not asked
  /// for the next ones either.
  /// Errors: NotFound, PermissionDenied, Unauthenticated (the server's answer), Unavailable (after
  /// all tries), ResourceExhausted (too large; or a longer wait than max_wait was asked for),
  /// Cancelled, Internal (disk). files/NAME is never touched.
  Result<Outcome> Fetch(const FeedFile& file, const Cancellation& cancel);

 private:
  struct Try;  // what one try came to
  Status AwaitHost(const std::string& host, const Cancellation& cancel);
  void Pause(const std::string& host, std::chrono::milliseconds wait);
  Try TryOnce(const FeedFile& file, const Cancellation& cancel);
  Try Take(const FeedFile& file, http::ResponseBody& body, std::uint64_t offset,
           const Cancellation& cancel);
  Try Copy(const FeedFile& file, http::ResponseBody& body, std::uint64_t offset,
           const KnownFile& known);
  http::Request RequestFor(const FeedFile& file, std::uint64_t* offset) const;
  Result<std::unique_ptr<http::ResponseBody>> Follow(http::Request request,
                                                     const Cancellation& cancel);

  http::Client& client_;
  Store& store_;
  const Clock& clock_;
  const FetchOptions options_;
  const Wait wait_;
  const Progress progress_;
  std::map<std::string, std::string> given_up_;  // hosts, for the rest of this run, and why
};

/// Its address for messages: without the query, which may hold a credential.
std::string Shown(const FeedFile& file);

/// The default Wait.
bool WaitFor(std::chrono::milliseconds time, const std::string& host, const Cancellation& cancel);

/// What one update's file came to with a server that says `Retry-After: value`: never less than
/// `floor`. A value that is neither seconds nor a date counts as none.
std::chrono::milliseconds PauseAfter(std::string_view value, TimePoint now,
                                     std::chrono::milliseconds floor);

}  // namespace landwaiter::updates
