#include "controller/plan.h"

#include <algorithm>
#include <set>

#include "controller/names.h"
#include "lib/base/text.h"
#include "lib/store/store.h"
#include "model/scan_request.h"

namespace landwaiter::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct RetryRow {
  std::string_view reason;
  milliseconds first;
  milliseconds longest;
  std::uint32_t tries;  // at most; 0: without end
};

// TooLarge, UnsupportedMediaType, MalformedImage, NoMatchingPlatform follow from the bytes behind
// the digest: they are not in the table. A wrong digest may be a proxy's passing fault, a scanner's
// death may be another image's; both are given a few tries.
constexpr RetryRow kRetries[] = {
    {scan_reason::kRateLimited, minutes(1), minutes(30), 0},
    {scan_reason::kRegistryUnavailable, seconds(2), minutes(5), 0},
    {scan_reason::kPullUnauthorized, seconds(30), minutes(60), 0},
    {scan_reason::kNotFound, seconds(30), minutes(60), 12},
    {scan_reason::kAddressRefused, minutes(5), minutes(60), 0},
    {scan_reason::kDigestMismatch, seconds(5), minutes(10), 4},
    {scan_reason::kScannerFailed, seconds(2), minutes(10), 6},
    // Each try pulls the whole image again: room is rarely made within minutes.
    {store::kReasonStoreFull, minutes(5), minutes(60), 0},
    {kReasonStoreFailed, minutes(1), minutes(60), 0},
    // A restart or a failover of its server takes seconds; the layer cache saves the second pull.
    {store::kReasonStoreUnreachable, seconds(5), minutes(5), 0},
    {scan_reason::kScannerBusy, seconds(1), seconds(30), 0},
    {scan_reason::kScannerUnreachable, seconds(2), minutes(1), 0},
};

std::string_view StripScheme(std::string_view id) {
  const auto scheme = id.find("://");
  return scheme == std::string_view::npos ? id : id.substr(scheme + 3);
}

bool HasCanonicalShape(std::string_view name) {
  constexpr std::string_view kPrefix = "sha256-";
  if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + 64) return false;
  return std::all_of(name.begin() + kPrefix.size(), name.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

RunningImage ParseImageId(std::string_view image_id) {
  RunningImage out;
  const std::string_view id = StripScheme(image_id);
  const auto at = id.rfind('@');
  auto digest = Digest::Parse(at == std::string_view::npos ? id : id.substr(at + 1));
  if (!digest) return out;  // not pulled yet, or a runtime of its own kind
  (at == std::string_view::npos ? out.local_id : out.digest) = std::move(*digest);
  return out;
}

PodPlan PlanPod(const PodRecord& pod) {
  PodPlan plan;
  if (!pod.Runs()) return plan;
  std::set<std::pair<std::string, std::string>> seen;
  for (const ImageUse& use : pod.shape->images) {
    const std::string id = use.image_id ? *use.image_id : std::string();
    if (!seen.emplace(*use.reference, id).second) continue;
    auto reference = ImageReference::Parse(*use.reference);
    if (!reference) {
      plan.invalid.push_back(reference.error().message);
      continue;
    }
    RunningImage running = ParseImageId(id);
    WantedImage wanted;
    wanted.asked = reference->digest;
    wanted.reference = std::move(*reference);
    wanted.running = std::move(running.digest);
    wanted.local_id = std::move(running.local_id);
    plan.images.push_back(std::move(wanted));
  }
  return plan;
}

ScanIdentity Identify(const resources::ImageScan& scan) {
  ScanIdentity out;
  auto image = ImageReference::Parse(scan.spec.image);
  if (!image) {
    out.problem = image.error().message;
    return out;
  }
  out.image = std::move(*image);
  const bool own_name = out.image.digest && scan.name == resources::ScanName(*out.image.digest);
  if (own_name) {
    out.role = ScanRole::kCanonical;
  } else if (HasCanonicalShape(scan.name)) {
    out.role = ScanRole::kCollision;
    out.problem = "the name " + scan.name + " stands for another digest than spec.image " +
                  out.image.ToString() + ": delete this object, or give it a name of its own";
  } else {
    out.role = ScanRole::kRequest;
  }
  return out;
}

std::optional<Digest> CanonicalDigest(const resources::ImageScan& scan) {
  ScanIdentity identity = Identify(scan);
  if (identity.role != ScanRole::kCanonical) return std::nullopt;
  return identity.image.digest;
}

std::vector<Platform> WantedPlatforms(const std::vector<Platform>& nodes,
                                      std::vector<Platform>* left_out) {
  std::set<Platform> unique(nodes.begin(), nodes.end());
  if (unique.empty()) unique.insert(HostPlatform());
  std::vector<Platform> out(unique.begin(), unique.end());
  if (out.size() <= resources::kMaxPlatforms) return out;
  const auto kept = out.begin() + resources::kMaxPlatforms;
  if (left_out != nullptr) left_out->assign(kept, out.end());
  out.erase(kept, out.end());
  return out;
}

bool NoScannerTookIt(const Error& error) {
  return error.reason == scan_reason::kScannerBusy ||
         error.reason == scan_reason::kScannerUnreachable;
}

RetryAdvice AdviseRetry(const Error& error, std::uint32_t failures) {
  for (const RetryRow& row : kRetries) {
    if (error.reason != row.reason) continue;
    if (row.tries != 0 && failures >= row.tries) return {};
    const std::uint32_t doublings = std::min<std::uint32_t>(failures == 0 ? 0 : failures - 1, 20);
    return {std::min(row.longest, row.first * (std::int64_t{1} << doublings))};
  }
  if (error.reason.empty() && IsRetryable(error.code)) {
    const std::uint32_t doublings = std::min<std::uint32_t>(failures == 0 ? 0 : failures - 1, 20);
    return {std::min<milliseconds>(minutes(10), seconds(2) * (std::int64_t{1} << doublings))};
  }
  return {};
}

}  // namespace landwaiter::controller
