// The accept loop and the life of a server. Method: one non-blocking listening socket, accepted
// from by hand (close-on-exec); when the house is full the cheapest connection goes (one that has
// not yet sent a request, the oldest first), and only when more than half are being answered the
// door is shut until one has left. That takes the place of a cap per address, since the API server
// is one address and must never be capped.
#include "lib/http/server.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <cerrno>
#include <cstring>
#include <thread>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/http/server_core.h"

namespace landwaiter::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Accepted in one go before other work gets its turn.
constexpr int kAcceptBatch = 64;
constexpr std::chrono::milliseconds kFirstBackOff{20};
constexpr std::chrono::milliseconds kLongestBackOff{1000};
/// Descriptors that are kept for everything but connections: files, outgoing calls, the loop, and
/// connections that are closed a moment after others took their place.
constexpr std::size_t kReservedDescriptors = 256;

/// Raises the soft limit as far as allowed; returns how many connections fit under it.
std::size_t ConnectionsThatFit(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t needed = wanted + kReservedDescriptors;
  if (limit.rlim_cur < needed) {
    limit.rlim_cur = std::min(needed, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= needed) return wanted;
  return limit.rlim_cur > 2 * kReservedDescriptors ? limit.rlim_cur - kReservedDescriptors
                                                   : limit.rlim_cur / 2;
}

ServerMetrics MakeMetrics(metrics::Registry& registry, const std::string& server) {
  ServerMetrics out;
  const auto connections = [&](const char* event) {
    return &registry.AddCounter("landwaiter_http_connections_total",
                                "Connections of a server by what became of them.",
                                {{"server", server}, {"event", event}});
  };
  out.accepted = connections("accepted");
  out.dropped_full = connections("dropped_full");
  out.timeouts = connections("timeout");
  out.refused = connections("refused_request");
  static constexpr const char* kClasses[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (int i = 0; i < 6; ++i) {
    out.by_class[i] = &registry.AddCounter("landwaiter_http_answers_total",
                                           "Answers of a server by class of their status.",
                                           {{"server", server}, {"class", kClasses[i]}});
  }
  return out;
}

class BeastServer final : public Server {
 public:
  explicit BeastServer(ServerOptions options) {
    core_ = std::make_shared<ServerCore>(std::move(options));
    core_->counters = MakeMetrics(core_->options.metrics ? *core_->options.metrics : own_metrics_,
                                  core_->options.name);
  }

  ~BeastServer() override { Stop(); }

  Status LoadTls() {
    if (!core_->options.tls) return Ok();
    auto context = MakeServerTls(*core_->options.tls);
    if (!context) return std::move(context).error();
    core_->SetTls(*std::move(context));
    return Ok();
  }

  Status ReloadCertificates() override { return LoadTls(); }

  void Route(std::string_view method, std::string_view path, Handler handler,
             RouteOptions options) override {
    core_->AddRoute(method, path, {std::move(handler), options});
  }

  Status Start() override {
    max_connections_ = ConnectionsThatFit(core_->options.limits.max_connections);
    auto listener = Listen(core_->options.listen);
    if (!listener) return std::move(listener).error();
    port_ = listener->port;
    ipv6_ = listener->ipv6;
    strand_.emplace(asio::make_strand(*core_->io));
    acceptor_.emplace(*strand_);
    back_off_timer_.emplace(*strand_);
    error_code error;
    acceptor_->assign(ipv6_ ? tcp::v6() : tcp::v4(), listener->fd, error);
    if (error) {
      FileDescriptor closes(listener->fd);
      return Unavailable("listen address \"" + core_->options.listen + "\": " + error.message());
    }
    core_->on_unregister = [this] { ResumeIfPaused(); };
    work_.emplace(asio::make_work_guard(*core_->io));
    for (int i = 0; i < std::max(1, core_->options.threads); ++i) {
      threads_.emplace_back([core = core_] { RunLoop(*core); });
    }
    asio::post(*strand_, [this] { AwaitClients(); });
    log::Info("server listening", {{"server", core_->options.name}, {"port", port_}});
    return Ok();
  }

  std::uint16_t Port() const override { return port_; }

  void Stop() override {
    if (threads_.empty()) return;
    asio::post(*strand_, [this] {
      stopping_ = true;
      error_code ignored;
      acceptor_->close(ignored);
      back_off_timer_->cancel();
      // After the last accept, so that none is missed.
      for (const auto& connection : core_->Connections()) connection->Drain();
    });
    const auto now = std::chrono::steady_clock::now();
    const bool drained = core_->WaitForNone(now + core_->options.limits.drain_timeout);
    if (!drained) {
      log::Warn("server stops with requests in hand",
                {{"server", core_->options.name}, {"connections", core_->ConnectionCount()}});
      for (const auto& connection : core_->Connections()) connection->Abort();
    }
    core_->MarkStopped();
    work_.reset();
    threads_.clear();  // joins: the loops end when the last connection has
    core_->on_unregister = nullptr;
  }

 private:
  static void RunLoop(ServerCore& core) noexcept {
    for (;;) {
      try {
        core.io->run();
        return;
      } catch (const std::exception& error) {
        // Out of memory in one connection's step: that connection is gone, the rest go on.
        log::Error("server step failed", {{"server", core.options.name}, {"error", error.what()}});
      }
    }
  }

  void AwaitClients() {
    acceptor_->async_wait(tcp::acceptor::wait_read, [this](const error_code& error) {
      if (stopping_) return;
      if (error) return BackOff(error.message());
      AcceptSome();
    });
  }

  void AcceptSome() {
    for (int i = 0; i < kAcceptBatch; ++i) {
      if (IsFull() && !ClientWaits()) break;  // nobody is dropped for nobody
      if (!MakeRoom()) return;                // resumed when a connection has gone
      const int fd =
          ::accept4(acceptor_->native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
        return BackOff(std::strerror(errno));
      }
      back_off_ = kFirstBackOff;
      core_->counters.accepted->Add();
      if (auto connection = MakeConnection(core_, fd, ipv6_)) connection->Start();
    }
    AwaitClients();
  }

  bool IsFull() const { return core_->ConnectionCount() >= max_connections_; }

  bool ClientWaits() {
    pollfd waiting{acceptor_->native_handle(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) > 0;
  }

  /// False: most connections are being answered, and accepting is paused.
  bool MakeRoom() {
    if (!IsFull()) return true;
    if (core_->DropOne((max_connections_ + 1) / 2)) {
      core_->counters.dropped_full->Add();
      return true;
    }
    paused_.store(true);
    // One may have gone between the count and the flag.
    if (!IsFull() && paused_.exchange(false)) return true;
    return false;
  }

  void ResumeIfPaused() {
    if (!paused_.exchange(false)) return;
    core_->IfRunning([this] {
      asio::post(*strand_, [this] {
        if (!stopping_) AcceptSome();
      });
    });
  }

  /// Out of descriptors or memory: a pause, longer each time, in place of a spinning core.
  void BackOff(const std::string& reason) {
    log::Warn("accept failed", {{"server", core_->options.name}, {"error", reason}});
    back_off_timer_->expires_after(back_off_);
    back_off_ = std::min(back_off_ * 2, kLongestBackOff);
    back_off_timer_->async_wait([this](const error_code& cancelled) {
      if (!cancelled && !stopping_) AcceptSome();
    });
  }

  metrics::Registry own_metrics_;  // where the caller gave none
  std::shared_ptr<ServerCore> core_;
  std::optional<asio::strand<asio::io_context::executor_type>> strand_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> back_off_timer_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::jthread> threads_;
  std::size_t max_connections_ = 0;
  std::uint16_t port_ = 0;
  bool ipv6_ = false;
  bool stopping_ = false;  // on the strand only
  std::atomic<bool> paused_{false};
  std::chrono::milliseconds back_off_ = kFirstBackOff;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Create(ServerOptions options) {
  if (auto address = CheckListenAddress(options.listen); !address) return address.error();
  auto server = std::make_unique<BeastServer>(std::move(options));
  if (auto loaded = server->LoadTls(); !loaded) return loaded.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace landwaiter::http
