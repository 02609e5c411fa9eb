// What a command needs to speak with a registry as the person who runs it: the flags, the client,
// the credentials of ~/.docker/config.json.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "model/image_reference.h"
#include "scanner/image/mirrors.h"
#include "scanner/image/registry.h"

namespace CLI {
class App;
}

namespace landwaiter::cli {

struct RegistryFlags {
  std::string ca_file;
  bool insecure = false;
  std::vector<std::string> plain_http;
  std::string hosts;  // folder of hosts.toml files; "": no mirrors
};

/// --cacert, --insecure and --plain-http; `flags` must outlive the command's run.
void AddRegistryFlags(CLI::App& command, RegistryFlags& flags);
/// --registry-hosts, for commands that read images.
void AddMirrorFlag(CLI::App& command, RegistryFlags& flags);
/// Errors: InvalidArgument for a file of authorities that cannot be read.
Status CheckRegistryFlags(const RegistryFlags& flags);

struct RegistryAccess {
  std::unique_ptr<http::Client> client;
  std::unique_ptr<image::Mirrors> mirrors;  // null: none
  image::RegistryOptions options;
  std::vector<RegistryCredential> credentials;
};

/// The host that the reference names is trusted, what it redirects to is not; loopback may speak
/// plain HTTP. Errors: as LoadDockerConfig, CredentialsFor and Client::Create.
Result<RegistryAccess> AccessRegistry(const ImageReference& reference, const RegistryFlags& flags,
                                      const Cancellation& cancel);

}  // namespace landwaiter::cli
