// `landwaiter controller`: the role that watches the cluster, has images scanned and judges them.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/trust_flags.h"
#include "controller/run.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "scanner/packages/source.h"

namespace landwaiter::cli {
namespace {

struct ControllerFlags {
  controller::ControllerOptions options;
  TrustFlags trust;
  std::string retention = "7d";
  bool keep_inventories = false;
  std::string log_level = "info";
  std::string log_format = "json";
};

int RunCommand(ControllerFlags& flags) {
  auto retention = ParseDuration(flags.retention);
  auto level = log::ParseLevel(flags.log_level);
  const Status trust = ReadTrustFlags(flags.trust, flags.options.trust);
  for (const Error* error : {retention ? nullptr : &retention.error(),
                             level ? nullptr : &level.error(), trust ? nullptr : &trust.error()}) {
    if (error == nullptr) continue;
    std::fprintf(stderr, "landwaiter controller: %s\n", error->message.c_str());
    return kExitUsage;
  }
  flags.options.retention = *retention;
  if (!flags.keep_inventories) flags.options.readers = packages::ReadersId();
  log::Configure(*level, flags.log_format == "text" ? log::Format::kText : log::Format::kJson);
  Interrupt interrupt;
  const Status status = controller::RunController(flags.options, Cancellation{interrupt.Token()});
  if (status) return kExitOk;
  std::fprintf(stderr, "landwaiter controller: %s\n", status.error().message.c_str());
  return status.error().code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
}

}  // namespace

void AddControllerCommand(CLI::App& parent, int& exit_code) {
  auto flags = std::make_shared<ControllerFlags>();
  auto& options = flags->options;
  CLI::App* app = parent.add_subcommand(
      "controller", "Watch pods, have their images scanned, judge them (a role in the cluster).");
  app->add_option("--kubeconfig", options.kubeconfig,
                  "Kubeconfig file; without it the pod's own service account");
  app->add_option("--namespace", options.ns, "Namespace of the leader election's Lease")
      ->capture_default_str();
  app->add_option("--listen", options.listen, "Address for the webhook's questions (mutual TLS)")
      ->capture_default_str();
  app->add_option("--health-listen", options.health_listen,
                  "Address of /healthz, /readyz and /metrics (plain HTTP)")
      ->capture_default_str();
  app->add_option("--certs", options.certs, "Folder with ca.crt, tls.crt and tls.key")->required();
  app->add_option("--scanner", options.scanners, "URL of a scanner service; may be repeated")
      ->required();
  app->add_option("--database", options.database, "Folder of the advisory database")->required();
  app->add_option("--data", options.data, "Folder of the store (SQLite)");
  app->add_option("--store-dsn-file", options.store_dsn_file,
                  "File with the connection string of a PostgreSQL database, in place of --data; "
                  "controllers may share it");
  app->add_option("--plain-http", options.plain_http,
                  "Registry (host:port) that speaks no TLS; may be repeated");
  app->add_option("--allow-address", options.allow_addresses,
                  "Address range (CIDR) of registries that would be refused; may be repeated");
  app->add_flag("--refuse-private-addresses", options.refuse_private_addresses,
                "Refuse registries in private address ranges");
  app->add_option("--registry-hosts", options.registry_hosts,
                  "Folder with HOST/hosts.toml of registries' mirrors, as containerd's");
  app->add_option("--cloud-credentials", options.cloud_credentials,
                  "Clouds whose registries are logged in to as this pod's own identity there: ecr, "
                  "gar, acr; may be repeated")
      ->check(CLI::IsMember({"ecr", "gar", "acr"}));
  app->add_flag("--cloud-instance-metadata", options.cloud_instance_metadata,
                "ecr: where the pod has no identity of its own, use the node's (IMDSv2)");
  app->add_option("--registry-ca", options.registry_ca,
                  "PEM file of the authorities to trust for registries");
  app->add_option("--retention", flags->retention,
                  "How long a scan that nothing uses is kept (7d, 36h)")
      ->capture_default_str();
  app->add_option("--leader-elect-identity", options.identity,
                  "Name in the Lease; must differ between replicas");
  app->add_option("--workers", options.workers, "Scans under way at once")->capture_default_str();
  app->add_option("--scans-per-namespace", options.scans_per_namespace,
                  "Scans under way at once on one namespace's account")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app->add_option("--namespace-new-images", options.namespace_new_images,
                  "Images that nothing has seen which pods of a namespace may bring at once, one "
                  "more each minute; 0: any number")
      ->capture_default_str();
  app->add_flag("--keep-inventories", flags->keep_inventories,
                "Do not scan again what an earlier version scanned with other readers of packages");
  app->add_flag("--hold", options.hold,
                "Look after pods that wait behind the scan gate: needs patch and delete of pods");
  app->add_flag("--nudge", options.nudge,
                "Annotate owners of denied pods when the verdict is in: needs patch of them");
  app->add_option(
         "--policy-reports", options.policy_reports,
         "Keep reports of what runs in each namespace: needs their CRDs, and list, create, "
         "patch and delete of them")
      ->check(CLI::IsMember({"none", "wgpolicy", "openreports", "both"}))
      ->capture_default_str();
  app->add_option(
      "--falco-configmap", options.falco_config_map,
      "Keep rules for Falco in this ConfigMap: needs create, patch, get and delete of it");
  app->add_option("--falco-namespace", options.falco_namespace,
                  "Namespace of that ConfigMap (default: --namespace)");
  app->add_option("--notifications", options.notifications,
                  "JSON file of who is told of changes of verdicts and findings "
                  "(docs/notifications.md)");
  app->add_option("--report-listen", options.report_listen,
                  "Address of the report API (TLS, bearer tokens); without it there is none");
  app->add_option("--report-audience", options.report_audiences,
                  "Audience that tokens for the report API must have; may be repeated (default: "
                  "the API server's own)");
  AddTrustFlags(*app, flags->trust, options.trust);
  app->add_option("--log-level", flags->log_level, "debug, info, warn or error")
      ->capture_default_str();
  app->add_option("--log-format", flags->log_format, "json or text")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
  app->callback([flags, &exit_code] { exit_code = RunCommand(*flags); });
}

}  // namespace landwaiter::cli
