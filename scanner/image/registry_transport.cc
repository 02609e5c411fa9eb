#include "scanner/image/registry_transport.h"

#include <algorithm>
#include <optional>
#include <random>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "scanner/image/challenge.h"
#include "scanner/image/failure.h"
#include "scanner/image/host_failures.h"
#include "scanner/image/registry_errors.h"

namespace landwaiter::image {
namespace {

constexpr int kMaxRedirects = 5;
constexpr int kMaxDoublings = 6;
/// Of the stall timeout: with 30 s, a chunk of 8 MiB has 5 minutes, 28 KB/s.
constexpr int kUploadStallFactor = 10;
constexpr std::size_t kMaxFailureBody = 16u << 10;
constexpr std::chrono::milliseconds kProbeTimeout{5'000};

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool IsWorthRetrying(int status) { return status == 429 || status == 408 || status >= 500; }

bool IsCredentialRefused(const Error& error) {
  return error.reason == scan_reason::kPullUnauthorized;
}

bool IsLoopbackName(const std::string& host_and_port) {
  const auto url = http::Url::Parse("http://" + host_and_port + "/");
  if (!url) return false;
  if (url->host == "localhost") return true;
  const auto address = http::IpAddress::Parse(url->host);
  return address &&
         (*address == *http::IpAddress::Parse("::1") || (!address->v6 && address->bytes[0] == 127));
}

std::vector<Challenge> ChallengesOf(const http::Response& head) {
  std::vector<Challenge> all;
  for (const std::string_view value : head.HeaderValues("WWW-Authenticate")) {
    for (Challenge& challenge : ParseChallenges(value)) {
      if (all.size() < kMaxChallenges) all.push_back(std::move(challenge));
    }
  }
  return all;
}

/// The body of a failure, bounded, for its message.
http::Response ReadFailure(http::ResponseBody& body) {
  http::Response response = body.Head();
  std::string chunk(4096, '\0');
  while (response.body.size() < kMaxFailureBody) {
    const auto got = body.Read(chunk.data(), chunk.size());
    if (!got || *got == 0) break;
    response.body.append(chunk, 0, *got);
  }
  return response;
}

}  // namespace

RegistryTransport::RegistryTransport(http::Client& client, RegistryOptions options)
    : client_(client),
      options_(std::move(options)),
      pace_({.longest_pause = options_.max_retry_after,
             .time = options_.time,
             .on_pause = options_.on_pause}),
      authenticator_(client, options_, pace_) {}

std::chrono::milliseconds RegistryTransport::Backoff(int failures) const {
  const auto full = options_.first_backoff * (1 << std::clamp(failures - 1, 0, kMaxDoublings));
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> jitter(0, full.count() / 4);
  return full - std::chrono::milliseconds(jitter(random));
}

bool RegistryTransport::SpeaksTls(const std::string& host, const Cancellation& cancel) {
  const auto known = loopback_tls_.With([&](auto& hosts) -> std::optional<bool> {
    const auto found = hosts.find(host);
    return found == hosts.end() ? std::nullopt : std::optional<bool>(found->second);
  });
  if (known) return *known;
  http::Request probe;
  probe.url = "https://" + host + "/v2/";
  probe.timeout = kProbeTimeout;
  probe.trusted_address = options_.trust_reference_host;
  // A certificate that will be refused is a TLS server's all the same: its error is for who pulls.
  probe.only_handshake = true;
  const auto asked = client_.Send(probe, cancel);
  const bool tls = !asked && asked.error().reason == "TlsSpoken";
  loopback_tls_.With([&](auto& hosts) { hosts[host] = tls; });
  return tls;
}

Result<http::Url> RegistryTransport::BaseUrl(const ImageReference& image,
                                             const Cancellation& cancel) {
  const std::string host = image.RegistryHost();
  const auto& listed = options_.plain_http;
  bool plain = std::find(listed.begin(), listed.end(), host) != listed.end();
  if (!plain && options_.plain_http_loopback && IsLoopbackName(host)) {
    plain = !SpeaksTls(host, cancel);
  }
  return http::Url::Parse((plain ? "http://" : "https://") + host + "/v2/" +
                          FolderOf(image.repository));
}

std::chrono::milliseconds RegistryTransport::PauseLeft(
    const ImageReference& image, const std::vector<RegistryCredential>& credentials) {
  const auto url = BaseUrl(image, {});
  if (!url) return std::chrono::milliseconds(0);
  auto left = pace_.PauseLeft(url->HostPort(), LoginKey({}));
  for (const RegistryCredential& credential : credentials) {
    left = std::max(left, pace_.PauseLeft(url->HostPort(), LoginKey(credential)));
  }
  return left;
}

bool RegistryTransport::IsTrusted(const http::Url& url, const http::Url& registry) const {
  return options_.trust_reference_host && url.HostPort() == registry.HostPort();
}

Result<http::Url> RegistryTransport::NextUrl(const http::Url& from, const http::Url& registry,
                                             std::string_view location) const {
  auto next = from.Resolve(location);
  if (!next) {
    return Failure(Code::kUnavailable, scan_reason::kRegistryUnavailable,
                   from.ForMessages() + ": answered with a bad Location: " + next.error().message);
  }
  if (next->scheme == "http") {
    const auto& listed = options_.plain_http;
    const bool allowed = from.scheme == "http" && (next->SameOrigin(registry) ||
                                                   std::find(listed.begin(), listed.end(),
                                                             next->HostPort()) != listed.end());
    if (!allowed) {
      return Failure(Code::kPermissionDenied, scan_reason::kAddressRefused,
                     from.ForMessages() + ": redirects to " + next->ForMessages() +
                         ", which is plain HTTP and not listed as such");
    }
  }
  return next;
}

Result<RegistryTransport::Body> RegistryTransport::Send(const http::Request& request,
                                                        const Route& route, bool at_registry,
                                                        const RegistryCredential& credential,
                                                        const Cancellation& cancel) {
  // Storage that a redirect leads to counts nobody's pulls.
  if (!at_registry) {
    auto body = route.client->Open(request, cancel);
    if (!body) return FromTransport(body.error(), cancel);
    return body;
  }
  const std::string host = route.url.HostPort();
  const std::string login = LoginKey(credential);
  auto turn = pace_.Enter(host, login, route.patience, cancel);
  if (!turn) return std::move(turn).error();
  auto body = route.client->Open(request, cancel);
  // With its head, not its body: whoever reads that may wait for another one's.
  turn->End();
  if (!body) return FromTransport(body.error(), cancel);
  pace_.Heard(host, login, (*body)->Head(), options_.first_backoff);
  return body;
}

RegistryTransport::Refusal RegistryTransport::Refusal::Of(Error error) {
  // Not even asked: host_pace.h has said why.
  const bool held_back =
      error.code == Code::kResourceExhausted && error.reason == scan_reason::kRateLimited;
  if (held_back) error.code = Code::kUnavailable;
  const bool retry = error.code == Code::kUnavailable && !held_back;
  return {std::move(error), retry, {}, held_back};
}

Result<RegistryTransport::Answer> RegistryTransport::Follow(
    const RegistryRequest& request, const Route& route, const RegistryCredential& credential,
    const std::optional<Secret>& authorization, const Cancellation& cancel) {
  const http::Url& registry = route.url;
  const char first = request.path.find('?') == std::string::npos ? '?' : '&';
  const std::string query = route.query.empty() ? "" : first + route.query;
  auto url = request.location.empty() ? registry.Resolve(registry.target + request.path + query)
                                      : NextUrl(registry, registry, request.location);
  if (!url) return std::move(url).error();
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    const bool at_registry = url->SameOrigin(registry);
    http::Request out;
    out.method = request.method;
    out.url = url->ToString();
    out.headers = request.headers;
    out.max_body_bytes = 0;  // bounded by who reads it
    out.body = request.body;
    out.stall_timeout = options_.stall_timeout;
    // No byte comes back while a body goes out.
    if (!request.body.empty()) out.stall_timeout *= kUploadStallFactor;
    out.connect_timeout = route.connect_timeout;
    out.trusted_address = IsTrusted(*url, registry);
    // Another host gets neither the credential nor, with it, an excuse to refuse its own signature.
    if (at_registry) {
      out.headers.insert(out.headers.end(), route.headers.begin(), route.headers.end());
      if (authorization) out.headers.push_back({"Authorization", authorization->Reveal()});
    }
    auto body = Send(out, route, at_registry, credential, cancel);
    if (!body) return std::move(body).error();
    if (!IsRedirect((*body)->Head().status)) return Answer{std::move(*body), !at_registry};
    auto next = NextUrl(*url, registry, ReadFailure(**body).HeaderValue("Location"));
    if (!next) return std::move(next).error();
    url = std::move(next);
  }
  return Failure(Code::kUnavailable, scan_reason::kRegistryUnavailable,
                 request.what + ": more than " + std::to_string(kMaxRedirects) + " redirects");
}

RegistryTransport::Attempt RegistryTransport::TryAs(const Access& access,
                                                    const RegistryCredential& credential,
                                                    const RegistryRequest& request,
                                                    const Route& route,
                                                    const Cancellation& cancel) {
  const AuthScope scope{route.url, access.image.repository, request.push, route.client,
                        route.patience};
  std::optional<Secret> authorization = authenticator_.Kept(scope, credential);
  for (bool answered = false;; answered = true) {
    auto answer = Follow(request, route, credential, authorization, cancel);
    if (!answer) return {nullptr, Refusal::Of(std::move(answer).error())};
    const int status = answer->body->Head().status;
    if (status >= 200 && status < 300) return {std::move(answer->body)};
    const http::Response failure = ReadFailure(*answer->body);
    if (status == 401 && !answer->elsewhere && !answered) {
      authenticator_.Forget(scope, credential);
      answer->body.reset();  // read to its end: the connection serves the next request
      auto fresh = authenticator_.Answer(ChallengesOf(failure), scope, credential, cancel);
      if (!fresh) {
        return {nullptr, Refusal::Of(std::move(fresh).error().Context(request.what))};
      }
      authorization = std::move(*fresh);
      continue;
    }
    Refusal refusal{FromStatus(request.what, failure), IsWorthRetrying(failure.status),
                    std::string(failure.HeaderValue("Retry-After")), true};
    if (answer->elsewhere && IsCredentialRefused(refusal.error)) {
      // A signed URL that no longer holds; the registry makes a new one.
      refusal = {Failure(Code::kUnavailable, scan_reason::kRegistryUnavailable,
                         refusal.error.message + " by the storage it redirects to"),
                 true};
    }
    return {nullptr, std::move(refusal)};
  }
}

RegistryTransport::Attempt RegistryTransport::TryOnce(Access& access,
                                                      const RegistryRequest& request,
                                                      const Route& route,
                                                      const Cancellation& cancel) {
  const std::vector<RegistryCredential> credentials = access.For(route.key);
  Attempt attempt;
  for (const RegistryCredential& credential : credentials) {
    attempt = TryAs(access, credential, request, route, cancel);
    if (attempt.body) {
      access.LetIn(credential);
      return attempt;
    }
    if (!IsCredentialRefused(attempt.refusal.error)) return attempt;
  }
  if (credentials.size() > 1) {
    attempt.refusal.error.message +=
        " (the last of " + std::to_string(credentials.size()) + " credentials that were tried)";
  }
  return attempt;
}

Status RegistryTransport::WaitBeforeRetry(const Refusal& refusal, int failures,
                                          const Cancellation& cancel) const {
  const auto asked = RetryAfter(refusal.retry_after, std::chrono::system_clock::now());
  const auto wait = asked ? std::max(*asked, options_.first_backoff) : Backoff(failures);
  if (asked && (wait > options_.max_retry_after || wait > cancel.Left())) {
    Error error = refusal.error;
    error.message += "; it asks to wait " + std::to_string(wait.count() / 1000) + " s";
    return error;
  }
  if (options_.time.wait(wait, cancel)) return Ok();
  if (cancel.Stopped()) return Error{Code::kCancelled, refusal.error.message};
  return refusal.error;
}

RegistryTransport::Attempt RegistryTransport::AskAt(Access& access, const RegistryRequest& request,
                                                    const Route& route, int tries,
                                                    const Cancellation& cancel) {
  for (int failures = 1;; ++failures) {
    Attempt attempt = TryOnce(access, request, route, cancel);
    if (attempt.body || !attempt.refusal.retry || !request.retry || failures >= tries) {
      return attempt;
    }
    if (auto waited = WaitBeforeRetry(attempt.refusal, failures, cancel); !waited) {
      attempt.refusal.error = std::move(waited).error();
      return attempt;
    }
  }
}

Result<std::unique_ptr<http::ResponseBody>> RegistryTransport::Perform(
    Access& access, const RegistryRequest& request, const Cancellation& cancel) {
  auto routes = Routes(access, request, cancel);
  if (!routes) return std::move(routes).error();
  HostFailures failures;
  for (const Route& route : *routes) {
    const bool last = &route == &routes->back();
    if (const auto silent = last ? std::nullopt : access.Silent(route.name)) {
      failures.Add(route.name, *silent, false);
      continue;
    }
    Attempt attempt = AskAt(access, request, route, last ? options_.max_tries : 1, cancel);
    if (attempt.body) {
      if (route.mirror) access.Gave(route.name);
      if (!route.name.empty()) {
        log::Debug("registry host answered", {{"host", route.name}, {"request", request.what}});
      }
      return std::move(attempt.body);
    }
    Refusal& refusal = attempt.refusal;
    if (route.name.empty() || refusal.error.reason.empty()) return std::move(refusal.error);
    if (!refusal.answered && !IsCredentialRefused(refusal.error)) {
      access.SetSilent(route.name, refusal.error);
    }
    log::Debug("registry host failed", {{"host", route.name}, {"error", refusal.error}});
    failures.Add(route.name, refusal.error, refusal.answered);
  }
  return failures.Best();
}

}  // namespace landwaiter::image
