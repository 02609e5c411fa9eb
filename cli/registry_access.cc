#include "cli/registry_access.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <system_error>

#include "scanner/image/docker_config.h"

namespace landwaiter::cli {

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

Status CheckRegistryFlags(const RegistryFlags& flags) {
  if (flags.ca_file.empty() || ::access(flags.ca_file.c_str(), R_OK) == 0) return Ok();
  return InvalidArgument("--cacert " + flags.ca_file +
                         " cannot be read: " + std::system_category().message(errno));
}

Result<RegistryAccess> AccessRegistry(const ImageReference& reference, const RegistryFlags& flags,
                                      const Cancellation& cancel) {
  auto config = image::LoadDockerConfig();
  if (!config) return std::move(config).error();
  auto credentials = image::CredentialsFor(*config, reference, cancel);
  if (!credentials) return std::move(credentials).error();
  http::ClientOptions client_options;
  client_options.ca_file = flags.ca_file;
  client_options.insecure = flags.insecure;
  client_options.use_environment_proxies = true;
  client_options.address_policy.emplace();
  client_options.user_agent = "landwaiter/" LANDWAITER_VERSION;
  auto client = http::Client::Create(std::move(client_options));
  if (!client) return std::move(client).error();
  RegistryAccess access;
  access.client = *std::move(client);
  access.options.plain_http = flags.plain_http;
  access.options.plain_http_loopback = true;
  access.options.trust_reference_host = true;
  access.credentials = *std::move(credentials);
  return access;
}

}  // namespace landwaiter::cli
