// What the connections of one server share. Internal to the server; Asio's types stay declared.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/http/server.h"

struct ssl_st;  // OpenSSL's SSL
namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace landwaiter::http {

/// How dear a connection is when the house is full: cheaper ones are dropped first.
enum class Standing {
  kClosing,   // answered, only draining what the client still sends
  kSilent,    // has not yet sent a whole header
  kIdle,      // kept alive between requests
  kSending,   // in the middle of a body
  kAnswering  // never dropped
};

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void Start() = 0;
  /// From any thread: closes at once.
  virtual void Abort() = 0;
  /// From any thread: closes when no request is in hand, else after its answer.
  virtual void Drain() = 0;
};

/// Bytes of bodies in memory, over all connections of a server.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t limit) : limit_(limit) {}
  bool Take(std::size_t bytes);
  void Give(std::size_t bytes) { used_.fetch_sub(bytes); }
  std::size_t used() const { return used_.load(); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

/// One body's share; grows as bytes come, so that a declared length alone takes nothing.
class BodyLease {
 public:
  explicit BodyLease(std::shared_ptr<BodyBudget> budget) : budget_(std::move(budget)) {}
  ~BodyLease() { budget_->Give(held_); }
  BodyLease(const BodyLease&) = delete;
  BodyLease& operator=(const BodyLease&) = delete;
  bool Grow(std::size_t bytes);

 private:
  std::shared_ptr<BodyBudget> budget_;
  std::size_t held_ = 0;
};

struct RouteEntry {
  Handler handler;
  RouteOptions options;
};

struct ServerMetrics {
  metrics::Counter* accepted = nullptr;
  metrics::Counter* dropped_full = nullptr;
  metrics::Counter* timeouts = nullptr;
  metrics::Counter* refused = nullptr;  // answered by the server itself: 4xx, 503
  metrics::Counter* by_class[6] = {};   // index: status / 100
};

/// Outlives every connection and every Responder (they share it), so that a late answer finds a
/// place where it is dropped.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  explicit ServerCore(ServerOptions server_options);
  ~ServerCore();

  ServerOptions options;
  ServerMetrics counters;
  std::shared_ptr<BodyBudget> bodies;
  std::unique_ptr<boost::asio::io_context> io;

  /// True where the list of client certificates' common names has this one, or there is none.
  bool IsAllowed(const std::string& peer_name) const;
  void SetTls(std::shared_ptr<boost::asio::ssl::context> context);
  std::shared_ptr<boost::asio::ssl::context> Tls() const;

  // Routes: written before Start only.
  void AddRoute(std::string_view method, std::string_view path, RouteEntry entry);
  /// The route, or nullptr with the status (404, 405) and for 405 the allowed methods.
  const RouteEntry* FindRoute(const std::string& method, const std::string& path, int& status,
                              std::string& allowed) const;

  // Connections.
  std::uint64_t Register(const std::shared_ptr<Connection>& connection);
  void SetStanding(std::uint64_t id, Standing standing);
  void Unregister(std::uint64_t id);
  std::size_t ConnectionCount() const;
  /// Aborts the cheapest connection, the oldest in its standing first. False where fewer than
  /// `at_least` are not being answered: those that came last still need time to say what they want.
  bool DropOne(std::size_t at_least);
  std::vector<std::shared_ptr<Connection>> Connections() const;
  /// True when none is left before `deadline`.
  bool WaitForNone(std::chrono::steady_clock::time_point deadline);
  /// Called (on any thread) whenever a connection has gone.
  std::function<void()> on_unregister;

  /// Runs `post` unless the server has stopped; false then. Posting and stopping exclude each
  /// other, so that nothing is queued on a loop that runs no more.
  bool IfRunning(const std::function<void()>& post);
  void MarkStopped();

 private:
  struct Entry {
    std::weak_ptr<Connection> connection;
    Standing standing = Standing::kSilent;
    std::uint64_t since = 0;  // sequence number of the last change of standing
  };

  std::map<std::string, std::map<std::string, RouteEntry>, std::less<>> routes_;
  mutable std::mutex tls_mutex_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  mutable std::mutex mutex_;
  std::condition_variable none_left_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::uint64_t sequence_ = 0;
  std::mutex running_mutex_;
  bool running_ = true;
};

/// Takes over the accepted socket. TLS where the core has a context.
std::shared_ptr<Connection> MakeConnection(std::shared_ptr<ServerCore> core, int fd, bool ipv6);

/// A context of TLS 1.2 and above from the files. Errors: NotFound, InvalidArgument.
Result<std::shared_ptr<boost::asio::ssl::context>> MakeServerTls(const ServerTls& files);

/// The common name of the client's verified certificate, "" where it showed none.
std::string PeerCommonName(ssl_st* connection);

/// A listening, non-blocking, close-on-exec socket on "HOST:PORT". Errors: InvalidArgument for
/// the form, Unavailable where it cannot be bound.
struct Listener {
  int fd = -1;
  std::uint16_t port = 0;
  bool ipv6 = false;
};
Result<Listener> Listen(const std::string& address);
/// "127.0.0.1:443", "[::1]:443".
std::string AddressText(const std::string& ip, std::uint16_t port);
Status CheckListenAddress(const std::string& address);

}  // namespace landwaiter::http
