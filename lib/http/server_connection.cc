// One connection: a state machine on its own strand, with one deadline for whatever phase it is
// in. Method: Beast parses (header first, then the body under the route's limit); while a request
// is answered a read stays open, so that a client that hangs up is noticed and the next request of
// a kept connection is already being read. Header and body of an answer leave in one write, since
// two cost a delayed acknowledgement (40 ms) each. After an answer that ends the connection the
// rest of what the client sends is read and dropped for a moment, because a close with unread
// bytes makes the kernel send a reset, which can destroy the answer before it is read.
#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <limits>
#include <optional>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/http/server_core.h"
#include "lib/http/server_parse.h"

namespace landwaiter::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using Milliseconds = std::chrono::milliseconds;

/// How long the rest of a refused request is read and dropped.
constexpr Milliseconds kLingerTime{2000};
/// How long a TLS client's own goodbye is waited for.
constexpr Milliseconds kGoodbyeTime{250};
/// Room for a header of 16 KiB and a first piece of body; pieces of this size make a large body.
constexpr std::size_t kReadBufferBytes = 64 * 1024;
/// What a client may send ahead while its request is answered.
constexpr std::size_t kReadAheadBytes = 4096;

enum class Phase { kHandshake, kWaiting, kHeader, kBody, kAnswering, kWriting, kEnding, kClosed };

template <class Stream>
class ConnectionOf final : public Connection,
                           public std::enable_shared_from_this<ConnectionOf<Stream>> {
  static constexpr bool kTls = !std::is_same_v<Stream, tcp::socket>;

 public:
  ConnectionOf(std::shared_ptr<ServerCore> core, tcp::socket socket) requires(!kTls)
      : core_(std::move(core)), stream_(std::move(socket)), timer_(stream_.get_executor()) {}

  ConnectionOf(std::shared_ptr<ServerCore> core, tcp::socket socket,
               std::shared_ptr<asio::ssl::context> context) requires kTls
      : core_(std::move(core)),
        context_(std::move(context)),
        stream_(std::move(socket), *context_),
        timer_(stream_.get_executor()) {}

  ~ConnectionOf() override { core_->Unregister(id_); }

  void Start() override {
    id_ = core_->Register(this->shared_from_this());
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->Begin(); });
  }

  void Abort() override {
    core_->IfRunning([this] {
      asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->Close(); });
    });
  }

  void Drain() override {
    core_->IfRunning([this] {
      asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
        self->draining_ = true;
        if (self->phase_ == Phase::kWaiting || self->phase_ == Phase::kHandshake) self->Close();
      });
    });
  }

 private:
  const ServerLimits& limits() const { return core_->options.limits; }
  tcp::socket& socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  // ---- deadlines ----

  void Arm(Milliseconds time) {
    timed_out_ = false;
    timer_.expires_after(time);
    timer_.async_wait([self = this->shared_from_this()](const error_code& error) {
      if (!error && self->timer_.expiry() <= std::chrono::steady_clock::now()) self->OnDeadline();
    });
  }

  void OnDeadline() {
    core_->counters.timeouts->Add();
    // In the middle of a request the client is told; the pending read returns and does it.
    if (phase_ == Phase::kBody || (phase_ == Phase::kHeader && parser_->got_some())) {
      timed_out_ = true;
      error_code ignored;
      socket().cancel(ignored);
      return;
    }
    Close();
  }

  void Close() {
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kClosed;
    timer_.cancel();
    gone_.request_stop();
    error_code ignored;
    socket().close(ignored);
    core_->Unregister(id_);
  }

  // ---- opening ----

  void Begin() {
    if (phase_ == Phase::kClosed) return;
    error_code error;
    socket().set_option(tcp::no_delay(true), error);
    const auto peer = socket().remote_endpoint(error);
    if (error) return Close();  // gone already
    remote_ = AddressText(peer.address().to_string(), peer.port());
    if constexpr (kTls) {
      Arm(limits().handshake_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](const error_code& failed) {
                                self->OnHandshake(failed);
                              });
    } else {
      AwaitRequest();
    }
  }

  void OnHandshake(const error_code& error) {
    if (error || draining_ || phase_ == Phase::kClosed) return Close();
    if constexpr (kTls) {
      peer_name_ = PeerCommonName(stream_.native_handle());
    }
    AwaitRequest();
  }

  // ---- reading ----

  void AwaitRequest() {
    phase_ = Phase::kWaiting;
    if (draining_) return Linger();
    if (buffer_.size() > 0) return ReadHeader();
    core_->SetStanding(id_, first_ ? Standing::kSilent : Standing::kIdle);
    Arm(first_ ? limits().header_timeout : limits().idle_timeout);
    ReadAhead();
  }

  /// One open read, whatever the phase; never two.
  void ReadAhead() {
    if (reading_ || client_gone_) return;
    reading_ = true;
    stream_.async_read_some(
        buffer_.prepare(kReadAheadBytes),
        [self = this->shared_from_this()](const error_code& error, std::size_t size) {
          self->OnReadAhead(error, size);
        });
  }

  void OnReadAhead(const error_code& error, std::size_t size) {
    reading_ = false;
    buffer_.commit(size);
    if (phase_ == Phase::kClosed) return;
    if (phase_ == Phase::kEnding) return SayGoodbye();
    if (error) {
      client_gone_ = true;
      gone_.request_stop();
      if (phase_ == Phase::kWaiting) Close();
      return;
    }
    if (phase_ == Phase::kWaiting) ReadHeader();
  }

  void ReadHeader() {
    phase_ = Phase::kHeader;
    // The first request's time runs from the handshake, so that silence and slowness share it.
    if (!first_) {
      Arm(limits().header_timeout);
      core_->SetStanding(id_, Standing::kSending);
    }
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits().max_header_bytes));
    // The route's limit is set when the route is known. Not boost::none: Beast 1.74 compares the
    // length with it as an optional, and every number is more than none.
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
    parser_->get().body().lease = std::make_shared<BodyLease>(core_->bodies);
    beast::http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](const error_code& error, std::size_t) {
          self->OnHeader(error);
        });
  }

  void OnHeader(const error_code& error) {
    if (phase_ == Phase::kClosed) return;
    first_ = false;
    if (error) return RefuseFor(error);
    RequestHead head = ReadHead(parser_->get());
    if (head.problem) return Refuse(400, "bad request: " + *head.problem);
    if (!core_->IsAllowed(peer_name_))
      return Refuse(403, "this client certificate may not call here");
    int status = 0;
    std::string allowed;
    route_ = core_->FindRoute(head.request.method, head.request.path, status, allowed);
    if (route_ == nullptr) {
      return Refuse(status, status == 405 ? "method not allowed" : "not found",
                    allowed.empty() ? HeaderList{} : HeaderList{{"Allow", allowed}});
    }
    const auto length = parser_->content_length();
    if (length && *length > MaxBody()) return Refuse(TooLargeResponse(MaxBody()));
    parser_->body_limit(MaxBody());
    request_ = std::move(head.request);
    request_.remote = remote_;
    request_.peer_name = peer_name_;
    if (parser_->is_done()) return Dispatch();
    core_->SetStanding(id_, Standing::kSending);
    phase_ = Phase::kBody;
    Arm(limits().body_timeout);
    if (head.expects_continue) return SendContinue();
    ReadBody();
  }

  void SendContinue() {
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(out_),
                      [self = this->shared_from_this()](const error_code& error, std::size_t) {
                        if (self->phase_ == Phase::kClosed) return;
                        if (error) return self->timed_out_ ? self->RefuseFor(error) : self->Close();
                        self->ReadBody();
                      });
  }

  void ReadBody() {
    beast::http::async_read(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](const error_code& error, std::size_t) {
          if (self->phase_ == Phase::kClosed) return;
          if (error) return self->RefuseFor(error);
          self->Dispatch();
        });
  }

  // ---- answering ----

  void Dispatch() {
    phase_ = Phase::kAnswering;
    timer_.cancel();
    core_->SetStanding(id_, Standing::kAnswering);
    keep_alive_ = parser_->keep_alive() && parser_->get().version() == 11;
    LeasedBody::value_type& body = parser_->get().body();
    request_.body = std::move(body.data);
    request_.body_lease = std::move(body.lease);
    gone_ = std::stop_source();
    request_.disconnected = gone_.get_token();
    parser_.reset();
    // A client that has sent its next request already is not watched: its bytes wait their turn.
    if (buffer_.size() == 0) ReadAhead();
    Responder responder([self = this->shared_from_this()](ServerResponse&& response) {
      self->core_->IfRunning([&] {
        asio::post(self->stream_.get_executor(),
                   [self, response = std::move(response)] { self->Write(response); });
      });
    });
    try {
      route_->handler(std::move(request_), std::move(responder));
    } catch (const std::exception& error) {
      // The responder is gone with the stack and has answered 500.
      log::Error("handler failed", {{"server", core_->options.name}, {"error", error.what()}});
    }
    request_ = {};
  }

  void Write(const ServerResponse& response) {
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kWriting;
    keep_alive_ = keep_alive_ && !response.close && !draining_ && !client_gone_;
    const int status_class = response.status / 100;
    core_->counters.by_class[status_class > 0 && status_class < 6 ? status_class : 5]->Add();
    out_ = Serialized(response, keep_alive_);
    Arm(limits().write_timeout +
        Milliseconds(1000 * (out_.size() / limits().slowest_write_bytes_per_second)));
    asio::async_write(stream_, asio::buffer(out_),
                      [self = this->shared_from_this()](const error_code& error, std::size_t) {
                        self->OnWritten(error);
                      });
  }

  void OnWritten(const error_code& error) {
    if (phase_ == Phase::kClosed) return;
    std::string().swap(out_);
    if (error) return Close();
    if (keep_alive_) return AwaitRequest();
    Linger();
  }

  // ---- refusing and closing ----

  void RefuseFor(const error_code& error) {
    const ReadState state{timed_out_, parser_->get().body().budget_refused,
                          phase_ == Phase::kHeader, MaxBody(), limits()};
    auto answer = AnswerToReadError(error, state);
    if (!answer) return Close();  // the client has gone
    Refuse(std::move(*answer));
  }

  std::size_t MaxBody() const { return route_ != nullptr ? route_->options.max_body_bytes : 0; }

  void Refuse(int status, std::string text, HeaderList headers = {}) {
    ServerResponse response = TextResponse(status, std::move(text) + "\n");
    response.headers = std::move(headers);
    Refuse(std::move(response));
  }

  void Refuse(const ServerResponse& response) {
    core_->counters.refused->Add();
    // Where a body was announced and not read, the connection ends with the answer.
    unread_body_ = !parser_->is_done();
    keep_alive_ = !unread_body_ && parser_->keep_alive() && parser_->get().version() == 11;
    core_->SetStanding(id_, Standing::kClosing);
    parser_.reset();
    Write(response);
  }

  void Linger() {
    phase_ = Phase::kEnding;
    core_->SetStanding(id_, Standing::kClosing);
    Arm(unread_body_ ? kLingerTime : kGoodbyeTime);
    if (!reading_) return SayGoodbye();
    error_code ignored;
    socket().cancel(ignored);  // the open read ends, and says goodbye
  }

  void SayGoodbye() {
    if constexpr (kTls) {
      stream_.async_shutdown(
          [self = this->shared_from_this()](const error_code&) { self->DropRest(); });
    } else {
      DropRest();
    }
  }

  void DropRest() {
    if (phase_ == Phase::kClosed) return;
    error_code error;
    socket().shutdown(tcp::socket::shutdown_send, error);
    if (error || !unread_body_) return Close();
    DropSome();
  }

  void DropSome() {
    buffer_.clear();
    socket().async_read_some(
        buffer_.prepare(kReadBufferBytes / 2),
        [self = this->shared_from_this()](const error_code& error, std::size_t) {
          if (self->phase_ == Phase::kClosed) return;
          if (error) return self->Close();
          self->DropSome();
        });
  }

  std::shared_ptr<ServerCore> core_;
  std::shared_ptr<asio::ssl::context> context_;  // before the stream, which refers to it
  Stream stream_;
  asio::steady_timer timer_;
  std::uint64_t id_ = 0;
  Phase phase_ = Phase::kHandshake;
  bool first_ = true;
  bool reading_ = false;
  bool client_gone_ = false;
  bool timed_out_ = false;
  bool draining_ = false;
  bool keep_alive_ = false;
  bool unread_body_ = false;
  beast::flat_buffer buffer_{kReadBufferBytes};
  std::optional<beast::http::request_parser<LeasedBody>> parser_;
  const RouteEntry* route_ = nullptr;
  ServerRequest request_;
  std::stop_source gone_;
  std::string remote_;
  std::string peer_name_;
  std::string out_;
};

}  // namespace

std::shared_ptr<Connection> MakeConnection(std::shared_ptr<ServerCore> core, int fd, bool ipv6) {
  tcp::socket socket(asio::make_strand(*core->io));
  error_code error;
  socket.assign(ipv6 ? tcp::v6() : tcp::v4(), fd, error);
  if (error) {
    FileDescriptor closes(fd);
    return nullptr;
  }
  if (auto context = core->Tls()) {
    return std::make_shared<ConnectionOf<beast::ssl_stream<tcp::socket>>>(
        std::move(core), std::move(socket), std::move(context));
  }
  return std::make_shared<ConnectionOf<tcp::socket>>(std::move(core), std::move(socket));
}

}  // namespace landwaiter::http
