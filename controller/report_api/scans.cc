// POST /v1/scans, GET /v1/scans/{name}: a person's request for a scan, the only thing that the
// report API writes.
#include <nlohmann/json.hpp>

#include "controller/plan.h"
#include "controller/report_api/answer.h"
#include "controller/report_api/documents.h"
#include "controller/report_api/routes.h"
#include "lib/base/json.h"
#include "lib/base/text.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

// The schema of ImageScan says so too.
constexpr std::size_t kMaxImage = 512;
constexpr JsonLimits kBodyLimits{.max_bytes = 16 * 1024, .max_depth = 4, .max_values = 16};

bool IsJson(const std::string& content_type) {
  const std::string_view type = std::string_view(content_type).substr(0, content_type.find(';'));
  return text::EqualsIgnoreCase(text::Trim(type), "application/json");
}

Result<ImageReference> ReadWish(const std::string& body) {
  const auto parsed = ParseJson(body, kBodyLimits);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return InvalidArgument("the body must be an object");
  for (const auto& [name, value] : parsed->items()) {
    if (name != "image") return InvalidArgument(name + ": there is no such field");
    if (!value.is_string()) return InvalidArgument("image: must be a text");
  }
  const std::string image = parsed->value("image", "");
  if (image.empty()) return InvalidArgument("image: is missing");
  if (image.size() > kMaxImage) return InvalidArgument("image: longer than 512 bytes");
  auto reference = ImageReference::Parse(image);
  if (!reference) return std::move(reference).error().Context("image");
  return reference;
}

bool IsObjectName(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!plain) return false;
  }
  return true;
}

}  // namespace

http::ServerResponse RequestScan(const ReportSource& source, Call& call,
                                 const Cancellation& cancel) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  if (!IsJson(call.content_type)) {
    return Problem(415, "UnsupportedMediaType", "the body must be application/json");
  }
  const auto image = ReadWish(call.body);
  if (!image) {
    return Problem(400, "InvalidBody", image.error().message);
  }
  const auto name = source.RequestScan(*image, cancel);
  if (!name) return ProblemOf(name.error());
  http::ServerResponse answer = JsonAnswer({{"name", *name}, {"image", image->ToString()}}, 202);
  answer.headers.emplace_back("Location", "/v1/scans/" + *name);
  return answer;
}

http::ServerResponse GetScan(const ReportSource& source, Call& call, const Cancellation& cancel) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  if (!IsObjectName(call.names[0])) return Problem(404, "NotFound", "there is no such scan");
  const auto scan = source.Whole(call.names[0], cancel);
  if (!scan) return ProblemOf(scan.error());
  // Of a request that was asked again, what stands there may be about another image.
  const bool stands =
      CanonicalDigest(*scan) || scan->status.observed_generation >= scan->generation;
  const auto digest = Digest::Parse(scan->status.digest);
  json ready = stands ? ReadyToJson(*scan)
                      : json{{"status", "Unknown"},
                             {"reason", "Pending"},
                             {"message", "nobody has looked again yet"}};
  return JsonAnswer({{"name", scan->name},
                     {"image", scan->spec.image},
                     {"digest", stands && digest ? json(digest->ToString()) : json()},
                     {"ready", std::move(ready)},
                     {"verdict", stands ? VerdictOf(*scan) : "Pending"}});
}

}  // namespace landwaiter::controller::report_api
