// Tables of known answers, run against a scheme: what `landwaiter versions check` and the tests do.
//
// One row a line, columns separated by tabs, '#' starts a comment line. Four kinds of rows, told
// apart by their columns:
//   left    op (<, =, >)   right
//   range   version        satisfied (true, false)   [options: loose, includePrerelease]
//   vers    version        satisfied                 (range "vers:…": in the scheme that it names)
//   scheme  range          vers                      (both ranges must hold the same versions)
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/versions/scheme.h"

namespace landwaiter::versions {

struct WrongRow {
  std::size_t line = 0;  // from 1
  std::string row;       // fit for a terminal
  std::string got;       // ">", "false", or what is wrong with the row
};

struct TableReport {
  std::size_t rows = 0;
  std::vector<WrongRow> wrong;
};

/// The scheme of a table, or none where each row names its own.
struct TableScheme {
  std::string_view name;
  std::optional<Scheme> scheme;
};

/// A scheme's name or alias, with or without "-ranges" behind it; "vers" (or "vers-ranges") and
/// "native-to-vers" for tables whose rows name their scheme. nullopt for any other word.
std::optional<TableScheme> ParseTableScheme(std::string_view name);

/// Every pair is also asked the other way round. A range that cannot be read holds no version, as
/// the ecosystems' own tools say; a version that cannot be compared makes the row wrong. Two ranges
/// are held against each other at every version that either names and at those next to it, where
/// one of the numbers is one more or one less. A vers range has no word for whether pre-releases
/// are admitted, so that either answer is right.
TableReport CheckTable(std::optional<Scheme> scheme, std::string_view table);

}  // namespace landwaiter::versions
