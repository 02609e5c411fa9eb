// `landwaiter doctor` looks at an installation and says what is broken and what to do.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "doctor/examine.h"
#include "lib/base/clock.h"
#include "lib/kube/client.h"
#include "lib/kube/config.h"
#include "scanner/updates/fetch.h"

namespace landwaiter::cli {
namespace {

struct DoctorOptions {
  std::string kubeconfig;
  std::string ns;
  std::string name = "landwaiter";
  std::string format = "table";
  std::string timeout = "60s";
  std::string wait = "0s";
  std::vector<std::string> skip;
};

/// Between two looks while --wait lasts: each is some forty small requests.
constexpr std::chrono::seconds kPause{3};

/// As kubectl finds it; without any, what a pod is given.
std::string Kubeconfig(const DoctorOptions& options) {
  if (!options.kubeconfig.empty()) return options.kubeconfig;
  const char* named = std::getenv("KUBECONFIG");
  return named == nullptr ? "" : named;
}

Result<doctor::Where> WhereOf(const DoctorOptions& options, const kube::ClusterConfig& config,
                              bool in_cluster) {
  if (auto known = doctor::KnowsChecks(options.skip); !known) {
    return std::move(known).error().Context("--skip");
  }
  std::string ns = options.ns;
  if (ns.empty()) ns = in_cluster ? config.ns : "landwaiter";
  return doctor::Where{ns, options.name, LANDWAITER_VERSION, in_cluster, options.skip};
}

Result<doctor::Diagnosis> Run(const DoctorOptions& options) {
  auto timeout = ParseDuration(options.timeout);
  if (!timeout) return std::move(timeout).error().Context("--timeout");
  auto wait = ParseDuration(options.wait);
  if (!wait) return std::move(wait).error().Context("--wait");
  const std::string kubeconfig = Kubeconfig(options);
  auto config = kube::LoadConfig(kubeconfig);
  if (!config) return std::move(config).error();
  auto where = WhereOf(options, *config, kubeconfig.empty());
  if (!where) return std::move(where).error();
  auto api = kube::Client::Create(*config, {.user_agent = "landwaiter-doctor"});
  if (!api) return std::move(api).error();
  const Interrupt interrupt;
  const Cancellation cancel{interrupt.Token()};
  const Cancellation waiting = cancel.Within(*wait);
  while (true) {
    auto diagnosis = doctor::Examine(**api, *where, options.format == "json", SystemClock().Now(),
                                     cancel.Within(*timeout));
    const bool sound = diagnosis && diagnosis->faults + diagnosis->unseen == 0;
    if (sound || !updates::WaitFor(kPause, "", waiting)) return diagnosis;
  }
}

int ExitCode(const doctor::Diagnosis& diagnosis) {
  if (diagnosis.faults > 0) return kExitPolicyFailed;
  return diagnosis.unseen > 0 ? kExitIncomplete : kExitOk;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* command = app.add_subcommand(
      "doctor", "Look at an installation: what is broken, and what to do about it");
  command->add_option("--kubeconfig", options->kubeconfig,
                      "Kubeconfig file (default: $KUBECONFIG, else the mounted service account)");
  command->add_option("-n,--namespace", options->ns,
                      "Namespace of the installation (default: landwaiter, in a pod its own)");
  command->add_option("--name", options->name, "What the names of its objects begin with")
      ->capture_default_str();
  command->add_option("--format", options->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->add_option("--timeout", options->timeout, "How long to look")->capture_default_str();
  command
      ->add_option("--wait", options->wait,
                   "Look again until nothing is broken, for so long (after an installation)")
      ->capture_default_str();
  command->add_option("--skip", options->skip, "A check that is not run (repeatable)");
  command->callback([options, &exit_code] {
    auto diagnosis = Run(*options);
    if (!diagnosis) {
      std::fprintf(stderr, "landwaiter: doctor: %s\n", diagnosis.error().message.c_str());
      exit_code = diagnosis.error().code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
      return;
    }
    std::fputs(diagnosis->text.c_str(), stdout);
    exit_code = ExitCode(*diagnosis);
  });
}

}  // namespace landwaiter::cli
