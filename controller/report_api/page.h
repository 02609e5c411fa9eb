// Pages: a list goes on behind the last name that was given, so that nothing is kept of a caller
// between two pages, and what comes or goes meanwhile moves nothing else.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "controller/report_api/params.h"

namespace landwaiter::controller::report_api {

inline constexpr std::size_t kUsualPage = 100;
inline constexpr std::size_t kLargestPage = 500;

struct Page {
  std::size_t limit = kUsualPage;
  std::string after;   // the last name of the page before; "": from the beginning
  std::string filter;  // what the list is narrowed by, so that no token goes with another question

  /// The opaque token of the page behind `last`.
  std::string TokenAfter(const std::string& last) const;
};

/// Reads `limit` and `continue`. `filter`: all other parameters of the question as one text.
/// Errors: InvalidArgument, reason InvalidContinue, for a token of another list or none at all.
Result<Page> ReadPage(Params& params, const std::string& filter);

/// {"items": …, "continue": token or null}
nlohmann::json PageToJson(nlohmann::json items, const std::string& token);

}  // namespace landwaiter::controller::report_api
