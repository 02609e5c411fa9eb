// One declaration a source; the table is in sources.cc.
#pragma once

#include "scanner/packages/source.h"

namespace landwaiter::packages {

PackageSource ApkSource();
PackageSource ChiselSource();
PackageSource DotnetSource();
PackageSource DpkgSource();
PackageSource GoSource();
PackageSource NpmSource();
PackageSource OpkgSource();
PackageSource PacmanSource();
PackageSource PhpSource();
PackageSource PortageSource();
PackageSource PythonSource();
PackageSource RubySource();
PackageSource RustSource();

/// Databases that this version only knows by their path: seen, they are kUnsupported coverage.
inline constexpr std::size_t kUnreadSources = 4;
std::span<const PackageSource, kUnreadSources> UnreadSources();

}  // namespace landwaiter::packages
