#include <vector>

#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {

std::span<const PackageSource> LockSources() {
  // One row a line.
  // clang-format off
  static const std::vector<PackageSource> kTable = {
      CargoLockSource(),
      ComposerLockSource(),
      GemfileLockSource(),
      GoModSource(),
      GradleLockSource(),
      MavenPomSource(),
      MixLockSource(),
      NugetLockSource(),
      PackageLockSource(),
      PdmLockSource(),
      PipfileLockSource(),
      PnpmLockSource(),
      PodfileLockSource(),
      PoetryLockSource(),
      PubspecLockSource(),
      RequirementsSource(),
      SwiftResolvedSource(),
      UvLockSource(),
      YarnLockSource(),
  };
  // clang-format on
  return kTable;
}

}  // namespace landwaiter::packages
