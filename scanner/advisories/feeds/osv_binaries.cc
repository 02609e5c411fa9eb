#include "scanner/advisories/feeds/osv_binaries.h"

#include <algorithm>

#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/json_fields.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kUbuntu = "Ubuntu:";
/// github.com/canonical/chisel-releases has a branch for each release from here on.
constexpr std::string_view kFirstCutRelease = "20.04";
/// Of one source package: texlive has some 150, and debug packages double it.
constexpr std::size_t kMaxBinaries = 4096;

bool IsCut(std::string_view ecosystem) {
  if (!ecosystem.starts_with(kUbuntu)) return false;
  const std::string_view release = ecosystem.substr(kUbuntu.size());
  const bool numbered = !release.empty() && release[0] >= '0' && release[0] <= '9';
  return numbered && release.substr(0, kFirstCutRelease.size()) >= kFirstCutRelease;
}

bool IsKernel(std::string_view source) { return source == "linux" || source.starts_with("linux-"); }

/// Whether it is one that the source package has, or had.
bool IsVersionOf(const Affected& source, std::string_view version) {
  if (std::find(source.versions.begin(), source.versions.end(), version) != source.versions.end()) {
    return true;
  }
  return std::any_of(source.ranges.begin(), source.ranges.end(), [&](const Range& range) {
    return std::any_of(range.events.begin(), range.events.end(), [&](const Event& event) {
      return event.kind != EventKind::kIntroduced && event.version == version;
    });
  });
}

}  // namespace

void ReadBinaries(const dom::object& entry, const StagedPackage& package,
                  std::vector<BinaryOfSource>* binaries) {
  if (!IsCut(package.ecosystem) || IsKernel(package.package)) return;
  dom::array list;
  if (entry.at_key("ecosystem_specific").at_key("binaries").get_array().get(list) !=
      simdjson::SUCCESS) {
    return;
  }
  std::size_t count = 0;
  for (const dom::element element : list) {
    if (++count > kMaxBinaries) return;
    dom::object binary;
    if (element.get_object().get(binary) != simdjson::SUCCESS) continue;
    const auto name = LooseText(binary, "binary_name");
    const auto version = LooseText(binary, "binary_version");
    if (!name || !version || *name == package.package || !CheckPackageName(*name)) continue;
    if (!IsVersionOf(package.affected, *version)) continue;
    binaries->push_back({package.ecosystem, std::string(*name), package.package});
  }
}

}  // namespace landwaiter::advisories
