// GET /v1/images, /v1/images/{digest}: what the ImageScans say, from any replica.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/report_api/answer.h"
#include "controller/report_api/documents.h"
#include "controller/report_api/page.h"
#include "controller/report_api/routes.h"
#include "lib/base/text.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

struct ImageFilter {
  std::string verdict;  // of `policy`, where that is set
  std::string policy;
  std::string ns;
  std::optional<Severity> severity;  // at least one finding of it or worse
  std::string text;                  // lower case

  std::string ToString() const {
    return verdict + "\n" + policy + "\n" + ns + "\n" +
           (severity ? std::string(SeverityName(*severity)) : "") + "\n" + text;
  }
};

ImageFilter ReadFilter(Params& params) {
  ImageFilter filter;
  filter.verdict = params.OneOf("verdict", {"Pass", "Warn", "Unknown", "Fail", "Pending"});
  filter.policy = params.Text("policy", 253);
  filter.ns = params.Text("namespace", 63);
  const std::string severity =
      params.OneOf("severity", {"Negligible", "Low", "Medium", "High", "Critical"});
  if (!severity.empty()) filter.severity = ParseSeverity(severity);  // "" is Unknown there
  filter.text = text::ToLower(params.Text("text"));
  return filter;
}

std::string VerdictFor(const resources::ImageScan& scan, const std::string& policy) {
  if (policy.empty()) return VerdictOf(scan);
  for (const auto& row : scan.status.policies) {
    if (row.name == policy) return row.verdict;
  }
  return "Pending";
}

bool HasSeverity(const resources::ImageScan& scan, Severity least) {
  if (!scan.status.vulnerabilities) return false;
  for (auto severity = static_cast<std::size_t>(least);
       severity <= static_cast<std::size_t>(Severity::kCritical); ++severity) {
    if (scan.status.vulnerabilities->by_severity[severity] > 0) return true;
  }
  return false;
}

bool Speaks(const resources::ImageScan& scan, const std::string& lower) {
  const auto holds = [&](const std::string& text) {
    return text::ToLower(text).find(lower) != std::string::npos;
  };
  return holds(scan.spec.image) || holds(scan.status.display_name) ||
         std::any_of(scan.status.references.begin(), scan.status.references.end(), holds);
}

bool Passes(const resources::ImageScan& scan, const ImageFilter& filter) {
  const auto& namespaces = scan.status.used_by_namespaces;
  if (!filter.verdict.empty() && VerdictFor(scan, filter.policy) != filter.verdict) return false;
  if (!filter.ns.empty() &&
      std::find(namespaces.begin(), namespaces.end(), filter.ns) == namespaces.end()) {
    return false;
  }
  if (filter.severity && !HasSeverity(scan, *filter.severity)) return false;
  return filter.text.empty() || Speaks(scan, filter.text);
}

}  // namespace

http::ServerResponse ListImages(const ReportSource& source, Call& call, const Cancellation&) {
  const ImageFilter filter = ReadFilter(call.params);
  const auto page = ReadPage(call.params, "images\n" + filter.ToString());
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  if (!page) return ProblemOf(page.error());
  json items = json::array();
  std::string last;
  for (const auto& record : source.Images()) {
    if (record->scan.name <= page->after || !Passes(record->scan, filter)) continue;
    if (items.size() == page->limit) return JsonAnswer(PageToJson(items, page->TokenAfter(last)));
    items.push_back(ImageToJson(record->scan));
    last = record->scan.name;
  }
  return JsonAnswer(PageToJson(std::move(items), ""));
}

http::ServerResponse GetImage(const ReportSource& source, Call& call, const Cancellation& cancel) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  const auto digest = ReadDigest(call.names[0]);
  if (!digest) return ProblemOf(digest.error());
  const auto record = FindImage(source, *digest);
  if (!record) return ProblemOf(record.error());
  // Informers leave out what only people read.
  const auto whole = source.Whole((*record)->scan.name, cancel);
  if (!whole) return ProblemOf(whole.error());
  json answer = ImageToJson(*whole);
  answer["admission"] = AdmissionToJson(source, *whole);
  answer["status"] = resources::StatusToJson(whole->status);
  return JsonAnswer(answer);
}

}  // namespace landwaiter::controller::report_api
