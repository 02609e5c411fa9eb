// The table of commands. A command is one file cli/<name>.cc and one row in cli/commands.cc.
#pragma once

#include <span>

namespace CLI {
class App;
}

namespace landwaiter::cli {

struct Command {
  /// Adds the subcommand to the parent; its callback sets the exit code.
  void (*add)(CLI::App& parent, int& exit_code);
};

std::span<const Command> Commands();

// Exit codes of every command, as docs/cli.md says.
inline constexpr int kExitOk = 0;
inline constexpr int kExitPolicyFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitIncomplete = 3;

}  // namespace landwaiter::cli
