// Images in registries: the pull half of the OCI distribution specification 1.1 (and Docker's
// token authentication: distribution docs/spec/auth/{token,oauth}.md).
//
// Trusted is nothing but digests: a manifest's is computed over its bytes, a blob's is checked by
// its reader. Credentials go to the registry they are for and to its token realm, never across a
// redirect to another host. Every address that a server names (redirect, realm) passes the
// client's address policy. Plain HTTP only to hosts that are listed; no step from https to http.
//
// Retried, with back-off: 429 (Retry-After, bounded), 5xx, connections that fail; bodies that break
// off are taken up again with Range. How often a host is asked is bounded, and a 429 holds back
// whoever else would ask under the same login (host_pace.h).
//
// Mirrors (mirrors.h) are asked first, in their order; the next one at once where one fails, only
// the last is tried again. Bytes that a mirror gives and that have another digest end it: no other
// host is asked instead.
//
// Push is artifact_push.h, lists are registry_list.h. Not handled: referrers.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "model/image_reference.h"
#include "model/scan_request.h"
#include "scanner/image/source.h"

namespace landwaiter::image {

class Mirrors;  // mirrors.h

/// Time as a registry passes it: a test's own stands still, and its waits end at once.
struct RegistryTime {
  using Now = std::chrono::steady_clock::time_point;
  /// The time is the steady clock's, and waiting takes it.
  RegistryTime();
  RegistryTime(std::function<Now()> n,
               std::function<bool(std::chrono::milliseconds, const Cancellation&)> w)
      : now(std::move(n)), wait(std::move(w)) {}
  std::function<Now()> now;
  /// False where the wait was cut short or would outlast the deadline.
  std::function<bool(std::chrono::milliseconds, const Cancellation&)> wait;
};

struct RegistryOptions {
  /// host[:port] as references write it, spoken to over plain HTTP.
  std::vector<std::string> plain_http = {};
  /// The command line: localhost, 127.0.0.0/8 and ::1 that a person typed may speak plain HTTP;
  /// https is tried first.
  bool plain_http_loopback = false;
  /// The command line: the reference's own host, and mirrors, are not judged by the address policy.
  bool trust_reference_host = false;
  int max_tries = 5;                             // per request, and per blob without progress
  std::chrono::milliseconds first_backoff{500};  // doubled each time, a quarter of jitter
  /// A longer Retry-After than this is RateLimited at once, naming the wait; for so long, nobody
  /// else asks that host under that login either.
  std::chrono::milliseconds max_retry_after{30'000};
  std::chrono::milliseconds stall_timeout{30'000};
  std::chrono::milliseconds connect_timeout{10'000};
  Mirrors* mirrors = nullptr;  // null: none; outlives the registry
  RegistryTime time = {};
  /// Told of each pause that a host has asked for; thread-safe, and quick.
  std::function<void()> on_pause = {};
};

/// How much of a list is read.
struct ListBounds {
  std::size_t max_names = 10'000;
  std::size_t max_pages = 100;
};

struct NameList {
  std::vector<std::string>
      names;              // in the registry's order, each once, all of them fit to be asked
  bool cut = false;       // there were more, or pages went on without end
  std::size_t unfit = 0;  // left out: no tag or repository has such a name
};

/// Thread-safe; one per role or command, so that tokens are shared. Tokens are kept per credential:
/// one tenant's never serves another.
class Registry {
 public:
  virtual ~Registry() = default;

  /// `client` must outlive the registry and whatever it opened.
  static std::unique_ptr<Registry> Create(http::Client& client, RegistryOptions options);

  /// The digest that a reference means now: what the tag points to, or its own once the registry
  /// has said that it has it (HEAD, which registries do not count against pull limits; GET where
  /// HEAD is not answered or names another digest).
  /// `credentials` are tried in turn on 401 and 403, each at the host that it is for; none:
  /// anonymous.
  /// Errors, by reason: PullUnauthorized, NotFound, RateLimited, RegistryUnavailable,
  /// AddressRefused, TooLarge, DigestMismatch, UnsupportedMediaType (a digest other than sha256);
  /// Cancelled, DeadlineExceeded without a reason.
  virtual Result<Digest> Resolve(const ImageReference& image,
                                 const std::vector<RegistryCredential>& credentials,
                                 const Cancellation& cancel) = 0;

  /// The tags of a repository; tag and digest of `repository` do not matter. What comes is the
  /// registry's word, and may name tags that it has not.
  /// Errors: as Resolve; TooLarge; UnsupportedMediaType (an answer that is no list).
  virtual Result<NameList> Tags(const ImageReference& repository,
                                const std::vector<RegistryCredential>& credentials,
                                const ListBounds& bounds, const Cancellation& cancel) = 0;
  /// The repositories of a registry ("registry.example:5000"), as far as it tells whoever asks;
  /// many registries tell nobody. Errors: as Tags.
  virtual Result<NameList> Repositories(const std::string& registry,
                                        const std::vector<RegistryCredential>& credentials,
                                        const ListBounds& bounds, const Cancellation& cancel) = 0;
  /// For how much longer the registry has asked to be left alone under one of these logins; 0: it
  /// may be asked. As long as it said, however soon others may ask again.
  virtual std::chrono::milliseconds PauseLeft(
      const ImageReference& image, const std::vector<RegistryCredential>& credentials) = 0;

  /// A source over one image; makes no request yet.
  virtual std::unique_ptr<ImageSource> Open(const ImageReference& image,
                                            std::vector<RegistryCredential> credentials,
                                            const Cancellation& cancel) = 0;
};

}  // namespace landwaiter::image
