// Which credentials are for which image: the pure half. Reads the JSON of Docker's config.json
// ("auths") and of Kubernetes' pull secrets (kubernetes.io/dockerconfigjson, and the older
// kubernetes.io/dockercfg, which is the inner object alone), and matches as the kubelet's keyring
// does (kubernetes pkg/credentialprovider): keys are host[:port][/path], with or without a scheme
// and a leading /v1/ or /v2/; '*' and '?' stand within one dot-separated part of the host; the port
// must be equal; the path is a prefix. Docker Hub's names are one registry: docker.io.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "model/image_reference.h"
#include "model/scan_request.h"

namespace landwaiter::image {

struct KeyringEntry {
  std::string host;  // lower case, host[:port], may hold '*' and '?'; "docker.io" for Docker Hub
  std::string path;  // without slashes at its ends; "" for the whole registry
  RegistryCredential credential;
};

// A Secret of Kubernetes holds at most 1 MiB; a config.json of a person is a few KiB.
inline constexpr std::size_t kMaxKeyringBytes = 1u << 20;
inline constexpr std::size_t kMaxKeyringEntries = 1024;

/// Data of a kubernetes.io/dockerconfigjson Secret (".dockerconfigjson"), or a config.json.
/// Entries without any credential are left out (credential stores write them).
/// Errors: InvalidArgument, naming the key of the entry, never its value; ResourceExhausted.
Result<std::vector<KeyringEntry>> ParseDockerConfigJson(std::string_view json);
/// Data of a kubernetes.io/dockercfg Secret (".dockercfg"). Errors as above.
Result<std::vector<KeyringEntry>> ParseDockerCfg(std::string_view json);
/// One key of "auths" without its credential: host and path. Errors: InvalidArgument.
Result<KeyringEntry> ParseKeyringKey(std::string_view key);

bool Matches(const KeyringEntry& entry, const ImageReference& image);

/// Credentials that are for this image, the longest path first, then hosts without '*', then the
/// order given (a pod's secrets before its service account's); none twice.
std::vector<RegistryCredential> CredentialsFor(const std::vector<KeyringEntry>& entries,
                                               const ImageReference& image);

}  // namespace landwaiter::image
