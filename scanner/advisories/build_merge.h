// What several records, or parts of one, say of the same thing becomes one thing.
#pragma once

#include <vector>

#include "scanner/advisories/codec.h"

namespace landwaiter::advisories {

/// A record may name a package several times, with a range each: together they are one row.
std::vector<StagedPackage> MergePackages(std::vector<StagedPackage> packages);

/// One record of all that have its id, the whole one first. What a part says of a package takes the
/// place of what the whole record says of it; parts add to each other. REQUIRED: not empty.
StagedRecord Combine(std::vector<StagedRecord> records);

/// Adds what one feed knows of a CVE to what others do.
void Merge(CveFacts facts, CveFacts* to);

}  // namespace landwaiter::advisories
