#include "lib/http/server_parse.h"

#include <boost/beast/http/status.hpp>

#include "lib/base/text.h"

namespace landwaiter::http {
namespace {

/// Field values come from our own handlers, but may quote others: no line ends in them.
std::string OneLine(std::string_view value) {
  std::string out(value);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

bool HasNoBody(int status) { return status == 204 || status == 304; }

}  // namespace

RequestHead ReadHead(const boost::beast::http::request<LeasedBody>& message) {
  namespace be = boost::beast::http;
  RequestHead head;
  ServerRequest& request = head.request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  const std::size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  if (!request.target.starts_with('/')) head.problem = "the target must start with '/'";
  if (message.version() != 10 && message.version() != 11) {
    head.problem = "only HTTP/1.0 and HTTP/1.1 are spoken here";
  }
  // RFC 9112, section 3.2: exactly one Host in HTTP/1.1.
  if (message.version() == 11 && message.count(be::field::host) != 1) {
    head.problem = "one Host header is needed";
  }
  head.expects_continue =
      message.version() == 11 &&
      text::EqualsIgnoreCase(
          std::string_view(message[be::field::expect].data(), message[be::field::expect].size()),
          "100-continue");
  return head;
}

ServerResponse TooLargeResponse(std::size_t limit_bytes) {
  return TextResponse(
      413, "request body too large: the limit is " + std::to_string(limit_bytes) + " bytes\n");
}

std::optional<ServerResponse> AnswerToReadError(const boost::system::error_code& error,
                                                const ReadState& state) {
  namespace be = boost::beast::http;
  if (state.timed_out) {
    return TextResponse(408, "request timeout: the request did not come in time\n");
  }
  if (state.no_room) {
    ServerResponse busy = TextResponse(503, "too many request bodies in hand, try again\n");
    busy.headers = {{"Retry-After", "1"}};
    return busy;
  }
  if (error == be::error::body_limit) return TooLargeResponse(state.max_body_bytes);
  if (error == be::error::header_limit ||
      (error == be::error::buffer_overflow && state.in_header)) {
    return TextResponse(431, "request header fields too large: the limit is " +
                                 std::to_string(state.limits.max_header_bytes) + " bytes\n");
  }
  const bool malformed = error.category() == be::make_error_code(be::error::bad_method).category();
  if (!malformed || error == be::error::end_of_stream || error == be::error::partial_message) {
    return std::nullopt;
  }
  return TextResponse(400, "bad request: " + error.message() + "\n");
}

std::string Serialized(const ServerResponse& response, bool keep_alive) {
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  std::string out;
  out.reserve(256 + response.body.size());
  out += "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(reason.data(), reason.size());
  out += "\r\n";
  if (!HasNoBody(response.status)) {
    out += "Content-Type: " + OneLine(response.content_type) + "\r\n";
    out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  for (const auto& [name, value] : response.headers) {
    out += OneLine(name) + ": " + OneLine(value) + "\r\n";
  }
  if (!keep_alive) out += "Connection: close\r\n";
  out += "\r\n";
  if (!HasNoBody(response.status)) out += response.body;
  return out;
}

}  // namespace landwaiter::http
