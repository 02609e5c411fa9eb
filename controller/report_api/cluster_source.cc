#include "controller/report_api/cluster_source.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/names.h"
#include "controller/plan.h"
#include "controller/scan_maker.h"

namespace landwaiter::controller::report_api {
namespace {

constexpr char kRequestPrefix[] = "request-";
/// Nobody deletes a person's question: beyond so many new ones are refused until somebody does.
constexpr std::size_t kMaxRequests = 2'000;
constexpr std::size_t kNameChars = 40;

/// The same question has the same name: asked twice, it is one object.
std::string RequestName(const ImageReference& image) {
  return kRequestPrefix + std::string(Sha256::Of(image.ToString()).Hex().substr(0, kNameChars));
}

}  // namespace

std::vector<std::shared_ptr<const ScanRecord>> ClusterSource::Images() const {
  std::vector<std::shared_ptr<const ScanRecord>> out;
  for (auto& [key, record] : parts_.scans.List()) {
    if (CanonicalDigest(record->scan)) out.push_back(std::move(record));
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a->scan.name < b->scan.name; });
  return out;
}

std::shared_ptr<const ScanRecord> ClusterSource::Image(const Digest& digest) const {
  auto record = parts_.scans.Get(resources::ScanName(digest));
  return record && CanonicalDigest(record->scan) == digest ? record : nullptr;
}

Result<resources::ImageScan> ClusterSource::Whole(const std::string& name,
                                                  const Cancellation& cancel) const {
  auto object = parts_.api.Get(kImageScans, {"", name}, cancel);
  if (!object) return std::move(object).error();
  return resources::ImageScanFromJson(*object);
}

Status ClusterSource::NeedStore() const {
  if (ReportsHere()) return Ok();
  return Unavailable(
             "reports are kept by the leading controller alone, and this one does not lead: ask "
             "again, or let the controllers share a PostgreSQL store")
      .WithReason(kReasonNotTheLeader);
}

Result<std::optional<StoredImage>> ClusterSource::Stored(const Digest& digest) const {
  if (Status here = NeedStore(); !here) return here.error();
  auto image = LoadImage(parts_.store, digest);
  // What does not count in the cluster's verdicts is no finding here.
  if (image && *image) parts_.vex.Apply(**image);
  return image;
}

Result<std::optional<std::string>> ClusterSource::FindingsText(const Digest& digest) const {
  if (Status here = NeedStore(); !here) return here.error();
  auto record = parts_.store.GetFindings(digest);
  if (!record) return std::move(record).error();
  if (!*record) return std::optional<std::string>();
  return std::optional(std::move((*record)->json));
}

Result<std::vector<Digest>> ClusterSource::ImagesWith(const store::PackageKey& package,
                                                      std::size_t limit) const {
  if (Status here = NeedStore(); !here) return here.error();
  return parts_.store.ImagesWith(package, limit);
}

Result<VerdictHistory> ClusterSource::History() const {
  if (Status here = NeedStore(); !here) return here.error();
  if (parts_.notes == nullptr) return VerdictHistory();
  return ReadHistory(*parts_.notes);
}

DatabaseFacts ClusterSource::Database() const {
  DatabaseFacts facts;
  facts.problem = parts_.database_problem();
  const auto database = parts_.database();
  if (database == nullptr) return facts;
  facts.id = database->Id();
  facts.built_at = database->BuiltAt();
  facts.feeds = database->Feeds();
  return facts;
}

SystemFacts ClusterSource::System() const {
  SystemFacts facts;
  facts.version = LANDWAITER_VERSION;
  facts.identity = parts_.identity;
  facts.leading = parts_.leading();
  facts.store = parts_.shared_store ? "postgresql" : "sqlite";
  facts.reports_here = ReportsHere();
  facts.scanners = parts_.scanners;
  facts.leader = parts_.leader();
  if (facts.leading) {
    auto& queued = facts.queued.emplace();
    const auto depth = parts_.board.Depth();
    for (std::size_t i = 0; i < depth.size(); ++i) {
      queued[std::string(ScanClassName(static_cast<ScanClass>(i)))] = depth[i];
    }
    facts.running = parts_.board.Running();
  }
  facts.images = Images().size();
  facts.pods = parts_.pods.size();
  facts.policies = AllPolicies().size();
  facts.database = Database();
  return facts;
}

Result<std::string> ClusterSource::RequestScan(const ImageReference& image,
                                               const Cancellation& cancel) const {
  // Known by its digest: there is nothing to resolve and nothing to ask.
  if (image.digest && Image(*image.digest)) return resources::ScanName(*image.digest);
  const std::string name = RequestName(image);
  if (parts_.scans.Get(name)) return AskAnew(name, cancel);
  std::size_t requests = 0;
  parts_.scans.ForEach([&](const std::string& key, const ScanRecord&) {
    if (key.starts_with(kRequestPrefix)) ++requests;
  });
  if (requests >= kMaxRequests) {
    return ResourceExhausted("2000 requests for scans are kept already: delete old ImageScans " +
                             std::string(kRequestPrefix) + "…")
        .WithReason("TooManyScanRequests");
  }
  auto made = parts_.api.Create(kImageScans,
                                {{"apiVersion", resources::kApiVersion},
                                 {"kind", "ImageScan"},
                                 {"metadata", {{"name", name}}},
                                 {"spec", {{"image", image.ToString()}}}},
                                cancel);
  if (made) return name;
  if (made.error().reason == kube::kReasonAlreadyExists) return AskAnew(name, cancel);
  return std::move(made).error();
}

Result<std::string> ClusterSource::AskAnew(const std::string& name,
                                           const Cancellation& cancel) const {
  // The tag may mean another image by now. A change of the spec makes a new generation, so that an
  // answer of before is known for what it is.
  auto patched =
      parts_.api.Patch(kImageScans, {"", name}, {.field_manager = std::string(kFieldManager)},
                       {{"spec", {{"rescanAfter", FormatMicroTime(parts_.clock.Now())}}}}, cancel);
  if (!patched) return std::move(patched).error();
  return name;
}

}  // namespace landwaiter::controller::report_api
