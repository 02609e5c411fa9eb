// Where the reports of one run go: `--format NAME[=FILE]`, several times, and `--output FILE`.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"

namespace landwaiter::cli {

struct Output {
  std::string format;
  std::string path;  // "" is standard output
};

/// Name and a few words about it; the first one is the default.
using FormatNames = std::vector<std::pair<std::string_view, std::string_view>>;

/// Of a table of formats, each with a name and what it is about.
template <class Formats>
FormatNames FormatNamesOf(const Formats& formats) {
  FormatNames names;
  for (const auto& format : formats) names.emplace_back(format.name, format.about);
  return names;
}

/// One for each value of --format; the default format where there is none. `output` is the file of
/// the one format that names none itself.
/// Errors: InvalidArgument for a format that is none, a second one without a file, a file named
/// twice.
Result<std::vector<Output>> ParseOutputs(const std::vector<std::string>& formats,
                                         const std::string& output, const FormatNames& known);

/// Calls `write` once for each. Files first, so that a pipeline that reads standard output to its
/// end finds them whole. Errors: those of the files.
Status WriteOutputs(const std::vector<Output>& outputs,
                    const std::function<void(const Output&, std::ostream&)>& write);

/// For the help text of --format.
std::string DescribeFormats(const FormatNames& known);

}  // namespace landwaiter::cli
