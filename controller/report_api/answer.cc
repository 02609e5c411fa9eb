#include "controller/report_api/answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/report_api/source.h"
#include "lib/base/digest.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

namespace landwaiter::controller::report_api {
namespace {

constexpr std::size_t kMaxDetail = 512;

std::string_view TitleOf(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

int StatusOf(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kUnsupported:
      return 422;
    case Code::kResourceExhausted:
      return 429;
    case Code::kUnavailable:
    case Code::kCancelled:
      return 503;
    case Code::kDeadlineExceeded:
      return 504;
    case Code::kDataLoss:
    case Code::kInternal:
      return 500;
  }
  return 500;
}

/// RFC 9110, section 13.1.2: a list of tags, compared weakly, or "*".
bool Names(std::string_view if_none_match, std::string_view tag) {
  for (std::string_view one : text::Split(if_none_match, ',')) {
    one = text::Trim(one);
    if (one == "*") return true;
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag) return true;
  }
  return false;
}

}  // namespace

http::ServerResponse JsonAnswer(const nlohmann::json& body, int status) {
  http::ServerResponse answer = TextAnswer(DumpJson(body) + "\n");
  if (answer.status == 200) answer.status = status;
  return answer;
}

http::ServerResponse TextAnswer(std::string body, std::string content_type) {
  if (body.size() > kMaxAnswerBytes) {
    return Problem(422, "TooLarge", "the answer has more than 64 MiB: ask for less of it");
  }
  return {.status = 200, .body = std::move(body), .content_type = std::move(content_type)};
}

http::ServerResponse Problem(int status, std::string_view reason, std::string_view detail) {
  const nlohmann::json body = {{"type", "about:blank"},
                               {"title", TitleOf(status)},
                               {"status", status},
                               {"reason", reason},
                               {"detail", text::Printable(text::Truncate(detail, kMaxDetail))}};
  return {
      .status = status, .body = DumpJson(body) + "\n", .content_type = "application/problem+json"};
}

http::ServerResponse ProblemOf(const Error& error) {
  http::ServerResponse answer =
      Problem(StatusOf(error.code), error.reason.empty() ? CodeName(error.code) : error.reason,
              error.message);
  if (answer.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (answer.status == 429 || answer.status == 503) answer.headers.emplace_back("Retry-After", "1");
  // A browser asks again by the connection that it has, which leads to this replica.
  answer.close = error.reason == kReasonNotTheLeader;
  return answer;
}

http::ServerResponse Finished(http::ServerResponse answer, std::string_view if_none_match) {
  if (answer.status == 200) {
    const std::string tag = "\"" + std::string(Sha256::Of(answer.body).Hex()) + "\"";
    answer.headers.emplace_back("ETag", tag);
    if (!if_none_match.empty() && Names(if_none_match, tag)) {
      answer.status = 304;
      answer.body.clear();
    }
  }
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  const auto is_policy = [](const auto& header) {
    return header.first == "Content-Security-Policy";
  };
  if (std::none_of(answer.headers.begin(), answer.headers.end(), is_policy)) {
    answer.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; frame-ancestors 'none'");
  }
  answer.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  return answer;
}

}  // namespace landwaiter::controller::report_api
