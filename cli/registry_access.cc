#include "cli/registry_access.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "scanner/image/docker_config.h"

namespace landwaiter::cli {
namespace {

/// Those for the reference, and for each mirror of its registry its own.
Result<std::vector<RegistryCredential>> Credentials(const image::DockerConfig& config,
                                                    const ImageReference& reference,
                                                    image::Mirrors* mirrors,
                                                    const Cancellation& cancel) {
  auto all = image::CredentialsFor(config, reference, cancel);
  if (!all || mirrors == nullptr) return all;
  auto hosts = mirrors->For(reference.registry);
  if (!hosts) return std::move(hosts).error();
  if (!*hosts) return all;
  for (const image::ImageHost& host : **hosts) {
    if (host.key.empty()) continue;
    auto own = image::CredentialsFor(config, image::AtHost(reference, host), cancel);
    if (!own) return std::move(own).error();
    for (RegistryCredential& one : *own) {
      one.host = host.key;
      all->push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace

void AddRegistryFlags(CLI::App& command, RegistryFlags& flags) {
  command.add_option("--cacert", flags.ca_file,
                     "PEM file of the authorities that registries' certificates are checked "
                     "against");
  command.add_flag("--insecure", flags.insecure, "do not check registries' certificates");
  command
      .add_option("--plain-http", flags.plain_http,
                  "host[:port] of a registry without TLS (localhost needs no flag)")
      ->allow_extra_args(false);  // what follows it is the reference
}

void AddMirrorFlag(CLI::App& command, RegistryFlags& flags) {
  command.add_option("--registry-hosts", flags.hosts,
                     "folder with HOST/hosts.toml of registries' mirrors, as containerd's");
}

Status CheckRegistryFlags(const RegistryFlags& flags) {
  for (const auto& [option, path] :
       {std::pair("--cacert ", &flags.ca_file), std::pair("--registry-hosts ", &flags.hosts)}) {
    if (path->empty() || ::access(path->c_str(), R_OK) == 0) continue;
    return InvalidArgument(option + *path +
                           " cannot be read: " + std::system_category().message(errno));
  }
  return Ok();
}

Result<RegistryAccess> AccessRegistry(const ImageReference& reference, const RegistryFlags& flags,
                                      const Cancellation& cancel) {
  auto config = image::LoadDockerConfig();
  if (!config) return std::move(config).error();
  http::ClientOptions client_options;
  client_options.ca_file = flags.ca_file;
  client_options.insecure = flags.insecure;
  client_options.use_environment_proxies = true;
  client_options.address_policy.emplace();
  client_options.user_agent = "landwaiter/" LANDWAITER_VERSION;
  auto client = http::Client::Create(client_options);
  if (!client) return std::move(client).error();
  RegistryAccess access;
  if (!flags.hosts.empty()) {
    access.mirrors = std::make_unique<image::Mirrors>(flags.hosts, std::move(client_options));
    if (Status checked = access.mirrors->Check(); !checked) {
      return std::move(checked).error().Context("--registry-hosts");
    }
  }
  auto credentials = Credentials(*config, reference, access.mirrors.get(), cancel);
  if (!credentials) return std::move(credentials).error();
  access.client = *std::move(client);
  access.options.plain_http = flags.plain_http;
  access.options.plain_http_loopback = true;
  access.options.trust_reference_host = true;
  access.options.mirrors = access.mirrors.get();
  access.credentials = *std::move(credentials);
  return access;
}

}  // namespace landwaiter::cli
