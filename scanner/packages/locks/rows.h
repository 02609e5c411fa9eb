// One declaration a format; the table is in table.cc.
#pragma once

#include "scanner/packages/source.h"

namespace landwaiter::packages {

PackageSource CargoLockSource();
PackageSource ComposerLockSource();
PackageSource GemfileLockSource();
PackageSource GoModSource();
PackageSource GradleLockSource();
PackageSource MavenPomSource();
PackageSource MixLockSource();
PackageSource NugetLockSource();
PackageSource PackageLockSource();
PackageSource PdmLockSource();
PackageSource PipfileLockSource();
PackageSource PnpmLockSource();
PackageSource PodfileLockSource();
PackageSource PoetryLockSource();
PackageSource PubspecLockSource();
PackageSource RequirementsSource();
PackageSource SwiftResolvedSource();
PackageSource UvLockSource();
PackageSource YarnLockSource();

/// All of them.
std::span<const PackageSource> LockSources();

}  // namespace landwaiter::packages
