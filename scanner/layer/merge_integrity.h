// Files of the final tree held against the records of their packages.
#pragma once

#include <string>

#include "scanner/layer/merge.h"
#include "scanner/layer/stack.h"

namespace landwaiter::layer {

/// Fills in `image.integrity` from `image.records`, which it takes. Returns what could not be
/// checked, "" for nothing: packages without a record, files without a checksum on record.
std::string MergeIntegrity(const Tree& tree, MergedImage& image);

}  // namespace landwaiter::layer
