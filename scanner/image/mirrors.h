// Registry mirrors as containerd's hosts.toml writes them (containerd docs/hosts.md): a folder with
// HOST[:PORT]/hosts.toml (also HOST_PORT_/hosts.toml) for a registry, _default/hosts.toml for those
// without one. For each the hosts are asked in their order, `server` last (without one: the
// registry itself), with `ns=REGISTRY` at every host that is not the registry.
//
// Files are read anew when an image is opened, so that a changed ConfigMap counts at once.
//
// Not as containerd: a file that cannot be read is an error, not a pull without it; http:// is
// spoken as written, without a try by TLS first; certificates beside a missing hosts.toml (Docker's
// pattern) are not looked for; push goes to the registry itself.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/guarded.h"
#include "lib/base/result.h"
#include "lib/http/client.h"
#include "model/image_reference.h"
#include "model/scan_request.h"
#include "scanner/image/registry_keyring.h"

namespace landwaiter::image {

struct HostConfig;  // hosts_toml.h

struct ImageHost {
  /// "https://mirror.example/v2", no slash at its end; "": the registry itself, as without a file.
  std::string root;
  /// host[:port] as a reference would write it: what credentials for it are keyed to. "" for the
  /// registry itself, whose credentials are the image's own.
  std::string key;
  /// Before the repository where credentials are matched: "proxy" of https://harbor/v2/proxy.
  std::string prefix;
  bool pull = true;
  bool resolve = true;
  std::vector<http::Header> headers = {};
  std::chrono::milliseconds connect_timeout{0};  // zero: the registry's own
  std::shared_ptr<http::Client> client;          // null: the registry's own
};

using ImageHosts = std::vector<ImageHost>;  // in the order in which they are asked; never empty

/// Thread-safe.
class Mirrors {
 public:
  /// `client` is what every host is spoken to with, but for what its file says otherwise (ca,
  /// beside those that are trusted anyway; client; skip_verify): address policy and proxies stay.
  Mirrors(std::string folder, http::ClientOptions client)
      : folder_(std::move(folder)), client_(std::move(client)) {}

  /// Reads every file, so that a role does not start with one it cannot use. Errors:
  /// InvalidArgument naming the file, NotFound or PermissionDenied.
  Status Check();
  /// What is asked for images of `registry` ("docker.io", "registry.example:5000"); null where no
  /// file is for it. Errors: as Check's, reason RegistryUnavailable.
  Result<std::shared_ptr<const ImageHosts>> For(const std::string& registry);

 private:
  struct Read {
    std::string text;  // of all files, to see a change by
    std::shared_ptr<const ImageHosts> hosts;
  };
  Result<std::shared_ptr<const ImageHosts>> Load(const std::string& folder,
                                                 const std::string& registry);
  Result<std::shared_ptr<http::Client>> ClientFor(const HostConfig& config,
                                                  const std::string& folder);

  const std::string folder_;
  const http::ClientOptions client_;
  Guarded<std::map<std::string, Read>> read_;  // folder and registry
};

/// The image as the mirror's own credentials would name it.
ImageReference AtHost(const ImageReference& image, const ImageHost& host);

/// As CredentialsFor, and for each mirror those that are keyed to it, marked as such. `hosts` may
/// be null.
std::vector<RegistryCredential> CredentialsFor(const std::vector<KeyringEntry>& entries,
                                               const ImageReference& image,
                                               const ImageHosts* hosts);

}  // namespace landwaiter::image
