// `landwaiter scanner`: the role that turns images into inventories.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/clamd_flags.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "scanner/service/scanner_role.h"

namespace landwaiter::cli {
namespace {

struct ScannerFlags {
  service::ScannerRoleOptions role;
  std::string timeout = "15m";
  ClamdFlags clamd;
  std::string log_level = "info";
  std::string log_format = "json";
};

int RunScanner(ScannerFlags& flags) {
  const auto level = log::ParseLevel(flags.log_level);
  const auto timeout = ParseDuration(flags.timeout);
  auto clamd = ClamdOf(flags.clamd);
  for (const Error* error : {level ? nullptr : &level.error(), timeout ? nullptr : &timeout.error(),
                             clamd ? nullptr : &clamd.error()}) {
    if (error == nullptr) continue;
    std::fprintf(stderr, "landwaiter: scanner: %s\n", error->message.c_str());
    return kExitUsage;
  }
  flags.role.child.timeout = *timeout;
  flags.role.child.clamd = *std::move(clamd);
  log::Configure(*level, flags.log_format == "text" ? log::Format::kText : log::Format::kJson);
  const Interrupt interrupt;
  const Status done = service::RunScannerRole(flags.role, {interrupt.Token()});
  if (done) return kExitOk;
  log::Error("scanner ended", {{"error", done.error()}});
  return done.error().code == Code::kInvalidArgument ? kExitUsage : kExitIncomplete;
}

void AddLimits(CLI::App& command, layer::Limits& limits) {
  command.add_option("--max-inflated-bytes", limits.inflated_bytes, "All layers, inflated")
      ->capture_default_str();
  command.add_option("--max-entries", limits.entries, "Tar entries of all layers")
      ->capture_default_str();
  command.add_option("--max-ratio", limits.ratio, "Inflated over compressed bytes of a layer")
      ->capture_default_str();
  command.add_option("--max-layers", limits.layers, "Layers of an image")
      ->check(CLI::Range(1, 127))
      ->capture_default_str();
  command.add_option("--max-file-bytes", limits.file_bytes, "One file that is read whole")
      ->capture_default_str();
  command
      .add_option("--max-spooled-bytes", limits.spooled_bytes,
                  "One file that goes to scratch (a jar, a program), and as much again unpacked")
      ->capture_default_str();
}

}  // namespace

void AddScannerCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ScannerFlags>();
  CLI::App* command =
      app.add_subcommand("scanner", "Role: scan images of registries, each in a sandboxed process");
  service::ScannerRoleOptions& role = flags->role;
  command->add_option("--listen", role.listen, "HOST:PORT for /v1/scan, mutual TLS")
      ->capture_default_str();
  command
      ->add_option("--health-listen", role.health_listen,
                   "HOST:PORT for /healthz, /readyz and /metrics, plain HTTP")
      ->capture_default_str();
  command->add_option("--certs", role.certs, "Folder with ca.crt, tls.crt and tls.key")->required();
  command->add_option("--scratch", role.scratch, "Folder for scratch files; default $TMPDIR, /tmp");
  command->add_option("--layer-cache", role.layer_cache,
                      "Folder for what was read of layers, so that one seen before is not fetched "
                      "again; default none");
  command->add_option("--layer-cache-bytes", role.layer_cache_bytes, "All of it together")
      ->capture_default_str();
  command->add_option("--plain-http", role.plain_http,
                      "Registry HOST:PORT that is spoken to without TLS");
  command->add_option("--allow-address", role.allow_addresses,
                      "CIDR that registries may stand in although it is refused by default");
  command->add_flag("--refuse-private-addresses", role.refuse_private_addresses,
                    "Refuse registries in private address ranges");
  command->add_option("--registry-hosts", role.registry_hosts,
                      "Folder with HOST/hosts.toml of registries' mirrors, as containerd's");
  command->add_option("--registry-ca", role.registry_ca,
                      "PEM file of the authorities that registries are trusted by");
  command->add_option("--concurrent-scans", role.concurrent_scans, "Scans at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--waiting-scans", role.waiting_scans, "Scans that may wait; more get 429")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--scan-timeout", flags->timeout, "Longest time of one scan")
      ->capture_default_str();
  command->add_option("--scan-memory", role.child.memory_bytes, "Address space of one scan, bytes")
      ->capture_default_str();
  AddClamdFlags(*command, "where a policy asks for malware", flags->clamd);
  AddLimits(*command, role.limits);
  command->add_option("--log-level", flags->log_level, "debug, info, warn or error")
      ->capture_default_str();
  command->add_option("--log-format", flags->log_format, "json or text")
      ->check(CLI::IsMember({"json", "text"}))
      ->capture_default_str();
  command->callback([flags, &exit_code] { exit_code = RunScanner(*flags); });
}

}  // namespace landwaiter::cli
