// `landwaiter policy test`: what policies say of a report or an image, and whether that is what
// the tests kept beside them expect.
#pragma once

namespace CLI {
class App;
}

namespace landwaiter::cli {

/// Adds the subcommand to `policy`; its callback sets the exit code.
void AddPolicyTest(CLI::App& policy, int& exit_code);

}  // namespace landwaiter::cli
