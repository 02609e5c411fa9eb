// The HTTP client of every role: registries, the API server, role to role, feeds. libcurl beneath.
//
// TLS is verified unless `insecure`; HTTP/1.1 and HTTP/2 (over TLS); no redirects are followed, no
// content is decoded, no cookies, no .netrc: a caller sees what the server said. Only http and
// https. Response headers are bounded (kMaxHeaderBytes), bodies by the request.
//
// Proxies: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY (either case; NO_PROXY as Go reads it:
// names with their subdomains, host:port, CIDR, "*"; loopback is never proxied) are read once in
// Create. Through a proxy the address policy can judge literal addresses only, because the proxy
// resolves the names; the connection to the proxy itself is the operator's wish and not judged.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/base/secret.h"
#include "lib/http/address_policy.h"

namespace landwaiter::http {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string url;  // absolute
  std::vector<Header> headers = {};
  std::string body = {};
  /// Of the whole exchange; zero: only the Cancellation's deadline.
  std::chrono::milliseconds timeout{0};
  /// Longest time without one byte from the server once connected; zero: none (watches).
  std::chrono::milliseconds stall_timeout{30'000};
  std::chrono::milliseconds connect_timeout{10'000};
  /// Send: the body held in memory. Stream and Open: the sum of all bytes; zero: no bound.
  std::size_t max_body_bytes = 8u << 20;
  /// The host stands in a person's command line or the role's configuration: not judged by the
  /// address policy. Never set for a host that a server named.
  bool trusted_address = false;
  /// Only asks whether TLS is spoken: no certificate is checked, nothing is sent. Where it is, the
  /// exchange ends as Cancelled, reason TlsSpoken. Without the system's authorities, which take 15
  /// ms to read.
  bool only_handshake = false;
};

struct Response {
  int status = 0;
  std::vector<Header> headers;
  std::string body;  // Send only

  /// The first header of that name, in any case; empty where there is none.
  std::string_view HeaderValue(std::string_view name) const;
  std::vector<std::string_view> HeaderValues(std::string_view name) const;
};

struct ClientOptions {
  /// PEM of the authorities to trust in place of the system's; the file is read anew for every
  /// connection, so that a renewed one counts. At most one of file and PEM.
  std::string ca_file = {};
  std::string ca_pem = {};
  /// Client certificate (mTLS): files, or PEM bytes.
  std::string client_cert_file = {};
  std::string client_key_file = {};
  std::string client_cert_pem = {};
  Secret client_key_pem = {};
  /// The server's certificate and name are not checked.
  bool insecure = false;
  bool use_environment_proxies = false;
  /// nullopt: every address is allowed (role to role, the API server).
  std::optional<AddressPolicy> address_policy = std::nullopt;
  std::string user_agent = "landwaiter";
  /// Every connection goes to this Unix socket, whatever host a URL names; no proxies, and no
  /// address policy.
  std::string unix_socket = {};
  /// Idle connections kept, over all hosts.
  std::size_t max_idle = 16;
  /// Told of each exchange once: the status of its answer, 0 where none came. From the threads that
  /// call, so thread-safe, and quick.
  std::function<void(int status)> on_answer = {};
};

inline constexpr std::size_t kMaxHeaderBytes = 64u << 10;
/// The most of a body that comes at once: a reader with as much room gets it without a second copy.
inline constexpr std::size_t kBodyPieceBytes = 128u << 10;

/// The body of a response, pulled by the reader at its own pace: what is not read stays in the
/// network. One thread at a time; must not outlive the Client.
class ResponseBody {
 public:
  virtual ~ResponseBody() = default;
  virtual const Response& Head() const = 0;
  /// 1..size bytes, or 0 at the end of a complete body. Errors as Client::Send's; Unavailable where
  /// the body breaks off.
  virtual Result<std::size_t> Read(char* buffer, std::size_t size) = 0;
};

/// Thread-safe: any number of calls at once, each on its own connection, kept for reuse after.
class Client {
 public:
  virtual ~Client() = default;

  /// Errors: InvalidArgument (options that exclude each other, PEM that is none), NotFound or
  /// PermissionDenied for files that cannot be read.
  static Result<std::unique_ptr<Client>> Create(ClientOptions options);

  /// The whole exchange. A status of 400 and above is a Response, not an Error.
  /// Errors: InvalidArgument (URL, header with line breaks), Unavailable (name, connection, TLS, a
  /// body that breaks off), DeadlineExceeded, Cancelled (at once, also when no byte flows),
  /// ResourceExhausted reason TooLarge (headers or body above their bound), PermissionDenied reason
  /// AddressRefused, Unauthenticated reason CertificateRefused (the server's certificate is not
  /// trusted).
  virtual Result<Response> Send(const Request& request, const Cancellation& cancel) = 0;

  /// The body goes to `on_data` piece by piece as it comes, on the calling thread; `on_head` is
  /// called once before. Either returns false to end the exchange: code Cancelled. Returns the head
  /// (empty body) at the end of the body. Errors as Send's.
  virtual Result<Response> Stream(const Request& request, const Cancellation& cancel,
                                  std::function<bool(const Response& head)> on_head,
                                  std::function<bool(std::string_view)> on_data) = 0;

  /// Returns when the head is there; the body is pulled. `cancel` counts for the body too; its stop
  /// state is kept alive by the copy that is taken. HTTP/1.1 only. Errors as Send's.
  virtual Result<std::unique_ptr<ResponseBody>> Open(const Request& request,
                                                     const Cancellation& cancel) = 0;
};

}  // namespace landwaiter::http
