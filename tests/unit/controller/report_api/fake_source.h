// A ReportSource in memory.
#pragma once

#include <map>
#include <string>

#include "controller/report_api/source.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller::report_api {

class FakeSource final : public ReportSource {
 public:
  /// An image that is scanned, matched and judged; its record, to be changed.
  ScanRecord& Add(const std::string& name, std::vector<Finding> findings = {},
                  const std::string& verdict = "Pass") {
    const Digest digest = DigestOf(name);
    auto record = std::make_shared<ScanRecord>();
    record->scan = AScan(digest, "r.io/shop/" + name);
    auto& status = record->scan.status;
    status.digest = digest.ToString();
    status.display_name = "shop/" + name + ":1";
    status.references = {"r.io/shop/" + name + ":1"};
    status.verdict = verdict;
    status.scanned_at = "2026-11-24T12:00:00Z";
    status.vulnerabilities = Count(findings);
    StoredImage image = AStored(digest, std::move(findings));
    image.inventory.platforms[0].config.env = {"PASSWORD=hunter2"};
    stored[digest] = std::move(image);
    records[record->scan.name] = record;
    return *record;
  }
  ScanRecord& Of(const std::string& name) {
    return *records.at(resources::ScanName(DigestOf(name)));
  }

  TimePoint Now() const override { return *ParseTime("2026-11-24T13:00:00Z"); }
  std::vector<std::shared_ptr<const ScanRecord>> Images() const override {
    std::vector<std::shared_ptr<const ScanRecord>> out;
    for (const auto& [name, record] : records) out.push_back(record);
    return out;
  }
  std::shared_ptr<const ScanRecord> Image(const Digest& digest) const override {
    const auto found = records.find(resources::ScanName(digest));
    return found == records.end() ? nullptr : found->second;
  }
  Result<resources::ImageScan> Whole(const std::string& name, const Cancellation&) const override {
    const auto found = records.find(name);
    if (found == records.end()) return NotFound("imagescans \"" + name + "\" not found");
    return found->second->scan;
  }
  Policies AllPolicies() const override { return policies; }
  const BaseBook* Bases() const override { return &bases; }
  Result<std::optional<StoredImage>> Stored(const Digest& digest) const override {
    if (away) return Away();
    const auto found = stored.find(digest);
    if (found == stored.end()) return std::optional<StoredImage>();
    return std::optional(found->second);
  }
  Result<std::optional<std::string>> FindingsText(const Digest& digest) const override {
    if (away) return Away();
    const auto found = stored.find(digest);
    if (found == stored.end() || !found->second.match) return std::optional<std::string>();
    return std::optional(MatchToJson(found->second.match->platforms));
  }
  Result<std::vector<Digest>> ImagesWith(const store::PackageKey& key, std::size_t) const override {
    if (away) return Away();
    std::vector<Digest> out;
    for (const auto& [digest, image] : stored) {
      for (const Package& package : image.inventory.platforms[0].packages) {
        const bool version = key.version.empty() || package.version == key.version;
        if (package.type == key.type && package.name == key.name && version) out.push_back(digest);
      }
    }
    return out;
  }
  Result<VerdictHistory> History() const override {
    if (away) return Away();
    return history;
  }
  DatabaseFacts Database() const override {
    return {"db-1", "2026-11-24T09:00:00Z", "", {{"osv:Debian", "2026-11-24T07:00:00Z"}}};
  }
  SystemFacts System() const override {
    SystemFacts facts;
    facts.version = "0.1.0";
    facts.identity = "controller-0";
    facts.images = records.size();
    facts.database = Database();
    return facts;
  }
  Result<std::string> RequestScan(const ImageReference& image, const Cancellation&) const override {
    asked.push_back(image.ToString());
    return std::string("request-1");
  }

  std::map<std::string, std::shared_ptr<ScanRecord>> records;
  std::map<Digest, StoredImage> stored;
  Policies policies;
  VerdictHistory history;
  BaseList bases{{}};
  bool away = false;
  mutable std::vector<std::string> asked;

 private:
  static Error Away() { return Unavailable("this one does not lead").WithReason("NotTheLeader"); }
};

}  // namespace landwaiter::controller::report_api
