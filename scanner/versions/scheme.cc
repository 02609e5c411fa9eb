// The table of schemes, and the small things that all of them share.
#include "scanner/versions/scheme.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

// One row a scheme. Aliases and ecosystems are lists with commas: the words that other tools and
// purl have for the scheme, and the names of the OSV schema ("affected[].package field"), without
// their suffixes, whose versions it orders; with them those that OSV does not name.
struct Row {
  Scheme scheme;
  std::string_view name;
  Result<int> (*compare)(std::string_view, std::string_view);
  Satisfier satisfies;
  std::string_view aliases = {};
  std::string_view ecosystems = {};
};

constexpr std::array kRows = {
    Row{Scheme::kDpkg, "dpkg", CompareDpkg, SatisfiesComparators, "deb,debian",
        "Debian,Ubuntu,Echo"},
    Row{Scheme::kApk, "apk", CompareApk, SatisfiesApk, "alpine",
        "Alpine,Alpaquita,Wolfi,Chainguard,MinimOS,BellSoft Hardened Containers"},
    Row{Scheme::kRpm, "rpm", CompareRpm, SatisfiesComparators, "",
        "AlmaLinux,Rocky Linux,Red Hat,Azure Linux,Mageia,openEuler,openSUSE,Photon OS,SUSE,"
        "Amazon Linux,Bottlerocket,Oracle Linux"},
    Row{Scheme::kSemver, "semver", CompareSemver, SatisfiesComparators, "",
        "SwiftURL,Julia,GitHub Actions,VSCode"},
    Row{Scheme::kNpm, "npm", CompareNpm, SatisfiesNpm, "semver-loose", "npm"},
    Row{Scheme::kPep440, "pep440", ComparePep440, SatisfiesPep440, "pypi", "PyPI"},
    Row{Scheme::kGo, "go", CompareGo, SatisfiesComparators, "gomod,golang", "Go"},
    // NVD's products have no order of their own; Maven's takes what programs write ("3.12.0rc1",
    // "1.1.1k", "9.9p1") as they mean it.
    Row{Scheme::kMaven, "maven", CompareMaven, SatisfiesMaven, "", "Maven,CPE"},
    Row{Scheme::kRubygems, "rubygems", CompareRubygems, SatisfiesRubygems, "gem", "RubyGems"},
    Row{Scheme::kNuget, "nuget", CompareNuget, SatisfiesNuget, "", "NuGet"},
    Row{Scheme::kPackagist, "packagist", ComparePackagist, SatisfiesComposer, "composer",
        "Packagist"},
    Row{Scheme::kCrates, "crates", CompareCrates, SatisfiesCargo, "cargo,crates.io", "crates.io"},
    Row{Scheme::kPub, "pub", ComparePub, SatisfiesPub, "", "Pub"},
    Row{Scheme::kCran, "cran", CompareCran, SatisfiesComparators, "", "CRAN,Bioconductor"},
    Row{Scheme::kHex, "hex", CompareHex, SatisfiesHex, "", "Hex"},
    Row{Scheme::kPacman, "pacman", ComparePacman, SatisfiesComparators, "alpm,arch", "Arch Linux"},
    Row{Scheme::kPortage, "portage", ComparePortage, SatisfiesComparators, "ebuild,gentoo", ""},
    Row{Scheme::kBitnami, "bitnami", CompareBitnami, SatisfiesComparators, "", "Bitnami"},
    Row{Scheme::kConan, "conan", CompareConan, SatisfiesConan, "", "ConanCenter"},
    Row{Scheme::kHackage, "hackage", CompareHackage, SatisfiesComparators, "", "Hackage,GHC"},
    Row{Scheme::kOpenssl, "openssl", CompareOpenssl, SatisfiesOpenssl, "", ""},
    Row{Scheme::kNginx, "nginx", CompareNginx, SatisfiesNginx, "", ""},
    Row{Scheme::kDatetime, "datetime", CompareDatetime, SatisfiesComparators, "", ""},
};

constexpr auto kSchemes = [] {
  std::array<Scheme, kRows.size()> schemes{};
  for (std::size_t i = 0; i < kRows.size(); ++i) schemes[i] = kRows[i].scheme;
  return schemes;
}();

bool Names(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == wanted) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

const Row& RowOf(Scheme scheme) {
  const auto* const row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.scheme == scheme; });
  return row == kRows.end() ? kRows.front() : *row;
}

Status CheckLength(Scheme scheme, std::string_view version) {
  if (version.size() <= kMaxVersionBytes) return Ok();
  return ResourceExhausted("version \"" + text::Truncate(text::Printable(version), 64) + "\" (" +
                           std::string(SchemeName(scheme)) + ") has " +
                           std::to_string(version.size()) + " bytes, the limit is " +
                           std::to_string(kMaxVersionBytes));
}

}  // namespace

Result<int> Compare(Scheme scheme, std::string_view a, std::string_view b) {
  for (const std::string_view version : {a, b}) {
    if (auto status = CheckLength(scheme, version); !status) return std::move(status).error();
  }
  return RowOf(scheme).compare(a, b);
}

Status Validate(Scheme scheme, std::string_view version) {
  auto order = Compare(scheme, version, version);
  if (!order) return std::move(order).error();
  return Ok();
}

Result<bool> Satisfies(Scheme scheme, std::string_view range, std::string_view version,
                       RangeOptions options) {
  if (range.size() > kMaxRangeBytes) {
    return ResourceExhausted("range \"" + text::Truncate(text::Printable(range), 64) + "\" has " +
                             std::to_string(range.size()) + " bytes, the limit is " +
                             std::to_string(kMaxRangeBytes));
  }
  if (auto status = CheckLength(scheme, version); !status) return std::move(status).error();
  return RowOf(scheme).satisfies(scheme, range, version, options);
}

std::string_view SchemeName(Scheme scheme) { return RowOf(scheme).name; }

std::optional<Scheme> ParseScheme(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name || Names(row.aliases, name)) return row.scheme;
  }
  return std::nullopt;
}

std::span<const Scheme> AllSchemes() { return kSchemes; }

std::optional<Scheme> SchemeForEcosystem(std::string_view osv_ecosystem) {
  const std::string_view name = osv_ecosystem.substr(0, osv_ecosystem.find(':'));
  for (const Row& row : kRows) {
    if (Names(row.ecosystems, name)) return row.scheme;
  }
  return std::nullopt;
}

}  // namespace landwaiter::versions
