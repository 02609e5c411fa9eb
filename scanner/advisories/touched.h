// What one database says differently from another, as far as a match can tell: by it the controller
// knows which images a new database leaves as they are (docs/adr/0013).
//
// Everything that a match reads is compared byte by byte: the rows of a package; of the advisories
// in them all fields; of all names of those the facts (EPSS, known exploitation, NVD) and the other
// advisories that bear them, from which severities are taken; the dates of releases; the products
// of repositories; the sources of binary packages. A difference in what is no matter of single
// packages (ecosystems, kinds of feeds, whether known exploitation is known at all) touches
// everything. Whoever makes a match read something else has to say it here;
// tests/unit/scanner/matching/touched_test.cc holds random databases against each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "lib/base/result.h"
#include "scanner/advisories/database.h"

namespace landwaiter::advisories {

/// A thing that a match asks the database for, as a number that is the same in all processes. Two
/// things may share one: the second is matched again without need then.
using Word = std::uint64_t;
Word WordOfPackage(std::string_view ecosystem, std::string_view package);
Word WordOfLifecycle(std::string_view product, std::string_view release);
Word WordOfRepository(std::string_view repository);
Word WordOfBinary(std::string_view ecosystem, std::string_view binary);

using TouchedWords = std::unordered_set<Word>;

/// nullopt: everything is touched, or so much that telling what is not is not worth it. Errors:
/// DataLoss from either database.
Result<std::optional<TouchedWords>> TouchedBetween(const AdvisoryDatabase& before,
                                                   const AdvisoryDatabase& after);

}  // namespace landwaiter::advisories
