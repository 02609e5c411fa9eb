// A request to the report API from any bytes: the method, a blank, the target, a line break, the
// body. Whatever it is, the answer is a document or a problem that says why there is none, and
// holds no control character.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "controller/report_api/documents.h"
#include "controller/report_api/page.h"
#include "controller/report_api/routes.h"
#include "tests/unit/controller/report_api/fake_source.h"

namespace {

using namespace landwaiter;
using namespace landwaiter::controller::report_api;

const FakeSource& Source() {
  static const FakeSource* const kSource = [] {
    auto* source = new FakeSource;
    source->Add("cart", {controller::AFinding("CVE-2021-44228", Severity::kCritical, "3.0.2")});
    source->Add("web");
    return source;
  }();
  return *kSource;
}

void Check(const http::ServerResponse& answer) {
  const bool plain = std::none_of(answer.body.begin(), answer.body.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n';
  });
  if (!plain || !nlohmann::json::accept(answer.body)) std::abort();
  const bool problem = answer.content_type == "application/problem+json";
  if (problem == (answer.status < 300) || answer.status >= 500) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string head = text.substr(0, line);
  const std::string body = line < text.size() ? text.substr(line + 1) : "";
  const std::size_t blank = std::min(head.find(' '), head.size());
  const std::string target = blank < head.size() ? head.substr(blank + 1) : "";
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string query = mark < target.size() ? target.substr(mark + 1) : "";

  if (const auto token = BearerToken(head); token && token->empty()) std::abort();
  if (const auto digest = ReadDigest(head); digest && digest->ToString() != head) std::abort();
  Params params(query);
  if (const auto page = ReadPage(params, "fuzz"); page && page->limit > kLargestPage) std::abort();
  const Matched matched = FindRoute(head.substr(0, blank), target.substr(0, mark));
  if (matched.route == nullptr) return 0;
  Call call{matched.names, Params(query), "application/json", body};
  Check(matched.route->handle(Source(), call, Cancellation{}));
  return 0;
}
