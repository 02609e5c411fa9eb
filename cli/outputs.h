// Where the reports of one scan go: `--format NAME[=FILE]`, several times, and `--output FILE`.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "report/format.h"

namespace landwaiter::cli {

struct Output {
  const report::Format* format = nullptr;  // never null
  std::string path;                        // "" is standard output
};

/// One for each value of --format; the default format where there is none. `output` is the file of
/// the one format that names none itself.
/// Errors: InvalidArgument for a format that is none, a second one without a file, a file named
/// twice.
Result<std::vector<Output>> ParseOutputs(const std::vector<std::string>& formats,
                                         const std::string& output);

/// Files first, so that a pipeline that reads standard output to its end finds them whole.
Status WriteOutputs(const report::ScanReport& scan, const std::vector<Output>& outputs);

/// "table (for people: …), json (…)": of --format's help.
std::string DescribeFormats();

}  // namespace landwaiter::cli
