// A person's registry credentials, as docker and podman keep them: $DOCKER_CONFIG/config.json or
// ~/.docker/config.json with "auths", "credHelpers" and "credsStore" (docker/docker-credential-
// helpers: `docker-credential-NAME get`, the server's name on standard input, JSON on standard
// output). For the command line only: roles in a cluster run no helpers.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"
#include "model/image_reference.h"
#include "model/scan_request.h"
#include "scanner/image/registry_keyring.h"

namespace landwaiter::image {

struct DockerConfig {
  std::vector<KeyringEntry> auths;
  std::map<std::string, std::string> helpers;  // host -> NAME of docker-credential-NAME
  std::string store;                           // NAME for every other host; "" for none
};

// A helper may unlock a keyring or ask a cloud: seconds. Its answer is one small JSON object.
inline constexpr std::chrono::seconds kHelperTimeout{30};
inline constexpr std::size_t kMaxHelperOutput = 1u << 20;

/// `folder` empty: $DOCKER_CONFIG, else ~/.docker. No file is an empty configuration.
/// Errors: InvalidArgument or PermissionDenied naming the file.
Result<DockerConfig> LoadDockerConfig(const std::string& folder = "");
/// `origin` is named in errors. Errors: InvalidArgument, ResourceExhausted.
Result<DockerConfig> ParseDockerConfig(std::string_view json, const std::string& origin);

/// For this image, in the order to try them: the helper of its host, else the store, then "auths".
/// A helper that knows no credentials is no error. Errors: Unavailable or DeadlineExceeded naming
/// the helper (not installed, failed, too slow), InvalidArgument where its answer is not JSON.
Result<std::vector<RegistryCredential>> CredentialsFor(const DockerConfig& config,
                                                       const ImageReference& image,
                                                       const Cancellation& cancel);

}  // namespace landwaiter::image
