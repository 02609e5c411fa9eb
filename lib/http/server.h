// The HTTP/1.1 server of every role (RFC 9112, RFC 9110), TLS 1.2+ or plain, made to stay up under
// hostile clients: a deadline for every phase, bounded headers, bodies, connections and memory.
// Boost.Beast stays inside the .cc files. Not handled: HTTP/2, upgrades, compression, trailers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/metrics.h"
#include "lib/base/result.h"

namespace landwaiter::http {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct ServerRequest {
  std::string method;
  /// As sent: "/validate?timeout=10s"; path and query are its two sides of the '?'.
  std::string target;
  std::string path;
  std::string query;
  HeaderList headers;
  std::string body;
  /// "127.0.0.1:40312".
  std::string remote;
  /// Common name of the verified client certificate; empty without one.
  std::string peer_name;
  /// Set when the client hangs up while the request is worked on.
  std::stop_token disconnected;
  /// The body's share of ServerLimits::max_total_body_bytes; goes with the request. Whoever frees
  /// `body` early frees this too (DropBody).
  std::shared_ptr<void> body_lease;

  /// First header of that name, any case; empty without one.
  std::string_view HeaderValue(std::string_view name) const;
  /// First value of a query parameter, percent-decoded; nullopt without one.
  std::optional<std::string> QueryValue(std::string_view name) const;
  void DropBody();
};

struct ServerResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  HeaderList headers = {};
  bool close = false;  // the connection ends with this answer
};

/// {"error":{"code","reason","message"}} with the HTTP status that fits the code; the message is
/// the error's own, so only errors made for the caller's eyes belong here.
ServerResponse ErrorResponse(const Error& error);
ServerResponse TextResponse(int status, std::string text);

/// Answers one request, exactly once, from any thread, at any time later. Destroyed unanswered, it
/// answers 500 without a word about the inside. Later calls of an answered one are ignored.
class Responder {
 public:
  using Sink = std::function<void(ServerResponse&&)>;

  Responder() = default;
  explicit Responder(Sink sink) : sink_(std::move(sink)) {}
  ~Responder();
  Responder(Responder&& other) noexcept : sink_(std::exchange(other.sink_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  void operator()(ServerResponse response);
  bool answered() const { return !sink_; }

 private:
  Sink sink_;
};

/// Called on one of the server's few threads: it must not block. Long work goes to the caller's
/// own threads, which keep the Responder. An exception becomes a 500.
using Handler = std::function<void(ServerRequest&& request, Responder responder)>;

struct RouteOptions {
  /// Beyond it: 413. The default is for small JSON questions.
  std::size_t max_body_bytes = std::size_t{1} << 20;
};

struct ServerTls {
  std::string certificate_file;  // PEM chain
  std::string key_file;          // PEM
  /// Where set, a client certificate of this CA (PEM file) is demanded in the handshake.
  std::string client_ca_file = {};
  /// Common names that are let in of those; empty: all. Others are answered 403.
  std::vector<std::string> allowed_peers = {};
};

struct ServerLimits {
  // The design's admission.md, "Limits", and architecture.md, "Departures".
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_total_body_bytes = std::size_t{256} << 20;
  std::size_t max_connections = 1000;
  std::chrono::milliseconds handshake_timeout{3000};
  std::chrono::milliseconds header_timeout{10000};
  std::chrono::milliseconds body_timeout{10000};
  /// Of an answer; large ones (an inventory) get as much more as the rate says.
  std::chrono::milliseconds write_timeout{10000};
  std::size_t slowest_write_bytes_per_second = 1 << 20;
  /// Longer than the 90 s after which Go's clients (the API server) drop an idle connection, so
  /// that a request never meets a connection that this side is just closing.
  std::chrono::milliseconds idle_timeout{120000};
  /// How long Stop waits for requests that are being answered.
  std::chrono::milliseconds drain_timeout{15000};
};

struct ServerOptions {
  /// Name in logs and metrics: "admission", "health".
  std::string name = "http";
  /// "127.0.0.1:0" takes a free port; "[::]:8443" and ":8443" all addresses.
  std::string listen = "127.0.0.1:0";
  std::optional<ServerTls> tls = std::nullopt;
  ServerLimits limits = {};
  int threads = 2;
  /// Where set, it must outlive the server: connections, requests by status class, rejects.
  metrics::Registry* metrics = nullptr;
};

class Server {
 public:
  /// Reads the TLS files. Errors: InvalidArgument (address, certificate), NotFound (file).
  static Result<std::unique_ptr<Server>> Create(ServerOptions options);
  virtual ~Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Before Start only. A path that ends in '/' matches everything below it. An unknown path is
  /// answered 404, a known one with another method 405.
  virtual void Route(std::string_view method, std::string_view path, Handler handler,
                     RouteOptions options = {}) = 0;
  /// Binds and serves from own threads. Errors: Unavailable naming the address.
  virtual Status Start() = 0;
  /// The bound port; 0 before Start.
  virtual std::uint16_t Port() const = 0;
  /// Reads certificate and key anew for later handshakes. Errors: as Create; the old ones stay.
  virtual Status ReloadCertificates() = 0;
  /// Takes no new connection, lets requests in hand finish within drain_timeout, joins the
  /// threads. Called by the destructor too. Never from a handler.
  virtual void Stop() = 0;

 protected:
  Server() = default;
};

/// /healthz (200 while the process serves), /readyz (200 "ok", else 503 with what is missing) and
/// /metrics on a server of its own. `not_ready` returns an empty text when ready.
void AddHealthRoutes(Server& server, std::function<std::string()> not_ready,
                     const metrics::Registry* registry);

}  // namespace landwaiter::http
