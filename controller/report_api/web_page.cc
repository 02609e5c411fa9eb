#include "controller/report_api/web_page.h"

#include "controller/report_api/answer.h"
#include "controller/report_api/web_assets.h"
#include "report/html/assets.h"

namespace landwaiter::controller::report_api {
namespace {

/// CSP Level 3: what the page is made of and asks comes from where it came from itself; nothing is
/// written into it but by the DOM (Trusted Types), nothing frames it, no form leaves it.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

struct WebFile {
  std::string_view path;
  std::string_view type;
  const std::string_view& text;
};

constexpr char kHtml[] = "text/html; charset=utf-8";
constexpr char kCss[] = "text/css; charset=utf-8";
constexpr char kScript[] = "text/javascript; charset=utf-8";

const WebFile kFiles[] = {
    {"/", kHtml, kWebIndex},
    // The style of `landwaiter scan --format html`: one look for both.
    {"/page/report.css", kCss, report::html::kStyle},
    {"/page/page.css", kCss, kWebStyle},
    {"/page/main.js", kScript, kWebMain},
    {"/page/api.js", kScript, kWebApi},
    {"/page/dom.js", kScript, kWebDom},
    {"/page/parts.js", kScript, kWebParts},
    {"/page/overview.js", kScript, kWebOverview},
    {"/page/history.js", kScript, kWebHistory},
    {"/page/images.js", kScript, kWebImages},
    {"/page/image.js", kScript, kWebImage},
    {"/page/policies.js", kScript, kWebPolicies},
    {"/page/query.js", kScript, kWebQuery},
};

}  // namespace

std::optional<http::ServerResponse> WebPage(std::string_view method, std::string_view path) {
  for (const WebFile& file : kFiles) {
    if (path != file.path) continue;
    if (method != "GET" && method != "HEAD") {
      http::ServerResponse answer = Problem(405, "MethodNotAllowed", "not by this method");
      answer.headers.emplace_back("Allow", "GET, HEAD");
      return answer;
    }
    http::ServerResponse answer = TextAnswer(std::string(file.text), std::string(file.type));
    answer.headers.emplace_back("Content-Security-Policy", kPolicy);
    answer.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    return answer;
  }
  return std::nullopt;
}

}  // namespace landwaiter::controller::report_api
