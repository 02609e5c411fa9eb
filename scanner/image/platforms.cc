// Which entries of an index a scan looks at.
#include <algorithm>
#include <set>

#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/failure.h"
#include "scanner/image/manifest.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxListed = 20;

bool IsUnknown(const Platform& platform) {
  return platform.os == "unknown" && platform.architecture == "unknown";
}

std::string ListOf(const ImageIndex& index) {
  std::vector<std::string> names;
  for (const Descriptor& entry : index.manifests) {
    if (IsAttestation(entry)) continue;
    if (names.size() == kMaxListed) {
      names.emplace_back("…");
      break;
    }
    names.push_back(entry.platform ? entry.platform->ToString() : "no platform");
  }
  return names.empty() ? "nothing" : text::Join(names, ", ");
}

/// arm64 means arm64/v8.
Platform Canonical(Platform platform) {
  if (platform.architecture == "arm64" && platform.variant == "v8") platform.variant.clear();
  return platform;
}

constexpr int kOtherArchitecture = 20;  // beyond every variant of the same one

/// The number of a variant "v5" to "v9"; 0 for anything else.
int VariantNumber(const std::string& variant) {
  const bool known =
      variant.size() == 2 && variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9';
  return known ? variant[1] - '0' : 0;
}

/// How well `offered` runs on `wanted`: 0 best, nullopt not at all. What containerd's platforms
/// package falls back to, so that what a node would run is what is scanned: older variants of arm
/// and amd64, 386 on amd64, arm on arm64.
std::optional<int> Distance(const Platform& wanted, const Platform& offered) {
  if (Canonical(wanted) == Canonical(offered)) return 0;
  if (wanted.Accepts(offered)) return 1;
  if (wanted.os != offered.os) return std::nullopt;
  const int theirs = VariantNumber(offered.variant);
  if (wanted.architecture == offered.architecture &&
      (wanted.architecture == "arm" || wanted.architecture == "amd64")) {
    const int mine = VariantNumber(wanted.variant);
    const int oldest = wanted.architecture == "arm" ? 5 : 1;
    if (theirs >= oldest && theirs < mine) return 1 + mine - theirs;
  }
  if (wanted.architecture == "amd64" && offered.architecture == "386") return kOtherArchitecture;
  if (wanted.architecture == "arm64" && offered.architecture == "arm") {
    return kOtherArchitecture + 9 - theirs;
  }
  return std::nullopt;
}

const Descriptor* BestFor(const ImageIndex& index, const Platform& wanted) {
  const Descriptor* best = nullptr;
  int best_distance = 0;
  for (const Descriptor& entry : index.manifests) {
    if (IsAttestation(entry) || !entry.platform) continue;
    const auto distance = Distance(wanted, *entry.platform);
    // Of equals the first, which is what a node's runtime takes.
    if (distance && (best == nullptr || *distance < best_distance)) {
      best = &entry;
      best_distance = *distance;
    }
  }
  return best;
}

Error NoMatch(const std::string& what, const ImageIndex& index) {
  return Failure(Code::kNotFound, scan_reason::kNoMatchingPlatform,
                 "index has no " + what + ", it has " + ListOf(index));
}

}  // namespace

bool IsAttestation(const Descriptor& entry) { return entry.platform && IsUnknown(*entry.platform); }

bool IsMarkedAttestation(const Descriptor& entry) {
  return entry.annotations.contains("vnd.docker.reference.type");
}

Result<std::vector<Descriptor>> ChoosePlatforms(const ImageIndex& index,
                                                const std::vector<Platform>& wanted) {
  std::vector<Descriptor> chosen;
  if (wanted.empty()) {
    std::set<Platform> seen;
    for (const Descriptor& entry : index.manifests) {
      if (IsAttestation(entry)) continue;
      if (entry.platform && !seen.insert(Canonical(*entry.platform)).second) continue;
      chosen.push_back(entry);
    }
    if (chosen.empty()) return NoMatch("image for any platform", index);
    return chosen;
  }
  for (const Platform& platform : wanted) {
    const Descriptor* best = BestFor(index, platform);
    if (best == nullptr) continue;
    if (std::find(chosen.begin(), chosen.end(), *best) == chosen.end()) chosen.push_back(*best);
  }
  if (chosen.empty()) {
    std::vector<std::string> names;
    names.reserve(wanted.size());
    for (const Platform& platform : wanted) names.push_back(platform.ToString());
    return NoMatch("image for " + text::Join(names, ", "), index);
  }
  return chosen;
}

}  // namespace landwaiter::image
