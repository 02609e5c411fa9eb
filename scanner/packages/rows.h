// One declaration a source; the table is in sources.cc.
#pragma once

#include "scanner/packages/source.h"

namespace landwaiter::packages {

PackageSource ApkSource();
PackageSource BinariesSource();
PackageSource ChiselSource();
PackageSource CondaSource();
PackageSource ContentSetsSource();
PackageSource DartSource();
PackageSource DotnetSource();
PackageSource DpkgSource();
PackageSource ErlangSource();
PackageSource GoSource();
PackageSource JavaSource();
PackageSource LuaSource();
PackageSource NpmSource();
PackageSource OpkgSource();
PackageSource PacmanSource();
PackageSource PhpSource();
PackageSource PortageSource();
PackageSource PythonSource();
PackageSource RSource();
PackageSource RpmSource();
PackageSource RubySource();
PackageSource RustSource();
PackageSource SwiftSource();

/// Databases that this version only knows by their path: seen, they are kUnsupported coverage.
inline constexpr std::size_t kUnreadSources = 1;
std::span<const PackageSource, kUnreadSources> UnreadSources();

}  // namespace landwaiter::packages
