// `landwaiter webhook`: the role that answers the API server.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "lib/base/log.h"
#include "webhook/run.h"

namespace landwaiter::cli {
namespace {

struct WebhookOptions {
  webhook::RunOptions run;
  std::string log_level = "info";
  std::string log_format = "json";
};

int RunWebhook(const WebhookOptions& options) {
  auto level = log::ParseLevel(options.log_level);
  if (!level) {
    std::fprintf(stderr, "landwaiter: webhook: --log-level: %s\n", level.error().message.c_str());
    return kExitUsage;
  }
  log::Configure(*level, options.log_format == "text" ? log::Format::kText : log::Format::kJson);
  const Interrupt interrupt;
  const Status done = webhook::Run(options.run, interrupt.Token());
  if (done) return kExitOk;
  log::Error("webhook ended", {{"error", done.error()}});
  return done.error().code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
}

}  // namespace

void AddWebhookCommand(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<WebhookOptions>();
  CLI::App* command = app.add_subcommand("webhook", "Role: answer the API server's reviews");
  webhook::RunOptions& run = options->run;
  command->add_option("--kubeconfig", run.kubeconfig,
                      "Kubeconfig file; without it the mounted service account");
  command->add_option("--listen", run.listen, "HOST:PORT for /validate, TLS")
      ->capture_default_str();
  command
      ->add_option("--health-listen", run.health_listen,
                   "HOST:PORT for /healthz, /readyz and /metrics, plain HTTP")
      ->capture_default_str();
  command->add_option("--certs", run.certificates, "Folder with ca.crt, tls.crt and tls.key")
      ->required();
  command->add_option("--controller", run.controller, "URL of the controller, as https://HOST:PORT")
      ->required();
  command->add_option("--threads", run.threads, "Threads that serve")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_flag("--hold", run.admission.hold,
                    "Let pods wait behind the scan gate where a policy says Hold: /mutate puts it "
                    "on, a controller with --hold takes it off");
  command->add_flag(
      "--pin-digests", run.admission.pin_digests,
      "Write the digest that is judged behind the tag where a policy says pinDigests");
  command->add_flag("--nudge", run.admission.nudge,
                    "Tell the controller whose pods are denied for want of a verdict");
  command
      ->add_option("--controller-user", run.admission.controller_user,
                   "User that takes the scan gate off; nobody else may")
      ->capture_default_str();
  command->add_option(
      "--image-review-listen", run.image_review_listen,
      "HOST:PORT for /image-review (ImagePolicyWebhook), mutual TLS; default: none");
  command->add_option("--image-review-client-ca", run.image_review_client_ca,
                      "PEM file of the authority of the API server's client certificate");
  command->add_option("--image-review-client", run.image_review_clients,
                      "Common name that may ask; may be repeated; default: all of that authority");
  command->add_option("--image-review-exclude", run.image_review.excluded_namespaces,
                      "Namespace that /image-review lets in unasked; may be repeated");
  command->add_option("--log-level", options->log_level, "debug, info, warn or error")
      ->capture_default_str();
  command->add_option("--log-format", options->log_format, "json or text")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
  command->callback([options, &exit_code] { exit_code = RunWebhook(*options); });
}

}  // namespace landwaiter::cli
