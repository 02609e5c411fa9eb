// The output formats of `landwaiter scan`: one file a format, one row each in format.cc.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string_view>

#include "report/scan_report.h"

namespace landwaiter::report {

/// Of the terminal that the report goes to; a file has neither.
struct TableOptions {
  bool colour = false;
  std::size_t width = 0;  // in columns; 0: lines are not cut
};

struct Format {
  std::string_view name;   // of --format
  std::string_view about;  // a few words for the help text
  /// Streams the report; a sink that fails is its owner's business. The same report gives the same
  /// bytes, and nothing that an image's author wrote can leave the place that is meant for it.
  void (*write)(const ScanReport& report, const TableOptions& options, std::ostream& out);
};

/// In the order of the help text; the first one is the default.
std::span<const Format> Formats();
/// Null where there is none of this name.
const Format* FindFormat(std::string_view name);

}  // namespace landwaiter::report
