// The formats of `landwaiter diff`: one file and one row each, as those of a scan.
#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

#include "report/diff.h"

namespace landwaiter::report {

struct DiffFormat {
  std::string_view name;
  std::string_view about;
  void (*write)(const ScanDiff& diff, std::ostream& out);
};

DiffFormat DiffJsonFormat();
DiffFormat DiffMarkdownFormat();
DiffFormat DiffTableFormat();

/// The first one is the default.
std::span<const DiffFormat> DiffFormats();

/// Why the comparison may say less, or something else, than what the new image does: a side that
/// was not read whole, different databases. For people; empty for none.
std::vector<std::string> DiffWarnings(const ScanDiff& diff);

}  // namespace landwaiter::report
