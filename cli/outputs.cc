#include "cli/outputs.h"

#include <unistd.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::cli {
namespace {

Status WriteOutput(const Output& output,
                   const std::function<void(const Output&, std::ostream&)>& write) {
  const auto stream = [&](std::ostream& out) { write(output, out); };
  if (!output.path.empty()) return StreamToFile(output.path, stream);
  return StreamToDescriptor(STDOUT_FILENO, "the report to standard output", stream);
}

}  // namespace

Result<std::vector<Output>> ParseOutputs(const std::vector<std::string>& formats,
                                         const std::string& output, const FormatNames& known) {
  std::vector<Output> outputs;
  for (const std::string& value : formats) {
    const std::size_t equals = value.find('=');
    const std::string name = value.substr(0, equals);
    if (std::none_of(known.begin(), known.end(), [&](const auto& k) { return k.first == name; })) {
      std::vector<std::string> names;
      for (const auto& one : known) names.emplace_back(one.first);
      return InvalidArgument("--format '" + name + "' is none of " + text::Join(names, ", "));
    }
    if (equals != std::string::npos && equals + 1 == value.size()) {
      return InvalidArgument("--format " + value + " names no file");
    }
    outputs.push_back({name, equals == std::string::npos ? "" : value.substr(equals + 1)});
  }
  const auto bare = [](const Output& one) { return one.path.empty(); };
  if (formats.empty()) outputs.push_back({std::string(known.front().first), ""});
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

Status WriteOutputs(const std::vector<Output>& outputs,
                    const std::function<void(const Output&, std::ostream&)>& write) {
  for (const bool to_stdout : {false, true}) {
    for (const Output& output : outputs) {
      if (output.path.empty() != to_stdout) continue;
      if (Status written = WriteOutput(output, write); !written) return written;
    }
  }
  return Ok();
}

std::string DescribeFormats(const FormatNames& known) {
  std::vector<std::string> lines;
  for (const auto& [name, about] : known) {
    lines.push_back(std::string(name) + " (" + std::string(about) + ")");
  }
  return text::Join(lines, ", ");
}

}  // namespace landwaiter::cli
