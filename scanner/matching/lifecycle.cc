#include "scanner/matching/lifecycle.h"

#include "lib/base/text.h"
#include "scanner/matching/releases.h"

namespace landwaiter::matching {
namespace {

/// endoflife.date's name of a distribution, and how many numbers its releases have.
struct Product {
  std::string_view family;
  std::string_view product;
  std::size_t parts;
  /// What the extended support fixes stands in the same open feeds, so that they end with it:
  /// Debian's LTS does. What is only for subscribers does not.
  bool extension_is_open = false;
};
constexpr Product kProducts[] = {
    {"debian", "debian", 1, true}, {"ubuntu", "ubuntu", 2},          {"alpine", "alpine-linux", 2},
    {"rhel", "rhel", 1},           {"centos", "centos", 1},          {"almalinux", "almalinux", 1},
    {"rocky", "rocky-linux", 1},   {"ol", "oracle-linux", 1},        {"fedora", "fedora", 1},
    {"sles", "sles", 2},           {"opensuse-leap", "opensuse", 2}, {"photon", "photon", 2},
    {"mariner", "azure-linux", 2}, {"azurelinux", "azure-linux", 2}, {"mageia", "mageia", 1},
    {"openwrt", "openwrt", 2},
};

/// Amazon Linux 1 is named by its last date.
std::optional<std::string> AmazonRelease(const OperatingSystem& os) {
  const auto suffix = Amazon(os);
  if (!suffix) return {};
  return *suffix == ":1" ? "2018.03" : suffix->substr(1);
}

struct Release {
  std::string product;
  std::string name;
  bool extension_is_open = false;
};

std::optional<Release> ReleaseOf(const OperatingSystem& os) {
  if (os.family == "amzn") {
    const auto name = AmazonRelease(os);
    return name ? std::optional(Release{"amazon-linux", *name}) : std::nullopt;
  }
  if (os.family == "centos" && os.variant == "stream") {
    auto name = LeadingNumbers(os.version, 1);
    return name ? std::optional(Release{"centos-stream", *std::move(name)}) : std::nullopt;
  }
  for (const Product& row : kProducts) {
    if (row.family != os.family) continue;
    auto name = LeadingNumbers(os.version, row.parts);
    // SLES calls its first release "15", where the others are "15.1" and so on.
    if (!name && row.family == "sles") {
      name = LeadingNumbers(os.version, 1);
      if (name) *name += ".0";
    }
    if (!name) return {};
    return Release{std::string(row.product), *std::move(name), row.extension_is_open};
  }
  return {};
}

bool IsExtended(const Release& release, const advisories::Lifecycle& found) {
  return release.extension_is_open && !found.end_of_extension.empty();
}

const std::string& LastDay(const Release& release, const advisories::Lifecycle& found) {
  return IsExtended(release, found) ? found.end_of_extension : found.end_of_life;
}

}  // namespace

Result<std::optional<Coverage>> EndOfLifeOf(const OperatingSystem& os,
                                            const advisories::AdvisoryDatabase& database,
                                            TimePoint today) {
  const auto release = ReleaseOf(os);
  if (!release) return std::optional<Coverage>();
  const auto lifecycle = database.LifecycleOf(release->product, release->name);
  if (!lifecycle) return lifecycle.error();
  if (!lifecycle->has_value() || (*lifecycle)->end_of_life.empty()) {
    return std::optional<Coverage>();
  }
  const advisories::Lifecycle& found = **lifecycle;
  const bool extended = IsExtended(*release, found);
  const std::string& end = LastDay(*release, found);
  // Dates of one form compare as text.
  if (FormatTime(today).substr(0, end.size()) <= end) return std::optional<Coverage>();
  Coverage coverage;
  coverage.source = "lifecycle";
  coverage.state = CoverageState::kEndOfLife;
  coverage.reason = text::Printable(os.family + " " + release->name) + " is past its end of life";
  if (end != advisories::kEndedUnknownWhen) {
    coverage.reason += " (" + text::Printable(end) + ")";
  }
  coverage.reason += ": what is found in it since may be missing from its feeds";
  if (!extended && !found.end_of_extension.empty()) {
    coverage.reason += "; extended support ends " + text::Printable(found.end_of_extension);
  }
  return std::optional(std::move(coverage));
}

Result<std::string> LastDayOf(const OperatingSystem& os,
                              const advisories::AdvisoryDatabase& database) {
  const auto release = ReleaseOf(os);
  if (!release) return std::string();
  const auto lifecycle = database.LifecycleOf(release->product, release->name);
  if (!lifecycle) return lifecycle.error();
  if (!lifecycle->has_value() || (*lifecycle)->end_of_life.empty()) return std::string();
  return LastDay(*release, **lifecycle);
}

std::optional<advisories::Word> WordOfRelease(const OperatingSystem& os) {
  const auto release = ReleaseOf(os);
  if (!release) return {};
  return advisories::WordOfLifecycle(release->product, release->name);
}

}  // namespace landwaiter::matching
