// Documents that list packages: CycloneDX (JSON, XML; ECMA-424, 1.2 to 1.6), SPDX 2.2 and 2.3
// (JSON, tag-value) and Syft's own JSON.
//
// What counts is the package URL: it alone says what ecosystem a name is of. Components without one
// of a known kind, and those without a version, are left out and counted. What the document is
// about (CycloneDX, metadata.component) is one of its packages where its package URL says so.
// Licences are not read.
#pragma once

#include "scanner/packages/source.h"

namespace landwaiter::packages {

/// In an image or a folder, at the usual names and places: what its author says is installed. The
/// operating system's own packages are not taken from it, their database has them; what another
/// source finds in the same version counts as that source's.
PackageSource SbomSource();
/// A file that was asked for (`sbom:FILE`), whatever its name: all of its packages, and the system.
PackageSource SbomDocumentSource();

}  // namespace landwaiter::packages
