// Registry credentials of a pod: its own pull secrets, then its service account's, read from the
// pod's namespace and nowhere else. What was read is kept for half a minute, because a Deployment's
// pods come in dozens.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/kube/api.h"
#include "model/scan_request.h"
#include "resources/image_scan.h"
#include "scanner/image/cloud/cloud_credentials.h"
#include "scanner/image/mirrors.h"
#include "scanner/image/registry_keyring.h"

namespace landwaiter::controller {

struct ImageCredentials {
  std::vector<RegistryCredential> credentials;  // in the order to try them
  std::vector<resources::SecretRef> secrets;    // where those came from
};

// The API bounds no list of pull secrets; a pod with more than these is a mistake or an attack.
inline constexpr std::size_t kMaxPullSecrets = 16;

/// Whether the role's own logins at clouds' registries may be used.
enum class CloudLogins { kIfConfigured, kNone };

/// Thread-safe.
class CredentialReader {
 public:
  /// `mirrors`: credentials that are keyed to one of them are read for it. `cloud`: the role's own
  /// logins, tried after the pod's. Null: none.
  explicit CredentialReader(kube::Api& api, image::Mirrors* mirrors = nullptr,
                            image::CloudCredentials* cloud = nullptr)
      : api_(api), mirrors_(mirrors), cloud_(cloud) {}

  /// The secrets a pod may use: those named, then the service account's. A service account that
  /// does not exist has none. Errors: the API server's.
  Result<std::vector<resources::SecretRef>> SecretsOfPod(const std::string& ns,
                                                         const std::string& service_account,
                                                         const std::vector<std::string>& named,
                                                         const Cancellation& cancel);
  /// Those of the secrets that are for this image, or for a mirror of its registry. A secret that
  /// is missing or cannot be read is skipped, as the kubelet does. Errors: Unavailable and the like
  /// of the API server.
  Result<ImageCredentials> For(const ImageReference& image,
                               const std::vector<resources::SecretRef>& secrets,
                               const Cancellation& cancel,
                               CloudLogins clouds = CloudLogins::kIfConfigured);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  using Entries = std::shared_ptr<const std::vector<image::KeyringEntry>>;
  template <class T>
  struct Kept {
    T value;
    SteadyTime until;
  };

  void AddCloudLogins(const ImageReference& image, const image::ImageHosts* hosts,
                      std::vector<RegistryCredential>& credentials, const Cancellation& cancel);
  Result<Entries> Read(const resources::SecretRef& secret, const Cancellation& cancel);

  kube::Api& api_;
  image::Mirrors* const mirrors_;
  image::CloudCredentials* const cloud_;
  std::mutex mutex_;
  std::unordered_map<std::string, Kept<Entries>> keyrings_;
  std::unordered_map<std::string, Kept<std::vector<std::string>>> accounts_;
};

}  // namespace landwaiter::controller
