// What the report API answers: JSON documents and problems (RFC 9457), each with the headers that
// keep an answer out of caches, frames and scripts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/http/server.h"

namespace landwaiter::controller::report_api {

/// Above it: 422 TooLarge. A report of 100,000 packages has some 40 MiB.
inline constexpr std::size_t kMaxAnswerBytes = 64u << 20;

http::ServerResponse JsonAnswer(const nlohmann::json& body, int status = 200);
/// A document that is written already.
http::ServerResponse TextAnswer(std::string body, std::string content_type = "application/json");

/// `detail` is for the caller's eyes: it is made printable and cut.
http::ServerResponse Problem(int status, std::string_view reason, std::string_view detail);
/// The status that fits the error's code; its reason, else the code's name.
http::ServerResponse ProblemOf(const Error& error);

/// With the security headers, a Content-Security-Policy of its own kept; and, where a body of 200
/// is what the caller says to have (If-None-Match), 304 without one.
http::ServerResponse Finished(http::ServerResponse answer, std::string_view if_none_match);

}  // namespace landwaiter::controller::report_api
