// `landwaiter disarm` empties the webhook configurations, so that an uninstall blocks nothing, and
// `landwaiter arm` lets the controller arm them again.
#include "controller/trust/disarm.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "controller/held_release.h"
#include "lib/base/clock.h"
#include "lib/kube/client.h"
#include "lib/kube/config.h"

namespace landwaiter::cli {
namespace {

struct DisarmOptions {
  std::string kubeconfig;
  std::vector<std::string> validating = {"landwaiter"};
  std::vector<std::string> mutating;
  std::string timeout = "60s";
  bool disarm = true;
  bool release_held_pods = false;
};

std::vector<controller::ConfigurationRef> Configurations(const DisarmOptions& options) {
  std::vector<controller::ConfigurationRef> out;
  for (const auto& name : options.validating) {
    out.push_back({controller::kValidatingWebhooks, name});
  }
  for (const auto& name : options.mutating) out.push_back({controller::kMutatingWebhooks, name});
  return out;
}

Status Run(const DisarmOptions& options) {
  auto timeout = ParseDuration(options.timeout);
  if (!timeout) return std::move(timeout).error().Context("--timeout");
  auto config = kube::LoadConfig(options.kubeconfig);
  if (!config) return std::move(config).error();
  auto api = kube::Client::Create(*config, {.user_agent = "landwaiter-disarm"});
  if (!api) return std::move(api).error();
  const Interrupt interrupt;
  const Cancellation cancel = Cancellation{interrupt.Token()}.Within(*timeout);
  const std::string now = FormatTime(SystemClock().Now());
  Status first;  // one that cannot be written keeps no other from being emptied
  for (const auto& configuration : Configurations(options)) {
    Status done = options.disarm ? controller::Disarm(**api, configuration, now, cancel)
                                 : controller::AllowArming(**api, configuration, cancel);
    if (done) {
      std::printf("%s %s %s\n", std::string(configuration.resource.kind).c_str(),
                  configuration.name.c_str(), options.disarm ? "disarmed" : "may be armed");
    } else if (first) {
      first = std::move(done);
    }
  }
  if (!options.release_held_pods) return first;
  // When nobody puts gates on any more.
  auto released = controller::ReleaseAllHeldPods(**api, cancel);
  if (released) std::printf("%zu held pods released\n", *released);
  return first && !released ? Status(std::move(released).error()) : std::move(first);
}

void Add(CLI::App& app, int& exit_code, bool disarm) {
  auto options = std::make_shared<DisarmOptions>();
  options->disarm = disarm;
  const char* name = disarm ? "disarm" : "arm";
  CLI::App* command = app.add_subcommand(
      name, disarm ? "Empty the webhook configurations and keep them so (before an uninstall)"
                   : "Let the controller arm the webhook configurations again");
  command->add_option("--kubeconfig", options->kubeconfig,
                      "Kubeconfig file; without it the mounted service account");
  command->add_option("--validating", options->validating, "ValidatingWebhookConfiguration")
      ->capture_default_str();
  command->add_option("--mutating", options->mutating, "MutatingWebhookConfiguration");
  if (disarm) {
    command->add_flag("--release-held-pods", options->release_held_pods,
                      "Then take the scan gate off all pods that wait behind it");
  }
  command->add_option("--timeout", options->timeout, "How long to try")->capture_default_str();
  command->callback([options, &exit_code, name] {
    if (auto done = Run(*options); !done) {
      std::fprintf(stderr, "landwaiter: %s: %s\n", name, done.error().message.c_str());
      exit_code = done.error().code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
    }
  });
}

}  // namespace

void AddDisarmCommand(CLI::App& app, int& exit_code) { Add(app, exit_code, true); }
void AddArmCommand(CLI::App& app, int& exit_code) { Add(app, exit_code, false); }

}  // namespace landwaiter::cli
