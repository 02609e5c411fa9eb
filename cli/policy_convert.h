// `landwaiter policy convert`: see cli/policy_convert.cc.
#pragma once

namespace CLI {
class App;
}

namespace landwaiter::cli {

/// Adds the subcommand to `landwaiter policy`.
void AddPolicyConvert(CLI::App& policy, int& exit_code);

}  // namespace landwaiter::cli
