// GET /v1/images, /v1/images/{digest}: what the ImageScans say, from any replica.
#include <algorithm>
#include <cstdio>
#include <memory>
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
  std::optional<bool> running;
  bool worst_first = false;

  std::string ToString() const {
    return verdict + "\n" + policy + "\n" + ns + "\n" +
           (severity ? std::string(SeverityName(*severity)) : "") + "\n" + text + "\n" +
           (running ? (*running ? "yes" : "no") : "") + "\n" + (worst_first ? "worst" : "name");
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
  filter.running = params.Flag("running");
  filter.worst_first = params.OneOf("order", {"name", "worst"}) == "worst";
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
  if (filter.running && *filter.running != (scan.status.used_by_pods > 0)) return false;
  if (filter.severity && !HasSeverity(scan, *filter.severity)) return false;
  return filter.text.empty() || Speaks(scan, filter.text);
}

/// Sorts behind what is not as bad: the worse the verdict, the more findings of what is exploited,
/// critical, high and so on. Of the same length for all, and of printable characters.
std::string Badness(const resources::ImageScan& scan) {
  constexpr std::string_view kWorstFirst[] = {"Fail", "Unknown", "Warn", "Pending", "Pass"};
  const auto verdict = std::find(std::begin(kWorstFirst), std::end(kWorstFirst), VerdictOf(scan));
  std::string out(1, static_cast<char>('0' + (verdict - std::begin(kWorstFirst))));
  const auto add = [&](std::uint64_t count) {
    constexpr std::uint64_t kMost = 0xffffffff;
    char text[9];
    std::snprintf(text, sizeof text, "%08llx",
                  static_cast<unsigned long long>(kMost - std::min(count, kMost)));
    out += text;
  };
  const SeverityCounts counts = scan.status.vulnerabilities.value_or(SeverityCounts{});
  add(counts.known_exploited);
  for (const Severity severity :
       {Severity::kCritical, Severity::kHigh, Severity::kMedium, Severity::kLow}) {
    add(counts.Of(severity));
  }
  return out;
}

/// What the list is in the order of, and goes on behind.
using Placed = std::pair<std::string, std::shared_ptr<const ScanRecord>>;

/// At most one more than a page, so that it is known whether there is another: of 20,000 images a
/// page costs one look at each, and no sorted list of all.
std::vector<Placed> PageOf(const ReportSource& source, const ImageFilter& filter,
                           const Page& page) {
  std::vector<Placed> out;
  for (auto& record : source.Images()) {
    if (!Passes(record->scan, filter)) continue;
    std::string place =
        (filter.worst_first ? Badness(record->scan) : std::string()) + record->scan.name;
    if (place > page.after) out.emplace_back(std::move(place), std::move(record));
  }
  const auto end = out.begin() + static_cast<std::ptrdiff_t>(std::min(out.size(), page.limit + 1));
  std::partial_sort(out.begin(), end, out.end(),
                    [](const Placed& a, const Placed& b) { return a.first < b.first; });
  out.erase(end, out.end());
  return out;
}

}  // namespace

http::ServerResponse ListImages(const ReportSource& source, Call& call, const Cancellation&) {
  const ImageFilter filter = ReadFilter(call.params);
  const auto page = ReadPage(call.params, "images\n" + filter.ToString());
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  if (!page) return ProblemOf(page.error());
  json items = json::array();
  std::string last;
  for (const auto& [place, record] : PageOf(source, filter, *page)) {
    if (items.size() == page->limit) return JsonAnswer(PageToJson(items, page->TokenAfter(last)));
    items.push_back(ImageToJson(record->scan));
    last = place;
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
