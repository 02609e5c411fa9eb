// What becomes of packages that nobody says are installed: those that lock files declare and those
// that documents retell (docs/adr/0008). Inside this room only.
#pragma once

#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/layer/merge.h"
#include "scanner/packages/source.h"

namespace landwaiter::layer {

class Hearsay {
 public:
  Hearsay(std::span<const packages::PackageSource> sources, packages::Declared declared);

  /// Takes the hints out of `readings`, or the packages for development, as `declared` says.
  void SortOut(std::vector<packages::FileReading>& readings);
  /// Takes out the packages that another source has found as well, in the same version: a lock file
  /// beside its node_modules.
  void DropFoundOtherwise(std::vector<Package>& packages) const;
  /// The hints that SortOut took, and a line of coverage for each of their sources. A lock file
  /// that cannot be read hides nothing that is installed: it makes no scan incomplete.
  void AddHints(MergedImage& image);

 private:
  const packages::Declared declared_;
  std::set<std::string_view> declares_;  // names of the sources that only declare
  std::set<std::string_view> hearsay_;   // those, and the ones that retell
  std::vector<packages::FileReading> hints_;
};

}  // namespace landwaiter::layer
