// The pieces of the server that turn bytes into a request's head and an answer into bytes.
// Internal to the server: only its .cc files include this, as it needs Beast.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>
#include <memory>
#include <optional>
#include <string>

#include "lib/http/server_core.h"

namespace landwaiter::http {

/// A Beast body that grows as bytes come and takes each of them from the server's budget. A
/// declared Content-Length reserves nothing, so that lying costs the liar only.
struct LeasedBody {
  struct value_type {
    std::string data;
    std::shared_ptr<BodyLease> lease;
    bool budget_refused = false;
  };

  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(boost::beast::http::header<kIsRequest, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) {
      error = {};
    }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      const std::size_t size = boost::beast::buffer_bytes(buffers);
      if (!body_.lease->Grow(size)) {
        body_.budget_refused = true;
        error = boost::beast::http::error::buffer_overflow;
        return 0;
      }
      error = {};
      for (const auto part : boost::beast::buffers_range_ref(buffers)) {
        body_.data.append(static_cast<const char*>(part.data()), part.size());
      }
      return size;
    }

    void finish(boost::system::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };

  static std::uint64_t size(const value_type& body) { return body.data.size(); }
};

struct RequestHead {
  ServerRequest request;
  bool expects_continue = false;
  /// Why the request is refused although it parsed.
  std::optional<std::string> problem;
};

RequestHead ReadHead(const boost::beast::http::request<LeasedBody>& message);

ServerResponse TooLargeResponse(std::size_t limit_bytes);

/// How far a request had come when reading it failed.
struct ReadState {
  bool timed_out = false;
  bool no_room = false;  // the server's budget of bodies was used up
  bool in_header = false;
  std::size_t max_body_bytes = 0;
  const ServerLimits& limits;
};
/// What is answered then; nullopt where the client has gone.
std::optional<ServerResponse> AnswerToReadError(const boost::system::error_code& error,
                                                const ReadState& state);

/// Status line, fields and body in one piece.
std::string Serialized(const ServerResponse& response, bool keep_alive);

}  // namespace landwaiter::http
