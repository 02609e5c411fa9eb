#include "cli/outputs.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <set>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::cli {
namespace {

std::string Names() {
  std::vector<std::string> names;
  for (const report::Format& format : report::Formats()) names.emplace_back(format.name);
  return text::Join(names, ", ");
}

report::TableOptions Terminal() {
  report::TableOptions options;
  if (::isatty(STDOUT_FILENO) != 1) return options;
  options.colour = std::getenv("NO_COLOR") == nullptr;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) options.width = size.ws_col;
  return options;
}

Status WriteOutput(const report::ScanReport& scan, const Output& output) {
  const bool to_stdout = output.path.empty();
  const report::TableOptions options = to_stdout ? Terminal() : report::TableOptions{};
  const auto write = [&](std::ostream& out) { output.format->write(scan, options, out); };
  return to_stdout ? StreamToDescriptor(STDOUT_FILENO, "the report to standard output", write)
                   : StreamToFile(output.path, write);
}

}  // namespace

Result<std::vector<Output>> ParseOutputs(const std::vector<std::string>& formats,
                                         const std::string& output) {
  std::vector<Output> outputs;
  for (const std::string& value : formats) {
    const std::size_t equals = value.find('=');
    const std::string name = value.substr(0, equals);
    const report::Format* format = report::FindFormat(name);
    if (format == nullptr) {
      return InvalidArgument("--format '" + name + "' is none of " + Names());
    }
    if (equals != std::string::npos && equals + 1 == value.size()) {
      return InvalidArgument("--format " + value + " names no file");
    }
    outputs.push_back({format, equals == std::string::npos ? "" : value.substr(equals + 1)});
  }
  const auto bare = [](const Output& one) { return one.path.empty(); };
  if (formats.empty()) outputs.push_back({&report::Formats().front(), ""});
  if (std::count_if(outputs.begin(), outputs.end(), bare) > 1) {
    return InvalidArgument(
        "more than one --format without a file: only one report can go to one place, write "
        "--format NAME=FILE for the others");
  }
  const auto first = std::find_if(outputs.begin(), outputs.end(), bare);
  if (!output.empty()) {
    if (first == outputs.end()) {
      return InvalidArgument("--output " + output + ": every --format names a file of its own");
    }
    first->path = output;
  }
  std::set<std::string> paths;
  for (const Output& one : outputs) {
    if (!one.path.empty() && !paths.insert(one.path).second) {
      return InvalidArgument(one.path + " is named for more than one report");
    }
  }
  return outputs;
}

Status WriteOutputs(const report::ScanReport& scan, const std::vector<Output>& outputs) {
  for (const bool to_stdout : {false, true}) {
    for (const Output& output : outputs) {
      if (output.path.empty() != to_stdout) continue;
      if (Status written = WriteOutput(scan, output); !written) return written;
    }
  }
  return Ok();
}

std::string DescribeFormats() {
  std::vector<std::string> lines;
  for (const report::Format& format : report::Formats()) {
    lines.push_back(std::string(format.name) + " (" + std::string(format.about) + ")");
  }
  return text::Join(lines, ", ");
}

}  // namespace landwaiter::cli
