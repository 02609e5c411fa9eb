// Tables of known answers, run against a scheme: what `landwaiter versions check` and the tests do.
//
// One row a line, columns separated by tabs, '#' starts a comment line. Two kinds of rows, told
// apart by their second and third column:
//   left   op (<, =, >)   right
//   range  version        satisfied (true, false)   [options: loose, includePrerelease]
#pragma once

#include <cstddef>
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

/// Every pair is also asked the other way round. A range that cannot be read holds no version, as
/// the ecosystems' own tools say; a version that cannot be compared makes the row wrong.
TableReport CheckTable(Scheme scheme, std::string_view table);

}  // namespace landwaiter::versions
