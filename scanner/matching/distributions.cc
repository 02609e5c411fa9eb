#include "scanner/matching/distributions.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/matching/match.h"
#include "scanner/matching/releases.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::matching {
namespace {

/// Only fixes are published, whatever feeds there are.
constexpr std::string_view kFixesOnly = "";
/// OSV has of these what their trackers have, unfixed ones too; of those that publish errata
/// (Red Hat, SUSE, …) it has the errata.
constexpr std::string_view kDebianFeeds = "debian|osv";
constexpr std::string_view kUbuntuFeeds = "osv|ubuntu-vex";
constexpr std::string_view kRedHatFeeds = "redhat|redhat-oval";
constexpr std::string_view kSuseFeeds = "suse";
constexpr std::string_view kAzureFeeds = "azure";

/// Whose Vendor fields are known. EPEL's is "Fedora Project", Remi's "Remi Collet", …
constexpr std::string_view kRedHatVendors = "Red Hat";
constexpr std::string_view kSuseVendors = "SUSE|openSUSE";

constexpr Distribution kDistributions[] = {
    {"debian", "Debian", "deb", KeyBy::kSource, kDebianFeeds, Debian, Unsuffixed, nullptr,
     "Debian"},
    {"ubuntu", "Ubuntu", "deb", KeyBy::kSource, kUbuntuFeeds, Ubuntu, UbuntuStreams, UbuntuFlavour,
     "Ubuntu|Canonical|Debian"},
    // Debian's packages, built anew; one stream of fixes for all its releases.
    {"echo", "Echo", "deb", KeyBy::kSource, kFixesOnly, None},
    {"alpine", "Alpine", "apk", KeyBy::kSource, kFixesOnly, Alpine, Unsuffixed},
    {"wolfi", "Wolfi", "apk", KeyBy::kSource, kFixesOnly, None},
    {"chainguard", "Chainguard", "apk", KeyBy::kSource, kFixesOnly, None, WolfiToo},
    {"minimos", "MinimOS", "apk", KeyBy::kSource, kFixesOnly, None},
    {"alpaquita", "Alpaquita", "apk", KeyBy::kSource, kFixesOnly, BellSoft},
    {"bellsoft-hardened-containers", "BellSoft Hardened Containers", "apk", KeyBy::kSource,
     kFixesOnly, BellSoft},
    {"rhel", "Red Hat", "rpm", KeyBy::kBinaryOrSource, kRedHatFeeds, RedHat, RedHatRepositories,
     nullptr, kRedHatVendors},
    {"almalinux", "AlmaLinux", "rpm", KeyBy::kBinary, kFixesOnly, Major, Unsuffixed, nullptr,
     "AlmaLinux"},
    {"rocky", "Rocky Linux", "rpm", KeyBy::kBinaryOrSource, kFixesOnly, Major, nullptr, nullptr,
     "Rocky"},
    {"amzn", "Amazon Linux", "rpm", KeyBy::kBinary, kFixesOnly, Amazon, AmazonExtras, nullptr,
     "Amazon"},
    {"ol", "Oracle Linux", "rpm", KeyBy::kBinary, kFixesOnly, Major, OracleFlavours, OracleFlavour,
     "Oracle"},
    {"sles", "SUSE", "rpm", KeyBy::kBinaryOrSource, kSuseFeeds, Sles, SuseModules, nullptr,
     kSuseVendors},
    {"sle-micro", "SUSE", "rpm", KeyBy::kBinaryOrSource, kSuseFeeds, SleMicro, nullptr, nullptr,
     kSuseVendors},
    {"sl-micro", "SUSE", "rpm", KeyBy::kBinaryOrSource, kSuseFeeds, SlMicro, nullptr, nullptr,
     kSuseVendors},
    {"opensuse-leap", "openSUSE", "rpm", KeyBy::kBinaryOrSource, kSuseFeeds, Leap, nullptr, nullptr,
     kSuseVendors},
    {"opensuse-tumbleweed", "openSUSE", "rpm", KeyBy::kBinaryOrSource, kSuseFeeds, Tumbleweed,
     nullptr, nullptr, kSuseVendors},
    {"azurelinux", "Azure Linux", "rpm", KeyBy::kSource, kAzureFeeds, Major, nullptr, nullptr,
     "Microsoft"},
    {"mariner", "Azure Linux", "rpm", KeyBy::kSource, kAzureFeeds, Major, nullptr, nullptr,
     "Microsoft"},
    {"mageia", "Mageia", "rpm", KeyBy::kSource, kFixesOnly, Major},
    {"openeuler", "openEuler", "rpm", KeyBy::kSource, kFixesOnly, OpenEuler},
    {"photon", "Photon OS", "rpm", KeyBy::kBinaryOrSource, kFixesOnly, Minor},
    {"arch", "Arch Linux", "alpm", KeyBy::kBinary, "arch", None},
};

constexpr Language kLanguages[] = {
    {"npm", "npm"},         {"pypi", "PyPI"},          {"golang", "Go"},
    {"maven", "Maven"},     {"gem", "RubyGems"},       {"nuget", "NuGet"},
    {"cargo", "crates.io"}, {"composer", "Packagist"}, {"hex", "Hex"},
    {"pub", "Pub"},         {"cran", "CRAN"},          {"bitnami", "Bitnami"},
    {"swift", "SwiftURL"},  {"conan", "ConanCenter"},  {"hackage", "Hackage"},
    {"julia", "Julia"},
};

}  // namespace

std::span<const Distribution> Distributions() { return kDistributions; }

const Distribution* FindDistribution(std::string_view family) {
  for (const Distribution& row : kDistributions) {
    if (row.family == family) return &row;
  }
  return nullptr;
}

bool IsOwnPackage(const Distribution& distribution, const Package& package) {
  if (distribution.vendors.empty() || package.vendor.empty()) return true;
  const auto prefixes = text::Split(distribution.vendors, '|');
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return package.vendor.starts_with(prefix); });
}

void MarkComplete(const Distribution& distribution, const advisories::AdvisoryDatabase& database,
                  std::vector<Place>* places) {
  if (distribution.complete_by.empty()) return;
  const auto kinds = text::Split(distribution.complete_by, '|');
  for (Place& place : *places) {
    const advisories::EcosystemInfo* const entry = database.FindEcosystem(place.ecosystem);
    if (entry == nullptr) continue;
    place.complete = std::any_of(
        entry->unfixed_by.begin(), entry->unfixed_by.end(), [&](const std::string& kind) {
          return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
        });
  }
}

std::vector<Place> PlacesOf(const Distribution& distribution, const OperatingSystem& os,
                            const advisories::AdvisoryDatabase& database) {
  std::vector<Place> places;
  const auto ecosystem = EcosystemOf(os);
  if (!ecosystem) return places;
  if (database.HasEcosystem(*ecosystem)) places.push_back({*ecosystem});
  std::vector<Place> more;
  if (distribution.more_places != nullptr) distribution.more_places(*ecosystem, database, &more);
  MarkComplete(distribution, database, &places);
  // A record of every release is no feed of this one, nor is one of what is beside its core.
  const bool of_release =
      distribution.more_places != Unsuffixed && distribution.more_places != AmazonExtras;
  if (of_release) MarkComplete(distribution, database, &more);
  const bool known = !places.empty() || (!more.empty() && of_release);
  if (known) places.insert(places.end(), more.begin(), more.end());
  return places;
}

std::span<const Language> Languages() { return kLanguages; }

std::optional<std::string> EcosystemOf(const OperatingSystem& os) {
  const Distribution* const row = FindDistribution(os.family);
  if (row == nullptr) return {};
  const auto suffix = row->suffix(os);
  if (!suffix) return {};
  return std::string(row->ecosystem) + *suffix;
}

std::optional<std::string> LanguageEcosystem(std::string_view purl_type) {
  for (const Language& row : kLanguages) {
    if (row.purl_type != purl_type) continue;
    if (!versions::SchemeForEcosystem(row.ecosystem)) return {};
    return std::string(row.ecosystem);
  }
  return {};
}

}  // namespace landwaiter::matching
