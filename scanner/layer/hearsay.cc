#include "scanner/layer/hearsay.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

#include "scanner/packages/purl.h"

namespace landwaiter::layer {
namespace {

using packages::Declared;
using packages::FileReading;
using packages::Says;

std::string KeyOf(const Package& package) {
  const std::string name =
      package.type == "pypi" ? packages::NormalizePypiName(package.name) : package.name;
  return package.type + '\0' + name + '\0' + package.version;
}

}  // namespace

Hearsay::Hearsay(std::span<const packages::PackageSource> sources, Declared declared)
    : declared_(declared) {
  for (const auto& source : sources) {
    if (source.says == Says::kDeclared) declares_.insert(source.name);
    if (source.says != Says::kInstalled) hearsay_.insert(source.name);
  }
}

void Hearsay::SortOut(std::vector<FileReading>& readings) {
  if (declared_ == Declared::kHints) {
    const auto first = std::stable_partition(
        readings.begin(), readings.end(),
        [&](const FileReading& reading) { return !declares_.contains(reading.source); });
    hints_.assign(std::make_move_iterator(first), std::make_move_iterator(readings.end()));
    readings.erase(first, readings.end());
  } else if (declared_ == Declared::kRuntime) {
    for (FileReading& reading : readings) {
      reading.development_left_out +=
          std::erase_if(reading.packages, [](const Package& package) { return package.dev; });
    }
  }
}

void Hearsay::DropFoundOtherwise(std::vector<Package>& packages) const {
  std::set<std::string> found;
  bool any = false;
  for (const Package& package : packages) any = any || hearsay_.contains(package.found_by);
  if (!any) return;
  for (const Package& package : packages) {
    if (!hearsay_.contains(package.found_by)) found.insert(KeyOf(package));
  }
  std::erase_if(packages, [&](const Package& package) {
    return hearsay_.contains(package.found_by) && found.contains(KeyOf(package));
  });
}

void Hearsay::AddHints(MergedImage& image) {
  for (const Coverage& line : packages::CombineCoverage(hints_)) {
    const std::string fault = line.state == CoverageState::kRead ? "" : "; " + line.reason;
    image.coverage.push_back({line.source, CoverageState::kRead,
                              std::to_string(line.packages) + " declared, as hints only" + fault});
  }
  std::size_t more = 0;
  for (FileReading& reading : hints_) {
    for (Package& package : reading.packages) {
      if (image.hints.size() == kMaxHints) {
        ++more;
        continue;
      }
      package.purl = packages::BuildPurl(package, image.os);
      image.hints.push_back(std::move(package));
    }
  }
  if (more > 0) {
    image.coverage.push_back(
        {"hints", CoverageState::kRead,
         std::to_string(more) + " beyond " + std::to_string(kMaxHints) + " left out"});
  }
  const auto key = [](const Package& p) { return std::tie(p.type, p.name, p.version, p.path); };
  std::sort(image.hints.begin(), image.hints.end(),
            [&](const Package& a, const Package& b) { return key(a) < key(b); });
}

}  // namespace landwaiter::layer
