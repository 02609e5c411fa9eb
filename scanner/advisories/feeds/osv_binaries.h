// Which source packages Ubuntu's binary packages are built from, as its OSV records say besides
// (`ecosystem_specific.binaries` of each entry): for packages whose own record does not tell
// (chisel's manifests).
#pragma once

#include <simdjson.h>

#include "scanner/advisories/codec.h"

namespace landwaiter::advisories {

/// Adds what an entry about `package` says to `binaries`. Left out: binaries that have their
/// source's name, which is how they are looked up anyway; those whose version is not the source's,
/// since nothing tells that of the source then; kernels, whose binaries have a name for each build
/// and stand in no image; releases that chisel does not cut; Pro, which has the same binaries. What
/// is not as it should be says nothing: the field is the vendor's own.
void ReadBinaries(const simdjson::dom::object& entry, const StagedPackage& package,
                  std::vector<BinaryOfSource>* binaries);

}  // namespace landwaiter::advisories
