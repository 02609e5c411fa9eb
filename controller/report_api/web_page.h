// The page for people: files that hold no data, open to everybody, whose script asks /v1 as any
// other caller does, with a token that a person gives it (docs/adr/0025).
#pragma once

#include <optional>
#include <string_view>

#include "lib/http/server.h"

namespace landwaiter::controller::report_api {

/// What is served at that path, with the policy that keeps the page to its own origin; nullopt
/// where it is none of the page's. Lacks the headers of Finished (answer.h).
std::optional<http::ServerResponse> WebPage(std::string_view method, std::string_view path);

}  // namespace landwaiter::controller::report_api
