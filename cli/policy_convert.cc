// `landwaiter policy convert BUNDLE`: a policy bundle of Anchore Engine as ScanPolicies, with what
// could not be said.
#include "cli/policy_convert.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/complain.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "policy/anchore/convert.h"
#include "policy/policy.h"

namespace landwaiter::cli {
namespace {

int Convert(const std::string& path, const std::string& output) {
  const auto bundle = ReadFile(path, policy::kMaxPolicyBytes);
  if (!bundle) return Complain("landwaiter", bundle.error(), kExitUsage);
  const auto converted = policy::ConvertAnchoreBundle(*bundle, SystemClock().Now());
  if (!converted) return Complain("landwaiter", Error(converted.error()).Context(path), kExitUsage);
  if (output.empty()) {
    std::fputs(converted->yaml.c_str(), stdout);
  } else if (Status written = WriteFileAtomically(output, converted->yaml); !written) {
    return Complain("landwaiter", written.error(), kExitUsage);
  }
  for (const std::string& note : converted->notes) {
    std::fprintf(stderr, "note: %s\n", note.c_str());
  }
  for (const std::string& lost : converted->lost) {
    std::fprintf(stderr, "not translated: %s\n", lost.c_str());
  }
  return converted->lost.empty() ? kExitOk : kExitIncomplete;
}

}  // namespace

void AddPolicyConvert(CLI::App& policy, int& exit_code) {
  auto path = std::make_shared<std::string>();
  auto output = std::make_shared<std::string>();
  CLI::App* convert = policy.add_subcommand(
      "convert", "Turn a policy bundle of Anchore Engine (JSON) into ScanPolicies (YAML).");
  convert->add_option("BUNDLE", *path, "the bundle, as `anchore-cli policy get --detail` prints it")
      ->required();
  convert->add_option("--output,-o", *output, "write the policies to this file");
  convert->footer(
      "Exit codes: 0 everything was translated; 2 no bundle; 3 something could not be translated: "
      "standard error names it.");
  convert->callback([path, output, &exit_code] { exit_code = Convert(*path, *output); });
}

}  // namespace landwaiter::cli
