// GET /v1/query/…: which images hold a vulnerability or a package, and who runs them.
//
// By vulnerability every image's findings are looked through, for there is no index of them: a page
// ends when it is full or its time is up, so a short or empty page with a token is no end.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/plan.h"
#include "controller/report_api/answer.h"
#include "controller/report_api/documents.h"
#include "controller/report_api/page.h"
#include "controller/report_api/routes.h"
#include "lib/base/text.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kPageTime{3'000};
constexpr std::size_t kMaxHits = 20;  // of one image
constexpr std::size_t kMaxImages = 100'000;

bool IsPlainId(const std::string& id) {
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:").find(c) != std::string_view::npos;
  });
}

bool IsNamed(const Finding& finding, const std::string& id) {
  const auto same = [&](const std::string& other) { return text::EqualsIgnoreCase(other, id); };
  return same(finding.id) || same(finding.advisory) ||
         std::any_of(finding.aliases.begin(), finding.aliases.end(), same);
}

/// As feeds write names: in capitals, but for what follows GHSA-.
std::vector<std::string> Spellings(const std::string& id) {
  std::string upper = id;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (upper.starts_with("GHSA-")) return {id, "GHSA-" + text::ToLower(upper.substr(5))};
  return {id, upper};
}

json HitOf(const Finding& finding) {
  return {{"id", finding.id},
          {"severity", SeverityName(finding.severity)},
          {"package", finding.package},
          {"packageType", finding.package_type},
          {"installedVersion", finding.installed_version},
          {"fixedVersion", finding.fixed_version},
          {"path", finding.path}};
}

json FindingsNaming(const std::vector<PlatformMatch>& platforms, const std::string& id) {
  json hits = json::array();
  for (const PlatformMatch& platform : platforms) {
    for (const Finding& finding : platform.findings) {
      if (hits.size() == kMaxHits) return hits;
      if (!IsNamed(finding, id)) continue;
      json hit = HitOf(finding);
      // The same of each platform of an index is said once.
      if (std::find(hits.begin(), hits.end(), hit) == hits.end()) hits.push_back(std::move(hit));
    }
  }
  return hits;
}

json ItemOf(const resources::ImageScan& scan) {
  json image = ImageToJson(scan);
  json item;
  for (const char* field : {"digest", "displayName", "image", "verdict", "usedBy"}) {
    item[field] = std::move(image[field]);
  }
  return item;
}

json PackagesNamed(const ImageInventory& inventory, const store::PackageKey& key) {
  json out = json::array();
  for (const Inventory& platform : inventory.platforms) {
    for (const Package& package : platform.packages) {
      if (package.type != key.type || package.name != key.name) continue;
      if (!key.version.empty() && package.version != key.version) continue;
      if (out.size() == kMaxHits) return out;
      json hit{{"version", package.version}, {"path", package.path}, {"purl", package.purl}};
      if (std::find(out.begin(), out.end(), hit) == out.end()) out.push_back(std::move(hit));
    }
  }
  return out;
}

}  // namespace

http::ServerResponse QueryVulnerability(const ReportSource& source, Call& call,
                                        const Cancellation& cancel) {
  const std::string id = call.params.Required("id", 128);
  const auto page = ReadPage(call.params, "vulnerability\n" + id);
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  if (!page) return ProblemOf(page.error());
  if (!IsPlainId(id)) return Problem(400, "InvalidParameter", "id: is no name of a vulnerability");
  const auto spellings = Spellings(id);
  const Cancellation within = cancel.Within(kPageTime);
  json items = json::array();
  std::string last;
  for (const auto& record : source.Images()) {
    const resources::ImageScan& scan = record->scan;
    if (scan.name <= page->after) continue;
    if (!last.empty() && (items.size() == page->limit || within.Expired() || within.Stopped())) {
      return JsonAnswer(PageToJson(items, page->TokenAfter(last)));
    }
    last = scan.name;
    const auto findings = source.FindingsText(*CanonicalDigest(scan));
    if (!findings) return ProblemOf(findings.error());
    if (!*findings) continue;
    // Few documents hold it, and those images alone are read.
    const bool named = std::any_of(spellings.begin(), spellings.end(), [&](const auto& spelling) {
      return (*findings)->find(spelling) != std::string::npos;
    });
    if (!named) continue;
    const auto stored = source.Stored(*CanonicalDigest(scan));
    if (!stored) return ProblemOf(stored.error());
    if (!*stored || !(*stored)->match) continue;  // went while we looked
    json hits = FindingsNaming((*stored)->match->platforms, id);
    if (hits.empty()) continue;
    json item = ItemOf(scan);
    item["findings"] = std::move(hits);
    items.push_back(std::move(item));
  }
  return JsonAnswer(PageToJson(std::move(items), ""));
}

http::ServerResponse QueryPackage(const ReportSource& source, Call& call,
                                  const Cancellation& cancel) {
  const store::PackageKey key{call.params.Required("type", 64), call.params.Required("name", 512),
                              call.params.Text("version")};
  const auto page =
      ReadPage(call.params, "package\n" + key.type + "\n" + key.name + "\n" + key.version);
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  if (!page) return ProblemOf(page.error());
  const auto images = source.ImagesWith(key, kMaxImages);
  if (!images) return ProblemOf(images.error());
  const Cancellation within = cancel.Within(kPageTime);
  json items = json::array();
  std::string last;
  for (const Digest& digest : *images) {
    const auto record = source.Image(digest);
    if (!record || digest.ToString() <= page->after) continue;
    if (!last.empty() && (items.size() == page->limit || within.Expired() || within.Stopped())) {
      return JsonAnswer(PageToJson(items, page->TokenAfter(last)));
    }
    last = digest.ToString();
    const auto stored = source.Stored(digest);
    if (!stored) return ProblemOf(stored.error());
    if (!*stored) continue;  // went while we looked
    json item = ItemOf(record->scan);
    item["packages"] = PackagesNamed((*stored)->inventory, key);
    items.push_back(std::move(item));
  }
  return JsonAnswer(PageToJson(std::move(items), ""));
}

}  // namespace landwaiter::controller::report_api
