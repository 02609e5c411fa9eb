#include "controller/report_api/page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/digest.h"
#include "lib/base/text.h"

namespace landwaiter::controller::report_api {
namespace {

constexpr std::size_t kMarkChars = 16;

/// Not against forgery (a forged token only skips names): against a mix-up.
std::string MarkOf(const std::string& filter) {
  return std::string(Sha256::Of(filter).Hex().substr(0, kMarkChars));
}

/// RFC 4648, section 5: a token goes into a query as it is.
std::string ToUrl(std::string base64) {
  std::replace(base64.begin(), base64.end(), '+', '-');
  std::replace(base64.begin(), base64.end(), '/', '_');
  while (base64.ends_with('=')) base64.pop_back();
  return base64;
}

std::string FromUrl(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text;
}

}  // namespace

std::string Page::TokenAfter(const std::string& last) const {
  return ToUrl(text::Base64Encode(MarkOf(filter) + last));
}

Result<Page> ReadPage(Params& params, const std::string& filter) {
  Page page;
  page.limit = params.Count("limit", kUsualPage, kLargestPage);
  page.filter = filter;
  const std::string token = params.Text("continue", 1024);
  if (token.empty()) return page;
  const auto text = text::Base64Decode(FromUrl(token));
  const std::string mark = MarkOf(filter);
  if (!text || !text->starts_with(mark) || text->size() == mark.size() ||
      text::Printable(*text) != *text) {
    return InvalidArgument("continue: not a token of this list with these parameters")
        .WithReason("InvalidContinue");
  }
  page.after = text->substr(mark.size());
  return page;
}

nlohmann::json PageToJson(nlohmann::json items, const std::string& token) {
  return {{"items", std::move(items)},
          {"continue", token.empty() ? nlohmann::json() : nlohmann::json(token)}};
}

}  // namespace landwaiter::controller::report_api
