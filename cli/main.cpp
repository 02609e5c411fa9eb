// landwaiter: one binary, the roles and the command line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

#include "cli/commands.h"
#include "lib/base/text.h"
#include "scanner/service/scan_in_child.h"

namespace {

/// A flag takes one value, however often it may be given: what follows it is the image, not another
/// value.
void OneValueEach(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) option->allow_extra_args(false);
  }
  for (CLI::App* command : app.get_subcommands({})) OneValueEach(*command);
}

/// What stands where one of the commands should; "" where nothing does, or one of them.
std::string_view UnknownCommand(CLI::App& app, int argc, char** argv) {
  CLI::App* at = &app;
  for (int i = 1; i < argc && at->get_require_subcommand_min() > 0; ++i) {
    const std::string_view word = argv[i];
    if (word.empty() || word.front() == '-') return {};
    const auto commands = at->get_subcommands({});
    const auto named = std::find_if(commands.begin(), commands.end(),
                                    [&](const CLI::App* one) { return one->get_name() == word; });
    if (named == commands.end()) return word;
    at = *named;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  // A scan's child shares the binary, not the command line: it must not touch anything else first.
  if (landwaiter::service::IsScanChild(argc, argv)) return landwaiter::service::RunScanChild();
  // A peer that goes away is an error of that one write, never the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  int exit_code = landwaiter::cli::kExitOk;
  CLI::App app{"Landwaiter keeps images with known faults out of a Kubernetes cluster."};
  // Linked as kubectl-landwaiter it is a plugin of kubectl's.
  const std::string_view called = argc > 0 ? argv[0] : "";
  if (called.substr(called.rfind('/') + 1).starts_with("kubectl-")) app.name("kubectl landwaiter");
  app.set_version_flag("--version", "landwaiter " LANDWAITER_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  for (const auto& command : landwaiter::cli::Commands()) command.add(app, exit_code);
  OneValueEach(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const auto word = UnknownCommand(app, argc, argv); !word.empty()) {
      std::fprintf(stderr,
                   "landwaiter: '%s' is no command\nRun with --help for more information.\n",
                   landwaiter::text::Printable(word).c_str());
      return landwaiter::cli::kExitUsage;
    }
    const int code = app.exit(error);
    return code == 0 ? landwaiter::cli::kExitOk : landwaiter::cli::kExitUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "landwaiter: internal error: %s\n", error.what());
    return landwaiter::cli::kExitIncomplete;
  }
  return exit_code;
}
