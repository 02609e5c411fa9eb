#include "policy/history.h"

#include <algorithm>

#include "lib/base/text.h"

namespace landwaiter::policy {
namespace {

constexpr std::string_view kShell = "/bin/sh -c ";
/// The classic builder's and Buildah's mark of what runs nothing.
constexpr std::string_view kNoOperation = "#(nop) ";
constexpr std::string_view kBuildKit = " # buildkit";

/// Runs of white space as one blank, the backslash of a continued line among them.
std::string OneLine(std::string_view text) {
  std::string line;
  bool blank = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool continued =
        c == '\\' && i + 1 < text.size() && (text[i + 1] == '\n' || text[i + 1] == '\r');
    if (continued || c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      blank = true;
      continue;
    }
    if (blank && !line.empty()) line += ' ';
    blank = false;
    line += c;
  }
  return line;
}

/// Build arguments stand before the command: "|2 A=1 B=2 /bin/sh -c make".
std::string_view WithoutShell(std::string_view command) {
  if (command.starts_with('|')) {
    const auto shell = command.find(kShell);
    if (shell != std::string_view::npos) command.remove_prefix(shell);
  }
  if (command.starts_with(kShell)) command.remove_prefix(kShell.size());
  return command;
}

bool IsInstruction(std::string_view word) {
  return std::find(std::begin(kInstructions), std::end(kInstructions), word) !=
         std::end(kInstructions);
}

}  // namespace

Instruction ParseInstruction(std::string_view created_by) {
  const std::string whole = OneLine(created_by);
  std::string_view line = whole;
  if (line.ends_with(kBuildKit)) line.remove_suffix(kBuildKit.size());
  std::string_view step = line;
  if (step.starts_with(kShell)) step.remove_prefix(kShell.size());
  const bool runs = step.size() != line.size() && !step.starts_with(kNoOperation);
  if (runs || line.starts_with('|')) return {"RUN", std::string(WithoutShell(line))};
  if (step.starts_with(kNoOperation)) step.remove_prefix(kNoOperation.size());
  const auto blank = step.find(' ');
  const std::string_view name = step.substr(0, blank);
  if (!IsInstruction(name)) return {"", std::string(step)};
  std::string_view value = blank == std::string_view::npos ? "" : step.substr(blank + 1);
  if (name == "RUN") value = WithoutShell(value);
  return {std::string(name), std::string(value)};
}

}  // namespace landwaiter::policy
