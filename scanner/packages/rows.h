// One declaration a source; the table is in sources.cc.
#pragma once

#include "scanner/packages/source.h"

namespace landwaiter::packages {

PackageSource ApkSource();
PackageSource ChiselSource();
PackageSource DpkgSource();
PackageSource GoSource();
PackageSource NpmSource();
PackageSource OpkgSource();
PackageSource PacmanSource();
PackageSource PortageSource();
PackageSource PythonSource();
PackageSource RustSource();

/// Databases that this version only knows by their path: seen, they are kUnsupported coverage.
inline constexpr std::size_t kUnreadSources = 7;
std::span<const PackageSource, kUnreadSources> UnreadSources();

}  // namespace landwaiter::packages
