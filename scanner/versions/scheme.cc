// The table of schemes, and the small things that all of them share.
#include "scanner/versions/scheme.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"
#include "scanner/versions/orders.h"

namespace landwaiter::versions {
namespace {

struct Row {
  Scheme scheme;
  std::string_view name;
  Result<int> (*compare)(std::string_view, std::string_view);
  Satisfier satisfies;
};

constexpr std::array kRows = {
    Row{Scheme::kDpkg, "dpkg", CompareDpkg, SatisfiesComparators},
    Row{Scheme::kApk, "apk", CompareApk, SatisfiesApk},
    Row{Scheme::kRpm, "rpm", CompareRpm, SatisfiesComparators},
    Row{Scheme::kSemver, "semver", CompareSemver, SatisfiesComparators},
    Row{Scheme::kNpm, "npm", CompareNpm, SatisfiesNpm},
    Row{Scheme::kPep440, "pep440", ComparePep440, SatisfiesPep440},
    Row{Scheme::kGo, "go", CompareGo, SatisfiesComparators},
};

constexpr std::array kSchemes = {Scheme::kDpkg, Scheme::kApk,    Scheme::kRpm, Scheme::kSemver,
                                 Scheme::kNpm,  Scheme::kPep440, Scheme::kGo};

constexpr std::array<std::pair<std::string_view, Scheme>, 7> kAliases = {{
    {"deb", Scheme::kDpkg},
    {"debian", Scheme::kDpkg},
    {"alpine", Scheme::kApk},
    {"semver-loose", Scheme::kNpm},
    {"pypi", Scheme::kPep440},
    {"gomod", Scheme::kGo},
    {"golang", Scheme::kGo},
}};

// Names of the OSV schema, "affected[].package field", without their suffixes.
constexpr std::array<std::pair<std::string_view, Scheme>, 29> kEcosystems = {{
    {"Debian", Scheme::kDpkg},
    {"Ubuntu", Scheme::kDpkg},
    {"Echo", Scheme::kDpkg},
    {"Alpine", Scheme::kApk},
    {"Alpaquita", Scheme::kApk},
    {"Wolfi", Scheme::kApk},
    {"Chainguard", Scheme::kApk},
    {"MinimOS", Scheme::kApk},
    {"BellSoft Hardened Containers", Scheme::kApk},
    {"AlmaLinux", Scheme::kRpm},
    {"Rocky Linux", Scheme::kRpm},
    {"Red Hat", Scheme::kRpm},
    {"Azure Linux", Scheme::kRpm},
    {"Mageia", Scheme::kRpm},
    {"openEuler", Scheme::kRpm},
    {"openSUSE", Scheme::kRpm},
    {"Photon OS", Scheme::kRpm},
    {"SUSE", Scheme::kRpm},
    {"npm", Scheme::kNpm},
    {"PyPI", Scheme::kPep440},
    {"Go", Scheme::kGo},
    {"crates.io", Scheme::kSemver},
    {"Hex", Scheme::kSemver},
    {"Pub", Scheme::kSemver},
    {"SwiftURL", Scheme::kSemver},
    {"Bitnami", Scheme::kSemver},
    {"Julia", Scheme::kSemver},
    {"ConanCenter", Scheme::kSemver},
    {"GitHub Actions", Scheme::kSemver},
}};

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

std::string_view TakeDigits(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

int CompareText(std::string_view a, std::string_view b) {
  const int order = a.compare(b);
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

int CompareNumbers(std::string_view a, std::string_view b) {
  while (!a.empty() && a.front() == '0') a.remove_prefix(1);
  while (!b.empty() && b.front() == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return CompareText(a, b);
}

bool IsGraphic(std::string_view text, bool also_utf8) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte > 0x20 && byte < 0x7f) || (also_utf8 && byte >= 0x80);
  });
}

Error BadVersion(Scheme scheme, std::string_view version, std::string_view why) {
  return InvalidArgument("version \"" + text::Truncate(text::Printable(version), 128) +
                         "\" is no " + std::string(SchemeName(scheme)) +
                         " version: " + std::string(why));
}

Error BadRange(Scheme scheme, std::string_view range, std::string_view why) {
  return InvalidArgument("range \"" + text::Truncate(text::Printable(range), 128) + "\" is no " +
                         std::string(SchemeName(scheme)) + " range: " + std::string(why));
}

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
    if (row.name == name) return row.scheme;
  }
  for (const auto& [alias, scheme] : kAliases) {
    if (alias == name) return scheme;
  }
  return std::nullopt;
}

std::span<const Scheme> AllSchemes() { return kSchemes; }

std::optional<Scheme> SchemeForEcosystem(std::string_view osv_ecosystem) {
  const std::string_view name = osv_ecosystem.substr(0, osv_ecosystem.find(':'));
  for (const auto& [ecosystem, scheme] : kEcosystems) {
    if (ecosystem == name) return scheme;
  }
  return std::nullopt;
}

}  // namespace landwaiter::versions
