// `landwaiter policy explain [FIELD]`, `landwaiter policy check FILE...` and its neighbours:
// writing policies without a cluster.
#include "policy/policy.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/policy_convert.h"
#include "cli/policy_test.h"
#include "lib/base/text.h"
#include "policy/explain.h"

namespace landwaiter::cli {
namespace {

int Explain(const std::string& field) {
  const auto text = policy::ExplainPolicy(field);
  if (!text) {
    std::fprintf(stderr, "landwaiter: %s\n", text.error().message.c_str());
    return kExitUsage;
  }
  std::fputs(text->c_str(), stdout);
  return kExitOk;
}

int Check(const std::vector<std::string>& files) {
  int exit_code = kExitOk;
  for (const std::string& file : files) {
    const auto policies = policy::ParsePolicyFile(file);
    if (!policies) {
      std::fprintf(stderr, "landwaiter: %s\n", text::Printable(policies.error().message).c_str());
      exit_code = kExitUsage;
      continue;
    }
    for (const policy::ScanPolicy& one : *policies) {
      std::printf("%s: ScanPolicy %s is good: %zu rules, %zu exceptions\n", file.c_str(),
                  one.name.c_str(), one.rules.size(), one.exceptions.size());
    }
  }
  return exit_code;
}

}  // namespace

void AddPolicyCommand(CLI::App& parent, int& exit_code) {
  CLI::App* app = parent.add_subcommand("policy", "Explain, check, test and convert ScanPolicies.");
  app->require_subcommand(1);

  auto field = std::make_shared<std::string>();
  CLI::App* explain = app->add_subcommand("explain", "Print every field of a ScanPolicy.");
  explain->add_option("FIELD", *field, "only this one and what is below it: rules.vulnerabilities");
  explain->callback([field, &exit_code] { exit_code = Explain(*field); });

  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* check =
      app->add_subcommand("check", "Read files of ScanPolicies and say what is wrong.");
  check->add_option("FILE", *files, "YAML or JSON; several policies may stand in one")->required();
  check->callback([files, &exit_code] { exit_code = Check(*files); });
  AddPolicyConvert(*app, exit_code);
  AddPolicyTest(*app, exit_code);
  app->footer("Exit codes: 0 good; 2 a policy or a field that cannot be read.");
}

}  // namespace landwaiter::cli
